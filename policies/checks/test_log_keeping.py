"""Logs that were written: they only grow, and cannot be put aside."""

from __future__ import annotations

import re

import pytest

from hatang.policies.checks.expected import Ask
from hatang.policies.checks.units import units

KEPT = ("/var/log/syslog", "/var/log/auth.log")
TASKS = "cat /etc/cron.d/hatang-logs 2>/dev/null || true"
# As root, without changing anything: opening to write in the middle, and a second name. Both are refused where the
# kernel lets the file only grow, and the second where it lets no name of it be taken away.
TRIAL = """python3 -c '
import glob, os, uuid
for log in ("/var/log/syslog", "/var/log/auth.log"):
    for path in glob.glob(log + "*"):
        left = []
        try:
            os.close(os.open(path, os.O_WRONLY))
            left.append("changed")
        except PermissionError:
            pass
        name = "/var/log/.trial-" + uuid.uuid4().hex
        try:
            os.link(path, name)
            os.unlink(name)
            left.append("removed")
        except PermissionError:
            pass
        print(path, "kept" if not left else ",".join(left))
'"""


@pytest.mark.control("LOG-16")
def test_logs_only_grow(value: bool, ask: Ask) -> None:
    """Neither root's own programs can write into what is logged, nor take it away; new files are looked after."""
    found = dict(re.findall(r"^(\S+) (\S+)$", ask(TRIAL), re.M))
    missing = [log for log in KEPT if log not in found]
    assert not missing, f"there is no {', '.join(missing)}"
    faults = [f"{path} can be {what}" for path, what in sorted(found.items()) if what != "kept"]
    assert not faults, "; ".join(faults)
    assert units(ask)["cron.service"].is_kept_running, "the service of regular tasks does not run, or not after a boot"
    regular = r"^\*/\d+ \* \* \* \* root /usr/local/sbin/hatang-logs keep"
    assert re.search(regular, ask(TASKS), re.M), "nobody looks after new log files"
