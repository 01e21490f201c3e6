"""`hatang check --last` shows the last results in every format, on the screen or in a file."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from hatang.audit.reports import formats
from hatang.audit.results import CheckRun
from hatang.commands.root import root
from hatang.errors import InputError, InputErrors
from hatang.registry import HostRecord, Registry
from tests.unit.audit.reports.sample import RESULTS
from tests.unit.registry.test_registry import REQUEST

NOW = datetime(2026, 11, 25, 8, 30, tzinfo=UTC)
SYSTEM = REQUEST.system.name
MINE = tuple(replace(r, system=SYSTEM) for r in RESULTS if r.system == "one-stop")
OTHER = tuple(r for r in RESULTS if r.system != "one-stop")  # of the same run, and not asked for


@pytest.fixture
def run_it(tmp_path: Path) -> Any:
    """Runs `hatang check --last …` in a state folder with one checked system."""
    registry = Registry.open(f"sqlite:///{tmp_path}/registry.db")
    registry.submit(REQUEST, "")
    names = sorted({r.scope for r in MINE if r.kind == "host"})
    hosts = [
        HostRecord(n, SYSTEM, REQUEST.agency.code, "dmz", f"192.0.2.{i}", "debian", n, 3) for i, n in enumerate(names)
    ]
    registry.record_hosts(SYSTEM, hosts)
    run = CheckRun(NOW, NOW, MINE + OTHER)
    registry.record_check_run(SYSTEM, {"counts": run.counts(), "report": str(run.write(tmp_path / "checks"))})
    words = ["--state", str(tmp_path), "check", "--last"]
    return lambda *more: CliRunner().invoke(root, [*words, *more], standalone_mode=False)


@pytest.mark.parametrize("name", list(formats()))
def test_every_format_on_the_screen_and_in_a_file(run_it: Any, tmp_path: Path, name: str) -> None:
    done = run_it("--output", name)
    assert done.exception is None
    assert done.return_value == 1  # the sample has results that are not met
    file = tmp_path / "out"
    file.write_text("old")
    written = run_it("--output", name, "--report-file", str(file))
    assert written.return_value == 1
    assert file.read_text(encoding="utf-8") == done.stdout
    assert written.stdout.strip() == f"report: {file}"


def test_choices_narrow_the_report(run_it: Any) -> None:
    found = json.loads(run_it("--output", "json", "--system", SYSTEM).stdout)
    assert {r["system"] for r in found["results"]} == {SYSTEM}
    assert sum(found["counts"].values()) == len(found["results"]) == len(MINE)
    found = json.loads(run_it("--output", "json", "--host", "web", "--control", "AUT-13").stdout)
    assert [(r["control"], r["scope"]) for r in found["results"]] == [("AUT-13", "web")]
    assert run_it("--host", "web", "--control", "AUT-13").return_value == 0


def test_a_file_that_cannot_be_written_is_refused_first(run_it: Any, tmp_path: Path) -> None:
    done = run_it("--report-file", str(tmp_path / "none" / "report.html"))
    assert isinstance(done.exception, InputError)
    assert not isinstance(done.exception, InputErrors)
    assert done.stdout == ""


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"started": 1}', '{"started": "2026-11-25", "results": [{}]}'])
def test_a_damaged_report_is_an_error_with_its_remedy(run_it: Any, tmp_path: Path, text: str) -> None:
    (tmp_path / "checks" / "latest" / "report.json").write_text(text)
    done = run_it("--output", "json")
    assert isinstance(done.exception, InputError)
    assert f"hatang check --system {SYSTEM}" in str(done.exception)
