"""Attempts to break in are blocked; changed programs, settings and data, and strange processes, raise an alert."""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network, ip_network

import pytest

from hatang.policies.checks.expected import Ask, Expected
from hatang.policies.checks.trials import WORD, heard
from hatang.policies.checks.units import units

JAIL = "fail2ban-client status sshd 2>&1; fail2ban-client get sshd ignoreip 2>&1"
# The filter in force, on a line that an attacker's guess leaves; 192.0.2.0/24 is kept for documentation.
ATTEMPT = (
    "fail2ban-regex 'Nov 25 10:00:00 host sshd[1]: Failed password for root from 192.0.2.9 port 4 ssh2'"
    " /etc/fail2ban/filter.d/sshd.conf 2>&1 | sed -n 's/^Lines: .* \\([0-9]*\\) matched.*/\\1/p'"
)
TASKS = "cat /etc/cron.d/hatang-integrity 2>/dev/null || true"
# The first hashes are taken in the background: they are waited for, and must be there.
_WAIT = "for i in $(seq 600); do systemctl is-active --quiet hatang-baseline || break; sleep 0.1; done; "
TAKEN = f"{_WAIT}stat -c '%U %a' /var/lib/aide/hatang.db 2>/dev/null || true"
PROGRAM, SETTING, DATA = "/usr/bin/passwd", "/etc/login.defs", "/srv/.hatang-watched"
# Files that differ are shown to the watcher alone, in a mount namespace of its own: nothing changes on the host.
CHANGED = (
    f"{_WAIT}{WORD}unshare --mount sh -c 'mount -t tmpfs trial /mnt && for f in {PROGRAM} {SETTING} {DATA}; do"
    " t=/mnt/$(basename $f); cp -p $f $t && echo \\# >> $t && mount --bind $t $f; done;"
    f' exec /usr/local/sbin/hatang-integrity check "^({PROGRAM}|{SETTING}|{DATA})$" \'$w; true'
)
PROCESS = (
    f"{WORD}unshare --mount sh -c 'mount -t tmpfs trial /tmp && cp /bin/sleep /tmp/strange && {{ /tmp/strange 20 & }}"
    " && sleep 0.2; /usr/local/sbin/hatang-integrity processes '$w'; kill $!'; true"
)


@pytest.mark.control("MON-03")
def test_break_ins_are_blocked(value: bool, expected: Expected, ask: Ask) -> None:
    """The service that blocks guessers runs, its filter knows a guess, and nobody but administrators is spared."""
    assert units(ask)["fail2ban.service"].is_kept_running, "fail2ban does not run, or not after a boot"
    said = ask(JAIL)
    assert "Currently banned" in said, "nobody watches for guesses at the SSH server"
    spared = re.findall(r"^[|`]- (\S+/\d+|[0-9a-f:.]+)$", said, re.M)
    trusted = [ip_network(t) for t in ("127.0.0.0/8", "::1", *expected.variables.get("intrusion_trusted", []))]
    strange = [s for s in spared if not any(_inside(s, t) for t in trusted)]
    assert not strange, f"never blocked: {', '.join(strange)}"
    assert ask(ATTEMPT).strip() == "1", "the filter does not know a failed login"


def _inside(address: str, network: IPv4Network | IPv6Network) -> bool:
    found = ip_network(address, strict=False)
    if isinstance(found, IPv4Network):
        return isinstance(network, IPv4Network) and found.subnet_of(network)
    return isinstance(network, IPv6Network) and found.subnet_of(network)


@pytest.mark.control("MAL-06")
def test_changes_raise_an_alert(value: bool, ask: Ask) -> None:
    """Every hour hashes are compared, every few minutes processes; a change and a strange process of trial are told."""
    tasks = ask(TASKS)
    assert units(ask)["cron.service"].is_kept_running, "the service of regular tasks does not run, or not after a boot"
    assert re.search(r"^\d+ \* \* \* \* root /usr/local/sbin/hatang-integrity check$", tasks, re.M), "nobody looks"
    assert re.search(r"^\*/\d+ \* \* \* \* root /usr/local/sbin/hatang-integrity processes$", tasks, re.M), (
        "nobody looks at processes"
    )
    assert ask(TAKEN).strip() == "root 600", "there are no hashes, or others may change them"
    said = heard(ask, ask(CHANGED))
    for path in (PROGRAM, SETTING):
        assert f"differs: {path} trial-" in said, f"a changed {path} would not be noticed"
    assert "/tmp/strange trial-" in heard(ask, ask(PROCESS)), "a process from a strange place would not be noticed"


@pytest.mark.control("DAT-06")
def test_important_data_are_hashed(value: str, ask: Ask) -> None:
    """Folders of important data are among what is hashed and compared; a change of trial is told."""
    assert "hatang-integrity check" in ask(TASKS), "nobody compares"
    assert ask(TAKEN).strip() == "root 600", "there are no hashes, or others may change them"
    assert f"differs: {DATA} trial-" in heard(ask, ask(CHANGED)), "changed data would not be noticed"
