"""Reports show what passes between systems: in force, and over but never closed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from hatang.audit.reports import render
from hatang.audit.results import CheckRun

WAY = {"id": "3f2a77c01b9e", "told": "mot-cua/dmz → dan-cu/dmz tcp 8443", "until": "2027-06-30", "lapsed": ""}
OVER = WAY | {"id": "5ffd81c5f2a3", "until": "2026-01-31", "lapsed": "expired on 2026-01-31"}


@pytest.fixture
def joined(run: CheckRun) -> CheckRun:
    return replace(run, interconnects=(WAY, OVER))


@pytest.mark.parametrize("form", ["table", "markdown", "html"])
def test_each_format_for_people_names_them_and_what_to_do(joined: CheckRun, run: CheckRun, form: str) -> None:
    page = render(form, joined)
    for said in (WAY["id"], "2027-06-30", "in force", "hatang interconnect end 5ffd81c5f2a3", "expired on 2026-01-31"):
        assert said in page, said
    assert "hatang interconnect end" not in render(form, run)


def test_a_stored_report_keeps_them(joined: CheckRun, tmp_path: Path) -> None:
    folder = joined.write(tmp_path)
    assert json.loads((folder / "report.json").read_text())["interconnects"] == [WAY, OVER]
    assert CheckRun.read(folder).interconnects == (WAY, OVER)


def test_a_report_of_before_has_none(run: CheckRun, tmp_path: Path) -> None:
    file = run.write(tmp_path) / "report.json"
    report = json.loads(file.read_text())
    del report["interconnects"]
    file.write_text(json.dumps(report))
    assert CheckRun.read(file.parent).interconnects == ()
