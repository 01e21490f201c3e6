"""Wrong files through the whole command: the message word for word, exit code 2, the registry untouched.

The command runs in this process, as its entry point calls it; a process for each would take a second each.

`make goldens` renews the messages; look at the difference.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from hatang.__main__ import main

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
WRONG = HERE / "wrong"
SITE = ROOT / "inventories" / "example" / "site.yaml"
RIGHT = ROOT / "inventories" / "example" / "requests"
# Files that no repository should hold are made here: name → content; None: a folder; missing.yaml is not made.
MADE: dict[str, bytes | None] = {
    "binary.yaml": b"kind: \xff\xfe\x00\n",
    "control-character.yaml": b"kind: \x07\n",
    "too-large.yaml": b"# " + b"x" * (1024 * 1024),
    "folder.yaml": None,
}
NAMES = sorted([p.name for p in WRONG.glob("*.yaml")] + [*MADE, "missing.yaml"])


def hatang(state: Path, site: Path | str, *arguments: str) -> int:
    """The command; its exit code."""
    return main(["--state", str(state), "--site", str(site), "--lang", "en", *arguments])


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("state")
    assert hatang(folder, SITE, "request", "submit", str(RIGHT / "party-documents.yaml")) == 0
    return folder


def dump(state: Path) -> list[str]:
    with sqlite3.connect(state / "registry.db") as connection:
        return list(connection.iterdump())


@pytest.mark.parametrize("name", NAMES)
def test_message(
    name: str, state: Path, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    file = tmp_path / name
    if name in MADE:
        content = MADE[name]
        file.mkdir() if content is None else file.write_bytes(content)
    elif name != "missing.yaml":
        file.write_bytes((WRONG / name).read_bytes())
    before = dump(state)

    is_site = name.startswith("site-")
    asked = str(RIGHT / "one-stop.yaml") if is_site else name
    monkeypatch.chdir(tmp_path)
    code = hatang(state, name if is_site else SITE, "request", "submit", asked)

    told = capsys.readouterr()
    assert (code, told.out) == (2, ""), told.err
    assert dump(state) == before
    said = told.err.replace(f"{tmp_path}/", "")
    golden = WRONG / f"{Path(name).stem}.txt"
    if request.config.getoption("--update-goldens", default=False):
        golden.write_text(said, encoding="utf-8")
    assert said == golden.read_text(encoding="utf-8"), "renew with: make goldens"


def test_every_message_has_its_file() -> None:
    assert {p.stem for p in WRONG.glob("*.txt")} == {Path(n).stem for n in NAMES}


def test_enough_of_them() -> None:
    assert len(NAMES) >= 20


@pytest.mark.parametrize("file", sorted(RIGHT.glob("*.yaml")), ids=lambda f: f.stem)
def test_examples_are_right(file: Path, tmp_path: Path) -> None:
    assert hatang(tmp_path, SITE, "request", "validate", str(file)) == 0
