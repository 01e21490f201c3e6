"""The plugin writes one line for each test, tells a failed check from a broken one, and survives a killed run."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from hatang import settings

TESTS = """
import os, signal
import pytest

@pytest.fixture(autouse=True)
def _properties(request):
    marker = request.node.get_closest_marker("control")
    request.node.user_properties += [("control", marker.args[0]), ("scope", "web")]

@pytest.fixture
def away():
    raise RuntimeError("ssh: connect to host web port 22: No route to host")

@pytest.mark.control("AAA-01")
def test_passes(): pass

@pytest.mark.control("AAA-02")
def test_fails(): assert 1 == 2, "one is not two"

@pytest.mark.control("AAA-03")
def test_breaks(): raise KeyError("deny")

@pytest.mark.control("AAA-04")
def test_skips(): pytest.skip("not demanded")

@pytest.mark.control("AAA-05")
def test_cannot_begin(away): pass

@pytest.mark.control("AAA-06")
def test_kills(): os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("plugin")
    (folder / "test_some.py").write_text(TESTS)
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --assert=plain\nmarkers = control(id): x\n")
    subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "hatang.audit.plugin"),
            *(f"--result-lines={folder / 'lines'}", str(folder)),
        ],
        capture_output=True, timeout=60, env=settings.environment(), check=False,
    )  # fmt: skip
    return {x["control"]: x for x in map(json.loads, (folder / "lines").read_text().splitlines())}


@pytest.mark.parametrize(
    ("control", "outcome", "words"),
    [
        ("AAA-01", "passed", ""),
        ("AAA-02", "failed", "one is not two"),
        ("AAA-03", "broken", "KeyError"),
        ("AAA-04", "skipped", "not demanded"),
        ("AAA-05", "broken", "No route to host"),
    ],
)
def test_outcomes(lines: dict[str, dict[str, Any]], control: str, outcome: str, words: str) -> None:
    line = lines[control]
    assert (line["outcome"], line["scope"]) == (outcome, "web")
    assert words in line["detail"]
    assert line["check"].startswith("test_some.py::test_")


def test_killed_run_keeps_what_it_found(lines: dict[str, dict[str, Any]]) -> None:
    assert "AAA-06" not in lines
    assert len(lines) == 5
