"""`hatang review` from record to withdrawal."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from hatang.commands.root import root
from hatang.errors import HatangError, InputError, RefusedError
from hatang.model.waiver import civil_day
from hatang.registry import Registry
from hatang.registry.tables import now
from tests.unit.audit.long_in_use import prepare

TODAY = f"{civil_day(now())}"
Run = Callable[..., Any]


@pytest.fixture
def document(tmp_path: Path) -> Path:
    """A document."""
    file = tmp_path / "bien-ban.pdf"
    file.write_bytes(b"example")
    return file


@pytest.fixture
def words(document: Path) -> list[str]:
    """What every record has."""
    return ["--day", TODAY, "--by", "Nguyễn Văn A", "--document", str(document)]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs a command on a registry with one system, long in use; JSON when it ends well. What went wrong is raised."""
    prepare(Registry.open(f"sqlite:///{tmp_path}/registry.db"), "old", level=3, documents=False)

    def runs(*arguments: str, form: str = "json") -> Any:
        argv = ["--state", str(tmp_path), *arguments, "--output", form]
        done = CliRunner().invoke(root, argv, standalone_mode=False)
        if isinstance(done.exception, HatangError):
            raise done.exception
        assert done.exception is None, done.output
        return json.loads(done.stdout) | {"exit_code": done.return_value or 0} if form == "json" else done.stdout

    return runs


def test_recorded_shown_withdrawn(run: Run, document: Path, words: list[str]) -> None:
    made = run("review", "record", "ACC-03", "--system", "old", *words, "--note", "BB 12")["review"]
    assert made["sha256"] == hashlib.sha256(b"example").hexdigest()
    assert (made["state"], made["document"], made["day"]) == ("recorded", "bien-ban.pdf", TODAY)
    shown = run("review", "show", made["id"], "--document", str(document))
    assert (shown["review"]["same_document"], shown["exit_code"]) == (True, 0)
    document.write_bytes(b"changed")
    shown = run("review", "show", made["id"], "--document", str(document))
    assert (shown["review"]["same_document"], shown["exit_code"]) == (False, 1)
    gone = run("review", "withdraw", made["id"], "--by", "Trần Thị B", "--reason", "the wrong file")["review"]
    assert (gone["state"], gone["withdrawn_by"]) == ("withdrawn", "Trần Thị B")
    assert [r["id"] for r in run("review", "records")["reviews"]] == [made["id"]]
    assert run("review", "records", "--control", "AST-02")["reviews"] == []


def test_one_document_for_several_controls_counts_for_all_or_none(run: Run, words: list[str]) -> None:
    made = run("review", "record", "ACC-03", "BKP-08", "ACC-03", "--system", "old", *words)["reviews"]
    assert [(r["control"], r["state"]) for r in made] == [("ACC-03", "recorded"), ("BKP-08", "recorded")]
    run("review", "withdraw", made[1]["id"], "--by", "Trần Thị B", "--reason", "the wrong file")
    with pytest.raises(RefusedError, match="the same record of BKP-08 is there and was withdrawn"):
        run("review", "record", "VUL-01", "BKP-08", "--system", "old", *words)
    with pytest.raises(InputError, match="AUT-03 is judged without any record"):
        run("review", "record", "VUL-01", "AUT-03", "--system", "old", *words)
    assert {r["control"] for r in run("review", "records")["reviews"]} == {"ACC-03", "BKP-08"}


def test_list_says_what_is_due(run: Run, words: list[str]) -> None:
    everything = {d["control"]: d for d in run("review", "list")["reviews"]}
    assert everything["ACC-03"]["state"] == "missing"
    assert everything["ACC-03"]["interval"] == {"months": 3, "days": 0}
    run("review", "record", "ACC-03", "--system", "old", *words)
    run("review", "record", "BKP-08", "--site-wide", *words, "--failed")
    left = {d["control"]: d["state"] for d in run("review", "list", "--overdue")["reviews"]}
    assert "ACC-03" not in left
    assert left["BKP-08"] == "failed"
    assert {d["control"] for d in run("review", "list", "--due")["reviews"]} == set(left)
    assert run("review", "list", "--system", "old")["reviews"][0]["system"] == "old"


def test_tables_for_people(run: Run, words: list[str]) -> None:
    assert "for agency H99.05" in run("review", "record", "ACC-03", "--agency", "H99.05", *words, form="text")
    table = run("review", "list", form="text")
    assert "MISSING" in table
    assert "on record" in table
    assert "H99.05" in run("review", "records", form="text")


@pytest.mark.parametrize(
    ("scope", "text"),
    [
        ([], "one scope, not 0"), (["--system", "old", "--site-wide"], "one scope, not 2"),
        (["--system", "old", "--day", "hôm nay"], "is no day"),
    ],
)  # fmt: skip
def test_wrong_words(run: Run, words: list[str], scope: list[str], text: str) -> None:
    with pytest.raises(InputError, match=text):
        run("review", "record", "ACC-03", *words, *scope)
    assert run("review", "records")["reviews"] == []
    with pytest.raises(InputError, match="no control is called ZZZ-01"):
        run("review", "records", "--control", "ZZZ-01")
