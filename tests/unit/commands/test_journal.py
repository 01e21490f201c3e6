"""`hatang journal` as a user meets it: commands write entries by themselves, wrong input is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from hatang.commands.root import run
from hatang.registry import Registry
from tests.unit.registry.test_registry import REQUEST

SYSTEM = REQUEST.system.name


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
    assert "entries hold" in said(capsys, elsewhere, *words)
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:1]))
    assert "differs from the anchor" in said(capsys, elsewhere, *words, code=1)
    assert not Path(elsewhere).exists()


@pytest.mark.parametrize(
    "words",
    [
        ("journal", "verify", "--file", "no-such-file"),
        ("journal", "verify", "--anchor", "no-such-file"),
        ("journal", "verify", "--file", __file__),
        ("journal", "verify", "--anchor", __file__),
        ("journal", "anchor", "--file", "no-folder/anchor.json"),
        ("journal", "export", "--file", "no-folder/journal.jsonl"),
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


def test_without_the_key_a_command_says_so(state: str, capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, state, "system", "list")
    next(Path(state, "journal").iterdir()).unlink()
    Registry.open(f"sqlite:///{state}/registry.db").record_check_run(SYSTEM, {"counts": {}})
    assert SYSTEM in said(capsys, state, "system", "list", code=4)
