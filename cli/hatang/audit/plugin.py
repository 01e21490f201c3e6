"""A pytest plugin: one JSON line for each test, written at once, so that a killed run leaves what it found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

ASSERTION = "AssertionError"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where to write."""
    parser.addoption("--result-lines", type=Path, help="file that gets one JSON line for each test")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Called after set-up, call and tear-down of each test."""
    if _file is None or (report.when != "call" and report.passed):
        return
    properties = dict(report.user_properties)
    line = {
        "control": properties.get("control", ""),
        "scope": properties.get("scope", ""),
        "check": report.nodeid.split("[")[0].rsplit("/", 1)[-1],
        "outcome": _outcome(report),
        "detail": _detail(report),
        "seconds": round(report.duration, 3),
    }
    with _file.open("a", encoding="utf-8") as out:
        out.write(json.dumps(line, ensure_ascii=False) + "\n")


_file: Path | None = None


def pytest_configure(config: pytest.Config) -> None:
    """Remember the file."""
    global _file
    _file = config.getoption("--result-lines")


def _outcome(report: pytest.TestReport) -> str:
    """passed, failed (the host is not as demanded), skipped, or broken (the check could not tell)."""
    if report.outcome != "failed":
        return report.outcome
    return "failed" if report.when == "call" and _message(report).startswith(ASSERTION) else "broken"


def _message(report: pytest.TestReport) -> str:
    crash: Any = getattr(report.longrepr, "reprcrash", None)
    return str(crash.message if crash else report.longrepr or "")


def _detail(report: pytest.TestReport) -> str:
    if report.outcome == "skipped" and isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    message = _message(report).removeprefix(f"{ASSERTION}: ").removeprefix(ASSERTION).strip()
    return " ".join(message.splitlines()[:3])[:500]
