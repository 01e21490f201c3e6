"""Readings of configuration that checks rest on."""

from __future__ import annotations

import pytest

from hatang.policies.checks.test_logging import rotations, span_days, targets
from hatang.policies.checks.test_ssh_server import WEAK, seconds

ROTATION = """\
rotating pattern: /var/log/btmp  monthly (1 rotations)
empty log files are rotated, only 1 old log is kept
rotating pattern: /var/log/syslog
/var/log/auth.log
 weekly (54 rotations)
considering log /var/log/syslog
"""


@pytest.mark.parametrize(
    ("text", "days"), [("93day", 93), ("0", 0), ("1year", 365), ("2week", 14), ("1month 1day", 31.44), ("86400", 1)]
)
def test_spans(text: str, days: float) -> None:
    assert span_days(text) == pytest.approx(days)


def test_rotations_count_every_file_of_a_pattern() -> None:
    assert rotations(ROTATION) == {"/var/log/btmp": 30, "/var/log/syslog": 378, "/var/log/auth.log": 378}


@pytest.mark.parametrize(
    ("rules", "found"),
    [
        ('*.* action(type="omfwd" target="10.0.0.1" port="6514"\n queue.type="LinkedList")', {("10.0.0.1", "6514")}),
        ("*.* @@10.0.0.1:6514", {("10.0.0.1", "6514")}),
        ("*.* @10.0.0.1", {("10.0.0.1", "514")}),
        ('auth.* action(type="omfwd" target="10.0.0.1" port="6514")', set()),
        ("#*.* @@10.0.0.1:6514", set()),
        ('*.* action(type="omfile" file="/var/log/all")', set()),
    ],
)  # fmt: skip
def test_targets_are_those_that_get_everything(rules: str, found: set[tuple[str, str]]) -> None:
    assert targets(rules) == found


@pytest.mark.parametrize(("text", "found"), [("300", 300), ("5m", 300), ("1h30m", 5400), ("none", 0)])
def test_intervals(text: str, found: int) -> None:
    assert seconds(text) == found


BAD = (
    "aes128-cbc 3des-cbc hmac-sha1-etm@openssh.com umac-64@openssh.com ssh-rsa ssh-dss hmac-md5 "
    "diffie-hellman-group14-sha1 diffie-hellman-group1-sha1"
)
GOOD = (
    "aes256-gcm@openssh.com hmac-sha2-512 ssh-ed25519 rsa-sha2-512 umac-128@openssh.com curve25519-sha256 "
    "diffie-hellman-group16-sha512 diffie-hellman-group14-sha256"
)


@pytest.mark.parametrize("name", BAD.split())
def test_weak_algorithms(name: str) -> None:
    assert WEAK.search(name)


@pytest.mark.parametrize("name", GOOD.split())
def test_strong_algorithms(name: str) -> None:
    assert not WEAK.search(name)
