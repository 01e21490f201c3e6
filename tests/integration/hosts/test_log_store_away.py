"""The log store is away: the host's own log files go on, what waits lies on disk, and all of it arrives in the end."""

from __future__ import annotations

import pytest

from hatang.registry import HostRecord

from .log_store import COMES, GOES, KEPT, PORT, STORE, counted
from .lone import Lone, run

LINES = 60_000  # so many that they are still being sent while rsyslog restarts
IN_HAND = 1  # what rsyslog loses of them to the store by that (its issue 5364), never to the files
# Slowly first, so that the sender holds a batch; then all at once.
TALK = f"""
for i in $(seq 300); do logger -p auth.info "away-$i"; done
seq 301 {LINES} | sed 's/^/away-/' | logger -p auth.info
"""
QUEUE = "ls /var/spool/rsyslog | grep -c '^hatang-forward' || true"


@pytest.mark.turn("hardened", "log-store-away")
def test_local_logs_go_on_while_the_store_is_away_and_all_arrives_later(lone: Lone, host: HostRecord) -> None:
    run(lone, variables=lone.variables(3, logging_server=STORE, logging_port=PORT, logging_ca=""))
    lone.inside(host, TALK)
    assert counted(lone, host, "/var/log/auth.log", "away", LINES) == (LINES, LINES), "no line waits for the store"
    assert int(lone.inside(host, QUEUE)) > 0, "what waits is on disk"
    try:
        lone.inside(host, COMES)
        assert counted(lone, host, KEPT, "away", LINES - IN_HAND)[1] >= LINES - IN_HAND, "no more is lost"
    finally:
        lone.inside(host, GOES, check=False)
