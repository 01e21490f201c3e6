"""Set-up: order of steps, what is skipped, and the one line of a failure."""

from __future__ import annotations

import time
from pathlib import Path

from scripts.setup.runner import Log, Runner, Step, StepFailed


class Marks:
    """Steps that leave a file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.order: list[str] = []
        self.said: list[str] = []

    def step(self, name: str, *after: str, script: str = "") -> Step:
        """A step whose result is a file of its name."""
        mark = self.folder / name

        def run(log: Log) -> None:
            if script:
                log.run("/bin/sh", "-c", script, cwd=self.folder)
            self.order.append(name)
            mark.touch()

        return Step(name, f"makes {name}", mark.exists, run, after)

    def runner(self, *steps: Step) -> Runner:
        """A runner whose lines are kept."""
        return Runner(steps, self.folder / "log", self.said.append)


def test_a_step_waits_for_those_before_it(tmp_path: Path) -> None:
    marks = Marks(tmp_path)
    assert marks.runner(marks.step("c", "b"), marks.step("b", "a"), marks.step("a")).run()
    assert marks.order == ["a", "b", "c"]


def test_what_is_done_is_not_run_again_and_says_nothing(tmp_path: Path) -> None:
    marks = Marks(tmp_path)
    steps = (marks.step("a"), marks.step("b", "a"))
    assert marks.runner(*steps).run()
    marks.said.clear()
    assert marks.runner(*steps).run()
    assert marks.order == ["a", "b"]
    assert marks.said == []


def test_a_failure_is_one_line_with_step_cause_and_log(tmp_path: Path) -> None:
    marks = Marks(tmp_path)
    bad = marks.step("bad", script="echo fine; echo 'error: disk is full' >&2; echo hint; exit 3")
    assert not marks.runner(bad, marks.step("next", "bad")).run()
    log = tmp_path / "log" / "setup-bad.log"
    assert marks.said[-1] == f"set-up failed at step bad: sh ended with 3: error: disk is full; log: {log}"
    assert sum("failed" in line for line in marks.said) == 1
    assert "disk is full" in log.read_text()
    assert marks.order == []


def test_a_failure_ends_what_runs_beside_it(tmp_path: Path) -> None:
    marks = Marks(tmp_path)
    slow = marks.step("slow", script="sleep 60")
    bad = marks.step("bad", script="sleep 0.3; exit 1")
    begun = time.monotonic()
    assert not marks.runner(slow, bad).run()
    assert time.monotonic() - begun < 20
    assert marks.said[-1].startswith("set-up failed at step bad: ")


def test_a_missing_program_is_a_failure_of_its_step(tmp_path: Path) -> None:
    marks = Marks(tmp_path)

    def run(log: Log) -> None:
        log.run("no-such-program-anywhere")

    assert not marks.runner(Step("x", "why", lambda: False, run)).run()
    assert "step x: no-such-program-anywhere: No such file or directory; log: " in marks.said[-1]


def test_a_step_without_its_result_has_failed(tmp_path: Path) -> None:
    marks = Marks(tmp_path)
    assert not marks.runner(Step("x", "why", lambda: False, lambda log: None)).run()
    assert "its result is not there" in marks.said[-1]


def test_a_program_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    log = Log(tmp_path / "x.log")
    try:
        log.run("sleep", "30", timeout_s=0.2)
    except StepFailed as exc:
        assert str(exc) == "sleep did not end within 0 s"
    else:
        raise AssertionError("no failure")
