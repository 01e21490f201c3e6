"""`hatang check --last` shows the last results in every format, on the screen or in a file."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from hatang.audit.reports import formats
from hatang.audit.results import CheckRun
from hatang.commands import check
from hatang.commands.root import root
from hatang.errors import InputError, InputErrors
from tests.unit.audit.reports.sample import RESULTS

NOW = datetime(2026, 11, 25, 8, 30, tzinfo=UTC)
ONE_STOP = tuple(r for r in RESULTS if r.system == "one-stop")


class Spec:
    """As much of a system as `--last` reads."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.spec = self


class Records:
    """The registry's memory of check runs."""

    def __init__(self, folders: dict[str, str]) -> None:
        self.folders = folders

    def last_check_run(self, system: str) -> dict[str, Any] | None:
        """What was recorded last."""
        return {"report": self.folders[system]} if system in self.folders else None


@pytest.fixture
def run_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs `hatang check --last …` over a stored run of two systems."""
    folder = str(CheckRun(NOW, NOW, RESULTS).write(tmp_path / "checks"))
    registry = Records({"one-stop": folder, "portal": folder})
    monkeypatch.setattr("hatang.registry.Registry.open", lambda *_: registry)
    monkeypatch.setattr(
        check, "_chosen", lambda _registry, systems, _hosts: ([Spec(s) for s in systems or registry.folders], [])
    )
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
    found = json.loads(run_it("--output", "json", "--system", "one-stop").stdout)
    assert {r["system"] for r in found["results"]} == {"one-stop"}
    assert sum(found["counts"].values()) == len(found["results"]) == len(ONE_STOP)
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
    assert "hatang check --system one-stop" in str(done.exception)
