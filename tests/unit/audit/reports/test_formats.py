"""What holds for every format: it is stored, tells the whole truth, and makes hostile text harmless."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hatang.audit.printable import UNSEEN, printable
from hatang.audit.reports import formats, render
from hatang.audit.results import CheckRun
from hatang.audit.words import marks, meanings, not_compared, states, tallied
from hatang.catalogue.loader import load
from hatang.model.terms import ResultState
from tests.unit.audit.reports.sample import HOSTILE, LONG

NAMES = ["table", "json", "junit", "sarif", "markdown", "html"]


def test_a_format_is_a_file() -> None:
    folder = Path(render.__code__.co_filename).parent
    assert list(formats()) == NAMES
    assert {p.stem for p in folder.glob("*.py")} - {"__init__"} == set(NAMES)
    files = [f.file for f in formats().values() if f.file]
    assert len(files) == len(set(files)) == 5


def test_a_stored_report_holds_every_format(run: CheckRun, tmp_path: Path) -> None:
    folder = run.write(tmp_path)
    assert {p.name for p in folder.iterdir()} == {f.file for f in formats().values() if f.file}
    assert all(p.read_text(encoding="utf-8").strip() for p in folder.iterdir())


@pytest.mark.parametrize("name", NAMES)
def test_every_format_can_be_encoded_and_hides_nothing(run: CheckRun, name: str, lang: str) -> None:
    text = render(name, run, whole=True)
    text.encode("utf-8")
    assert not UNSEEN.search(text)
    assert "\r" not in text
    joined = "".join(text.split())  # the table breaks lines
    assert "\\x1b[31mred".replace("\\", "") in joined.replace("\\", "").replace("&bsol;", "")
    assert all(r.control in text and r.scope in text for r in run.results)


@pytest.mark.parametrize("name", ["table", "markdown", "html"])
def test_for_people_the_mark_stands_beside_the_state(run: CheckRun, name: str, lang: str) -> None:
    text = " ".join(render(name, run).split())
    assert " ".join(not_compared().split())[:60] in text
    assert tallied()["met"] in text
    if name != "table":  # which breaks lines within cells
        for mark in ("A", "B1", "own"):
            assert (states()["met"] + marks()[mark]).replace("'", "&#39;" if name == "html" else "'") in text
        assert all(meaning.split(":")[0] in text for meaning in meanings().values())


@pytest.mark.parametrize("name", ["markdown", "html", "sarif"])
def test_a_waiver_stands_beside_the_true_state(run: CheckRun, name: str) -> None:
    text = " ".join(render(name, run).split())
    assert "NOT MET — waived until 2027-01-31" in text
    assert "NOT MET — waiver expired" in text
    assert "waiver expired (w-0): its last day was 2026-10-31" in text


def test_a_report_is_read_back_as_it_was(run: CheckRun, tmp_path: Path) -> None:
    folder = run.write(tmp_path)
    again = CheckRun.read(folder)
    assert (again.started, again.finished, again.stored) == (run.started, run.finished, str(folder))
    assert [(r.control, r.scope, r.state, r.mark, r.checks) for r in again.results] == [
        (r.control, r.scope, r.state, r.mark, r.checks) for r in run.results
    ]
    assert again.counts() == run.counts()


def test_json_of_several_runs_has_no_length_of_time(run: CheckRun) -> None:
    assert json.loads(render("json", run))["seconds"] == 12.5
    several = CheckRun(run.started, run.finished, run.results, ("a", "b"))
    found = json.loads(render("json", several))
    assert (found["seconds"], found["report"], found["verified_against_original"]) == (None, ["a", "b"], False)


def test_printable_keeps_what_can_be_seen() -> None:
    assert printable("Máy chủ\tđạt\n✓") == "Máy chủ\tđạt\n✓"
    assert printable("a\x00\x1b\r\x9b\u202e\ud800\U000e0041") == "a\\x00\\x1b\\x0d\\x9b\\u202e\\ud800\\U000e0041"
    assert UNSEEN.search(HOSTILE)


def test_long_text_is_whole(run: CheckRun) -> None:
    for name in ("json", "junit", "sarif", "markdown", "html"):
        assert LONG in render(name, run)


def test_every_state_is_in_the_sample(run: CheckRun) -> None:
    assert {r.state for r in run.results} == set(ResultState)
    assert {r.control for r in run.results} <= set(load().controls)
