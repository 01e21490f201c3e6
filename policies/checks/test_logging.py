"""Logs: forwarded, and kept."""

from __future__ import annotations

import re

import pytest

from hatang.policies.checks.expected import Ask, Expected
from hatang.policies.checks.units import units

RULES = "rsyslogd -N1 -o /dev/stdout 2>/dev/null"  # the whole configuration, as rsyslog itself put it together
JOURNAL = "systemd-analyze cat-config systemd/journald.conf"
ROTATION = "logrotate -d /etc/logrotate.conf 2>&1"
DAYS = {"hourly": 1 / 24, "daily": 1, "weekly": 7, "monthly": 30, "yearly": 365}
DAYS_PER_MONTH = 30
UNITS_D = {"year": 365, "month": 30.44, "week": 7, "day": 1, "h": 1 / 24, "m": 1 / 1440, "s": 1 / 86400, "": 1 / 86400}
IMPORTANT = ("/var/log/syslog", "/var/log/auth.log")


def targets(rules: str) -> set[tuple[str, str]]:
    """Servers and ports that everything is sent to."""
    found = set()
    for action in re.findall(r"\*\.\*\s*action\((.*?)\)\s*$", rules, re.S | re.M):
        if re.search(r'type\s*=\s*"omfwd"', action, re.I):
            server, port = (re.search(rf'\b{key}\s*=\s*"([^"]+)"', action, re.I) for key in ("target", "port"))
            found.add((server[1] if server else "", port[1] if port else "514"))
    found |= {
        (s, p or "514") for s, p in re.findall(r"^\s*\*\.\*\s+@@?(?:\([^)]*\))?([\w.\-]+)(?::(\d+))?", rules, re.M)
    }
    return found


@pytest.mark.control("LOG-08")
def test_logs_are_forwarded(value: bool, expected: Expected, ask: Ask) -> None:
    """All messages go to the site's log store, and the service that sends them runs."""
    assert units(ask)["rsyslog.service"].is_kept_running, "the log service does not run, or not after a boot"
    found = targets(ask(RULES))
    assert found, "messages are sent nowhere"
    if server := expected.variables.get("logging_server"):
        wanted = (str(server), str(expected.variables["logging_port"]))
        assert wanted in found, f"sent to {', '.join(':'.join(f) for f in sorted(found))}, not to {':'.join(wanted)}"


@pytest.mark.control("LOG-10")
def test_retention(value: int, ask: Ask) -> None:
    """Journal and log files are kept for so many months, as far as age decides."""
    journal = dict(re.findall(r"^\s*(\w+)\s*=\s*(.*?)\s*$", ask(JOURNAL), re.M))  # the last one wins, as in systemd
    assert journal.get("Storage", "auto") in ("auto", "persistent"), "the journal is not kept on disk"
    ask("test -d /var/log/journal")
    days = span_days(journal.get("MaxRetentionSec", "0"))
    assert days == 0 or days >= value * DAYS_PER_MONTH, f"the journal is kept for {days:.0f} days"
    kept = rotations(ask(ROTATION))
    for file in IMPORTANT:
        assert file in kept, f"nothing is said about how long {file} is kept"
        assert kept[file] >= value * DAYS_PER_MONTH, f"{file} is kept for {kept[file]:.0f} days"


def span_days(text: str) -> float:
    """A time span of systemd.time(7) in days."""
    names = {
        "years": "year", "y": "year", "months": "month", "M": "month", "weeks": "week", "w": "week", "days": "day",
        "d": "day", "hours": "h", "hour": "h", "hr": "h", "minutes": "m", "minute": "m", "min": "m",
        "seconds": "s", "second": "s", "sec": "s",
    }  # fmt: skip
    return sum(float(n) * UNITS_D[names.get(u, u)] for n, u in re.findall(r"([\d.]+)\s*([A-Za-z]*)", text))


def rotations(text: str) -> dict[str, float]:
    """Days that logrotate keeps each file for, from its own reading of its configuration."""
    found = {}
    for files, period, count in re.findall(
        r"^rotating pattern: (.*?)\s+(\w+)\s+\((\d+) rotations\)", text, re.M | re.S
    ):
        for file in files.split():
            found[file] = DAYS.get(period, 0) * int(count)
    return found
