"""Many lines at once: all of them come into the files and to the store, each once, whatever is restarted meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hatang.registry import HostRecord

from .log_store import COMES, GOES, KEPT, PORT, STORE, counted
from .lone import Lone, run

AUTH, SYSLOG = "/var/log/auth.log", "/var/log/syslog"
LINES = 5_000
SAY = "seq {lines} | sed 's/^/{word}-/' | logger -t {word} -p {kind}.info"
# What the old way had instead: handed on by journald, and what the kernel says read beside it.
OLD_WAY = """
systemctl stop rsyslog
sed -i 's/^ForwardToSyslog=no/ForwardToSyslog=yes/' /etc/systemd/journald.conf.d/hatang.conf
sed -i -e '/load="imjournal"/,/)$/d' -e '/_TRANSPORT/d' -e '/^unset/d' -e 's/ SysSock.Use="off"//' /etc/rsyslog.conf
rm -f /var/spool/rsyslog/imjournal.state
systemctl restart systemd-journald
systemctl start rsyslog
touch /run/talk
systemd-run --quiet --collect --unit=talk sh -c 'n=0; while [ -e /run/talk ]; do n=$((n + 1)); \
  logger -t switch -p local0.info switch-$n; sleep 0.02; done; echo $n > /run/talked'
"""
HUSH = "rm -f /run/talk; for i in $(seq 50); do [ -e /run/talked ] && break; sleep 0.1; done; cat /run/talked"


pytestmark = pytest.mark.turn("parts", "bursts")


@pytest.fixture(scope="module")
def told(lone: Lone) -> Iterator[HostRecord]:
    """A host that sends its logs to a store that is there."""
    host = lone.hosts[0]
    run(lone, variables=lone.variables(3, logging_server=STORE, logging_port=PORT, logging_ca=""))
    try:
        lone.inside(host, COMES)
        yield host
    finally:
        lone.inside(host, GOES, check=False)


def test_a_burst_comes_whole_and_once(lone: Lone, told: HostRecord) -> None:
    says = [SAY.format(lines=LINES, word=word, kind=kind) for word, kind in (("came", "auth"), ("said", "local0"))]
    lone.inside(told, f"{says[0]} & {says[1]}; wait")
    for file, word in ((AUTH, "came"), (SYSLOG, "said"), (KEPT, "came"), (KEPT, "said")):
        assert counted(lone, told, file, word, LINES) == (LINES, LINES), f"{word} in {file}"


def test_a_burst_is_not_cut_by_restarts_and_new_files_of_the_journal(lone: Lone, told: HostRecord) -> None:
    say = SAY.format(lines=4 * LINES, word="torn", kind="auth")
    lone.inside(
        told,
        f"{say} & for i in 1 2; do sleep 0.4; journalctl --rotate; sleep 0.4; systemctl restart rsyslog; done;"
        " systemctl restart systemd-journald; wait",
    )
    for file in (AUTH, KEPT):
        assert counted(lone, told, file, "torn", 4 * LINES) == (4 * LINES, 4 * LINES), file


def test_what_is_said_while_a_host_changes_from_the_old_way_comes_once(lone: Lone, told: HostRecord) -> None:
    lone.inside(told, OLD_WAY)
    variables = lone.variables(3, logging_server=STORE, logging_port=PORT, logging_ca="")
    try:
        assert run(lone, variables=variables, tags=("LOG-02", "LOG-13")).changed[told.name] > 0
    finally:
        lines = int(lone.inside(told, HUSH))
    assert lines > 50
    assert counted(lone, told, SYSLOG, "switch", lines) == (lines, lines)
    assert run(lone, variables=variables).changed == {told.name: 0}
