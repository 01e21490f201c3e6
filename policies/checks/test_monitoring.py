"""What the host tells about itself: its state, and a place of logs that fills up."""

from __future__ import annotations

import re

import pytest

from hatang.policies.checks.expected import Ask
from hatang.policies.checks.trials import WORD, heard
from hatang.policies.checks.units import units

TASKS = "cat /etc/cron.d/hatang-health 2>/dev/null || true"
# Each tells for trial, with a word of its own.
STATE = f"{WORD}/usr/local/sbin/hatang-health report $w; true"
SPACE = f"{WORD}/usr/local/sbin/hatang-health space 0 $w; true"
MOST_MINUTES = 15  # between two reports: our choice, the law says "watched"
MOST_PERCENT = 95
FIELDS = ("cpus", "load", "memory", "disk", "failed")


def every_minutes(tasks: str, command: str) -> float:
    """Minutes between two runs of a command in a table of cron; 0: never, or not that simply said."""
    found = re.search(rf"^(?:\*/(\d+)|(\*)) \* \* \* \* root {command}", tasks, re.M)
    return 0 if found is None else int(found[1] or 1)


def told(line: str) -> dict[str, str]:
    """Fields of a report."""
    return dict(re.findall(r"(\w+)=(\S+)", line))


@pytest.mark.control("NET-15")
def test_state_is_told(value: str, ask: Ask) -> None:
    """Load, memory, disks and failed services go into the log, regularly; a report for trial arrives there."""
    assert units(ask)["cron.service"].is_kept_running, "the service of regular tasks does not run, or not after a boot"
    minutes = every_minutes(ask(TASKS), "/usr/local/sbin/hatang-health report")
    assert 0 < minutes <= MOST_MINUTES, f"the state is told every {minutes} minutes" if minutes else "nothing is told"
    report = told(heard(ask, ask(STATE)))
    missing = [f for f in FIELDS if f not in report]
    assert not missing, f"a report for trial did not arrive, or without {', '.join(missing)}"
    assert re.fullmatch(r"\d+%", report["memory"]) and float(report["load"]) >= 0, f"the report says {report}"


@pytest.mark.control("LOG-11")
def test_a_full_log_store_is_told_before(value: bool, ask: Ask) -> None:
    """A warning comes at a limit below 100 percent; with limit 0, for trial, it arrives in the log."""
    assert units(ask)["cron.service"].is_kept_running, "the service of regular tasks does not run, or not after a boot"
    tasks = ask(TASKS)
    assert 0 < every_minutes(tasks, "/usr/local/sbin/hatang-health space") <= MOST_MINUTES, "nobody looks for room"
    limit = re.search(r"hatang-health space (\d+)", tasks)
    assert limit and int(limit[1]) <= MOST_PERCENT, f"the warning comes at {limit[1] if limit else 'no'} percent"
    said = heard(ask, ask(SPACE))
    assert re.search(r"hatang-space.*/var/log is \d+% full", said), "a warning for trial did not arrive"
