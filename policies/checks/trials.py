"""Trials that must be told in the log: what is done carries a word of its own, and the log is read for it later.

journald wakes those who read the journal a few times a second at most. So all trials are made first where commands can
be sent ahead, and the log is read once for all of them, after a line of its own came through behind theirs.
"""

from __future__ import annotations

import re

from hatang.policies.checks.expected import Ask

# How the command of a trial begins: its word is `$w` from there on, and the first line that it prints.
WORD = "w=trial-$(cat /proc/sys/kernel/random/uuid); echo $w; "
_FORM = re.compile(r"trial-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
IN_LOG = (
    "w=end-of-trials-$(cat /proc/sys/kernel/random/uuid); logger -t hatang-check -p daemon.info $w;"
    " for i in $(seq 100); do tail -c 4000000 /var/log/syslog | grep -q -- $w && break; sleep 0.05; done;"
    " for f in /var/log/syslog /var/log/auth.log; do"
    ' tail -c 4000000 $f 2>/dev/null | grep -a -- trial- | sed "s|^|$f:|"; done; true'
)
LAST = (IN_LOG,)  # sent behind everything else


def heard(ask: Ask, said: str) -> str:
    """Lines of the logs, each behind its file and a colon, that hold the word of a trial; empty: there are none.

    Args:
        said: what the command of the trial printed.
    """
    word = said.split("\n", 1)[0]
    if not _FORM.fullmatch(word):
        return ""
    for again in (False, True):  # what was read before this trial was made says nothing of it
        found = [line for line in ask(IN_LOG, again=again).splitlines() if word in line]
        if found:
            return "\n".join(found)
    return ""
