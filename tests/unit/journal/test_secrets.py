"""No secret enters the journal, whatever people write and programs print: planted ones are in nothing of it."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from hatang.commands.root import run
from hatang.registry import Registry
from hatang.registry.acts import note
from tests.unit.journal.everything import everything
from tests.unit.registry.test_registry import REQUEST

EXAMPLE = Path(__file__).resolve().parents[3] / "inventories" / "example"


class Planted:
    """Secrets by where they were planted."""

    def __init__(self) -> None:
        self.all: dict[str, str] = {}

    def new(self, where: str) -> str:
        """A secret for this place."""
        return self.all.setdefault(where, f"bi-mat-{where}-{secrets.token_hex(8)}")

    def in_text(self, content: str) -> list[str]:
        """Which of them are in a text: as they are, in Base64 at any offset, or in hexadecimal."""
        return [where for where, secret in self.all.items() if any(form in content for form in _forms(secret))]


def _forms(secret: str) -> Iterator[str]:
    yield secret
    yield secret.encode().hex()
    for shift in range(3):  # what stays the same in Base64 whatever stands before and behind
        whole = base64.b64encode(b"x" * shift + secret.encode()).decode().rstrip("=")
        yield whole[4 if shift else 0 : len(whole) // 4 * 4 - 4]


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Planted:
    """A site whose environment, passphrase and site file hold secrets."""
    made = Planted()
    monkeypatch.setenv("OS_PASSWORD", made.new("environment"))
    passphrase = tmp_path / "passphrase-of-the-site"
    passphrase.write_text(made.new("passphrase") + "\n")
    monkeypatch.setenv("HATANG_PASSPHRASE_FILE", str(passphrase))
    site = (EXAMPLE / "site.yaml").read_text()
    assert "specialised_unit: Đơn vị chuyên trách ví dụ" in site
    site = site.replace("specialised_unit: Đơn vị", f"specialised_unit: {made.new('site-file')} Đơn vị")
    (tmp_path / "site.yaml").write_text(f"# password of the switch: {made.new('site-comment')}\n{site}")
    return made


def test_planted_secrets_are_in_nothing_that_leaves(
    tmp_path: Path, planted: Planted, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "state"
    whole = state / "registry.db"

    def hatang(*words: str, code: int = 0) -> str:
        capsys.readouterr()
        base = ["--state", str(state), "--site", str(tmp_path / "site.yaml"), "--lang", "en"]
        assert run([*base, *words]) == code, capsys.readouterr()
        return capsys.readouterr().out

    request = tmp_path / "request.yaml"
    text_ = (EXAMPLE / "requests" / "council-meetings.yaml").read_text()
    assert "owner: Chủ quản ví dụ HĐND" in text_
    text_ = text_.replace("owner: Chủ quản", f"owner: {planted.new('request-file')} Chủ quản")
    request.write_text(f"# my password: {planted.new('request-comment')}\n{text_}")
    hatang("request", "submit", str(request))

    registry = Registry.open(f"sqlite:///{whole}")
    everything(registry, tmp_path / "artefacts", planted.new("free-text"))
    log = tmp_path / "ansible.log"
    log.write_text(f"TASK output: {planted.new('server-output')}\n")
    note(registry, "host.harden", {"hosts": ["mot-cua-web"]}, {"log": log})
    hatang("host", "ssh", "no-such-host", "--", f"echo {planted.new('command-words')}", code=2)
    document = tmp_path / f"{planted.new('document-name')}.txt"
    document.write_text(planted.new("document"))
    words = ("--system", REQUEST.system.name, "--day", "2026-11-01", "--by", "Nguyễn Văn A")
    hatang("review", "record", "ACC-03", *words, "--document", str(document), "--note", planted.new("note"))
    hatang("journal", "rotate")
    hatang("system", "list")

    export, anchor = tmp_path / "nhat-ky.jsonl", tmp_path / "moc.json"
    seen = [
        hatang("journal", "list"), hatang("journal", "list", "--output", "json"), hatang("journal", "verify"),
        hatang("journal", "verify", "--output", "json"), hatang("journal", "export", "--file", str(export)),
        hatang("journal", "anchor", "--file", str(anchor)), export.read_text(), anchor.read_text(),
    ]  # fmt: skip
    with registry._engine.connect() as connection:
        stored = list(connection.execute(text("SELECT key, envelope FROM journal")))
    seen += [key for key, _ in stored] + [envelope for _, envelope in stored]
    for line in export.read_text().splitlines():
        seen.append(base64.b64decode(line.split('"payload": "')[1].split('"')[0]).decode())
    seen += [file.read_text() for file in (state / "journal").iterdir()]  # keys, in cipher
    assert len(stored) > 25
    assert {where for content in seen for where in planted.in_text(content)} == set()

    # The test would notice: what people write is kept in the registry, beside the journal.
    kept = b"".join(file.read_bytes() for file in state.glob("registry.db*"))
    held = set(planted.in_text(kept.decode(errors="replace")))
    assert held >= {"request-file", "request-comment", "free-text", "note", "document-name"}


@pytest.mark.parametrize("behind", ["", "x", "xy", "xyz"])
@pytest.mark.parametrize("before", ["", "x", "xy", "xyz"])
def test_the_search_finds_what_is_hidden(before: str, behind: str) -> None:
    planted = Planted()
    content = before + planted.new("somewhere") + behind
    for form in (content, content.encode().hex(), base64.b64encode(content.encode()).decode()):
        assert planted.in_text(form) == ["somewhere"], form
    assert planted.in_text("nothing") == []
