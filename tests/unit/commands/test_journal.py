"""`hatang journal` as a user meets it: commands write entries by themselves, wrong input is refused."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from hatang.commands.root import run
from hatang.registry import Registry
from tests.unit.registry.test_registry import REQUEST

SYSTEM = REQUEST.system.name
SITE_FILE = Path(__file__).resolve().parents[3] / "inventories/example/site.yaml"


@pytest.fixture
def state(tmp_path: Path) -> str:
    """A state folder with one request that nothing was written about."""
    Registry.open(f"sqlite:///{tmp_path}/registry.db").submit(REQUEST, "")
    return str(tmp_path)


def said(capsys: pytest.CaptureFixture[str], state: str, *words: str, code: int = 0) -> str:
    """Run a command; what it printed on stdout."""
    capsys.readouterr()
    assert run(["--state", state, "--lang", "en", *words]) == code, capsys.readouterr()
    return capsys.readouterr().out


def test_any_command_that_meets_the_registry_writes_what_is_not_written(
    state: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = json.loads(said(capsys, state, "journal", "verify", "--output", "json", code=1))
    assert {f["fault"] for f in before["findings"]} == {"not-written"}
    said(capsys, state, "system", "list")
    after = json.loads(said(capsys, state, "journal", "verify", "--output", "json"))
    assert after["holds"]
    acts = [e["act"] for e in json.loads(said(capsys, state, "journal", "list", "--output", "json"))["entries"]]
    assert acts[0] == "key"
    assert "request.submit" in acts


def test_what_was_altered_in_the_registry_is_named(state: str, capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, state, "system", "list")
    with create_engine(f"sqlite:///{state}/registry.db").begin() as connection:
        connection.execute(text("UPDATE system_state SET state = 'active'"))
    shown = said(capsys, state, "journal", "verify", code=1)
    assert "the registry's record was altered" in shown
    assert "system-state/1" in shown


def test_exported_and_verified_elsewhere_with_an_anchor(
    state: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said(capsys, state, "system", "list")
    anchor, file, elsewhere = tmp_path / "a.json", tmp_path / "j.jsonl", str(tmp_path / "elsewhere")
    said(capsys, state, "journal", "anchor", "--file", str(anchor))
    said(capsys, state, "journal", "rotate")
    said(capsys, state, "journal", "export", "--file", str(file))
    words = ("journal", "verify", "--file", str(file), "--anchor", str(anchor))
    first = json.loads(said(capsys, state, "journal", "verify", "--output", "json"))["keys"][0]
    assert "entries hold" in said(capsys, elsewhere, *words, "--root", first)
    bare = said(capsys, elsewhere, *words[:4], "--root", first)
    assert "Without an anchor nobody can tell" in bare, "the end may be missing"
    assert "foreign" in said(capsys, elsewhere, *words[:4], "--root", "0" * 32, code=1)
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(lines[:1] + lines[2:]))
    cut = json.loads(said(capsys, elsewhere, *words, "--output", "json", code=1))
    assert [(f["number"], f["fault"], f["detail"]) for f in cut["findings"]] == [(3, "missing", "2")]
    file.write_text(lines[0])
    assert "differs from the anchor" in said(capsys, elsewhere, *words, code=1)
    assert not Path(elsewhere).exists()


def test_an_anchor_is_made_of_what_is_written(state: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Another command may be at work; what holds is anchored, what does not hold is refused."""
    said(capsys, state, "system", "list")
    registry = Registry.open(f"sqlite:///{state}/registry.db")
    registry.record_check_run(SYSTEM, {"counts": {}})
    file = f"{state}/anchor.json"
    said(capsys, state, "journal", "anchor", "--file", file)
    with registry._engine.begin() as connection:
        connection.execute(text("UPDATE system_state SET state = 'active'"))
    said(capsys, state, "journal", "anchor", "--file", file, code=3)


def test_artefacts_are_found_byte_by_byte(state: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(capsys, state, code=0)
    file = tmp_path / "bien-ban.txt"
    told = said(capsys, state, "journal", "verify", "--artefact", str(file))
    number = entries(capsys, state, "review.record")[0]["number"]
    assert f"{file}: entry {number}\n" in told
    file.write_text(file.read_text() + " ")
    shown = json.loads(said(capsys, state, "journal", "verify", "--artefact", str(file), "--output", "json", code=1))
    assert shown["findings"] == [{"number": 0, "fault": "unknown-file", "detail": str(file)}]
    assert shown["artefacts"] == {str(file): []}


@pytest.mark.parametrize(
    "words",
    [
        ("journal", "verify", "--file", "no-such-file"),
        ("journal", "verify", "--anchor", "no-such-file"),
        ("journal", "verify", "--file", __file__),
        ("journal", "verify", "--anchor", __file__),
        ("journal", "anchor", "--file", "no-folder/anchor.json"),
        ("journal", "export", "--file", "no-folder/journal.jsonl"),
        ("journal", "verify", "--artefact", "no-such-file"),
        ("journal", "export"),
        ("journal", "list", "--act"),
        ("journal", "show"),
        ("journal", "verify", "--output", "xml"),
    ],
)
def test_wrong_input_changes_nothing(state: str, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]) -> None:
    said(capsys, state, "system", "list")
    before = said(capsys, state, "journal", "list", "--output", "json")
    said(capsys, state, *words, code=2)
    assert said(capsys, state, "journal", "list", "--output", "json") == before


def test_empty_journal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "empty" in said(capsys, str(tmp_path), "journal", "verify")
    said(capsys, str(tmp_path), "journal", "anchor", "--file", str(tmp_path / "a.json"), code=2)


def record(capsys: pytest.CaptureFixture[str], state: str, *, code: int, by: str = "Nguyễn Văn A") -> str:
    """Do something that must get an entry; what was said on stderr."""
    document = Path(state, "bien-ban.txt")
    document.write_text(by)
    words = ["--state", state, "--site", str(SITE_FILE), "--lang", "en", "review", "record", "ACC-03"]
    words += ["--system", SYSTEM, "--document", str(document), "--by", by, "--day", str(date.today())]
    capsys.readouterr()
    assert run(words) == code, capsys.readouterr()
    return capsys.readouterr().err


def entries(capsys: pytest.CaptureFixture[str], state: str, act: str) -> list[dict[str, object]]:
    """Entries of this act."""
    shown = said(capsys, state, "journal", "list", "--act", act, "--output", "json")
    found: list[dict[str, object]] = json.loads(shown)["entries"]
    return found


def test_who_did_something_that_has_no_entry_is_told(state: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The key is gone: what was done stays, the exit code says that not all was done, and the entry comes later."""
    record(capsys, state, code=0)
    file = next(Path(state, "journal").iterdir())
    kept = file.read_bytes()
    file.unlink()
    told = record(capsys, state, code=4, by="Trần Thị B")
    assert "what was done is on record, but has no entry in the journal" in told
    assert f"where: {file}" in told
    assert "bring the file back" in told
    assert "Traceback" not in told
    file.write_bytes(kept)
    assert len(entries(capsys, state, "review.record")) == 1
    said(capsys, state, "system", "list")
    assert [e["actor"] for e in entries(capsys, state, "review.record")] == ["Nguyễn Văn A", "Trần Thị B"]
    said(capsys, state, "journal", "verify")


def test_who_only_looks_is_warned_and_gets_what_was_asked_for(state: str, capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, state, "system", "list")
    next(Path(state, "journal").iterdir()).unlink()
    Registry.open(f"sqlite:///{state}/registry.db").record_check_run(SYSTEM, {"counts": {}})
    capsys.readouterr()
    assert run(["--state", state, "--lang", "en", "system", "list"]) == 0
    shown = capsys.readouterr()
    assert SYSTEM in shown.out
    assert "warning: the journal cannot be written" in shown.err
    said(capsys, state, "system", "status", "no-such-system", code=2)


def test_no_place_for_the_first_key(state: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(state, "journal").write_text("a file, where the folder belongs")
    assert "no key of the journal can be kept" in record(capsys, state, code=4)
    Path(state, "journal").unlink()
    said(capsys, state, "system", "list")
    assert len(entries(capsys, state, "review.record")) == 1


def test_passphrase_that_is_gone(
    state: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HATANG_PASSPHRASE_FILE", str(tmp_path / "no-such-file"))
    assert "the passphrase of the journal's key cannot be read" in record(capsys, state, code=4)
    said(capsys, state, "journal", "rotate", code=4)
    monkeypatch.delenv("HATANG_PASSPHRASE_FILE")
    said(capsys, state, "journal", "rotate")
    said(capsys, state, "journal", "verify")


def test_json_errors_tell_it_too(state: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(state, "journal").write_text("")
    registry = Registry.open(f"sqlite:///{state}/registry.db")
    (request,) = registry.requests()
    capsys.readouterr()
    words = ["--state", state, "--site", str(SITE_FILE), "request", "return", request.id, "--by", "nguoi-tra"]
    assert run([*words, "--note", "thiếu sơ đồ", "--output", "json"]) == 4
    (error,) = json.loads(capsys.readouterr().err)["errors"]
    assert error["exit_code"] == 4
    assert "has no entry in the journal" in error["what"]
    assert registry.request(request.id).state == "returned"


def test_commands_that_meet_no_registry_make_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, str(tmp_path), "control", "list")
    assert not list(tmp_path.iterdir())
