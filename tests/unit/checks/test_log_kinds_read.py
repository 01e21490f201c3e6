"""LOG-13 of a host as it answers: the journal is read whole, and neither side drops messages."""

from __future__ import annotations

import pytest

from hatang.policies.checks.expected import Ask
from hatang.policies.checks.test_log_kinds import AUDITED, FILES, journal_settings, read_from_journal
from hatang.policies.checks.test_log_kinds import test_nothing_is_left_out as nothing_is_left_out
from hatang.policies.checks.test_logging import JOURNAL, RULES

IMJOURNAL = 'module(load="imjournal" StateFile="/var/spool/rsyslog/state"\n  Ratelimit.Interval="0")'
HARDENED = f"""
##### BEGIN CONFIG: /etc/rsyslog.conf (put on stack)
{IMJOURNAL}
module(load="imuxsock" SysSock.Use="off")
{AUDITED}
*.*;auth,authpriv,local6.none	-/var/log/syslog
auth,authpriv.*	/var/log/auth.log
"""
KEPT = "[Journal]\n#RateLimitIntervalSec=30s\nForwardToSyslog=no\nMaxLevelStore=debug\nRateLimitIntervalSec=0\n"


def host(rules: str = HARDENED, journal: str = KEPT) -> Ask:
    """A host that answers so."""
    said = {RULES: rules, JOURNAL: journal, FILES: "/var/log/auth.log\n"}
    return lambda command, *_: said[command]


def test_a_hardened_host_leaves_nothing_out() -> None:
    nothing_is_left_out(True, host())


@pytest.mark.parametrize(
    ("rules", "fault"),
    [
        (HARDENED.replace(IMJOURNAL, 'module(load="imklog")').replace(' SysSock.Use="off"', ""), "does not read"),
        (HARDENED.replace('Ratelimit.Interval="0"', ""), "log service drops"),
        (HARDENED.replace('Ratelimit.Interval="0"', 'Ratelimit.Interval="600"'), "log service drops"),
        (HARDENED.replace('StateFile="/var/spool/rsyslog/state"', ""), "forgets"),
        (HARDENED.replace('"audit" then', '"audit" or $programname == "su" then'), "throws messages away"),
        (HARDENED.replace("auth,authpriv.*", "#auth,authpriv.*"), "never sent"),
    ],
)
def test_rules_that_lose_messages(rules: str, fault: str) -> None:
    with pytest.raises(AssertionError, match=fault):
        nothing_is_left_out(True, host(rules))


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("MaxLevelStore=warning", "keeps some messages out"),
        ("RateLimitIntervalSec=30s", "journal drops"),
        ("RateLimitInterval=1min", "journal drops"),
        ("RateLimitIntervalSec=", "journal drops"),
        ("ReadKMsg=no", "kernel"),
    ],
)
def test_a_journal_that_loses_messages(line: str, fault: str) -> None:
    with pytest.raises(AssertionError, match=fault):
        nothing_is_left_out(True, host(journal=f"{KEPT}{line}\n"))


def test_a_journal_of_which_nothing_is_said_limits_its_lines() -> None:
    with pytest.raises(AssertionError, match="journal drops"):
        nothing_is_left_out(True, host(journal="[Journal]\n#RateLimitIntervalSec=0\n"))


@pytest.mark.parametrize("line", ["RateLimitIntervalSec=0s", "RateLimitIntervalSec=1h\nRateLimitBurst=0"])
def test_a_journal_without_a_limit(line: str) -> None:
    nothing_is_left_out(True, host(journal=f"{KEPT}{line}\n"))


def test_the_module_that_reads_the_journal_among_others() -> None:
    found = read_from_journal(f'module(load="imfile")\n{IMJOURNAL}\n')
    assert found == {"load": "imjournal", "statefile": "/var/spool/rsyslog/state", "ratelimit.interval": "0"}
    assert read_from_journal('module(load="imuxsock")') is None


def test_the_last_setting_counts_under_its_old_name_too() -> None:
    assert journal_settings("RateLimitIntervalSec=0\nRateLimitInterval=5s")["RateLimitIntervalSec"] == "5s"
