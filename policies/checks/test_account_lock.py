"""Locking after failed logins: the PAM stack is walked as PAM would walk it after a wrong password."""

from __future__ import annotations

from collections.abc import Callable
from shlex import quote
from typing import Any

import pytest

from hatang.policies.checks.expected import Ask
from hatang.policies.checks.pam_stack import READ, Line, Stacks, Walk

CONF = "cat /etc/security/faillock.conf"
SERVICES = ("sshd", "login")
LONGEST_LOCK_S = 30 * 24 * 3600  # 30 days: the upper end of what the sources name
PASSWORD = ("pam_unix", "pam_oath", "pam_sss", "pam_ldap", "pam_krb5", "pam_deny")


def wrong_password(member: bool) -> Callable[[Line], str]:
    """What modules answer to a wrong password or code, of a member of the emergency group or of anybody else."""

    def result(line: Line) -> str:
        if line.module == "pam_succeed_if":
            return "success" if member else "auth_err"
        if line.module in PASSWORD or (line.module == "pam_faillock" and "authfail" in line.args):
            return "auth_err"
        return "success" if line.module in ("pam_faillock", "pam_permit") else "ignore"

    return result


def failures(ask: Ask, member: bool = False) -> dict[str, Walk]:
    """The way of a wrong password, by service."""
    stacks = Stacks(ask(READ))
    return {s: stacks.walk(s, "auth", wrong_password(member)) for s in SERVICES if s in stacks.files}


def settings(ask: Ask) -> dict[str, str]:
    """Settings of pam_faillock in effect: its defaults, its file, then the arguments in the stack."""
    found = {"deny": "3", "unlock_time": "600"}
    words = [row.split("#")[0] for row in ask(CONF).splitlines()]
    words += [a for walk in failures(ask).values() for c in walk.called if c.module == "pam_faillock" for a in c.args]
    for word in words:
        name, _, text = word.partition("=")
        if name.strip():
            found[name.strip()] = text.strip()
    return found


def locked_services(ask: Ask) -> None:
    """Each way in looks whether an account is locked before it asks, and counts what fails."""
    for service, walk in failures(ask).items():
        names = [(c.module, next(iter(c.args), "")) for c in walk.called]
        assert ("pam_faillock", "preauth") in names, f"{service}: nobody looks whether an account is locked"
        assert walk.find("pam_faillock", "authfail"), f"{service}: failed logins are not counted"
        first = next(i for i, (module, _) in enumerate(names) if module in PASSWORD)
        assert names.index(("pam_faillock", "preauth")) < first, f"{service}: the lock is looked at too late"
        assert not walk.granted, f"{service}: a wrong password is let in"


@pytest.mark.control("AUT-13")
def test_lock_after_failures(value: int, ask: Ask) -> None:
    """An account is locked after this many failures, at most."""
    locked_services(ask)
    deny = int(settings(ask)["deny"])
    assert 0 < deny <= value, f"locked after {deny or 'no'} failures"


@pytest.mark.control("AUT-14")
def test_lock_duration(value: int, ask: Ask) -> None:
    """It stays locked long enough, and not for ever."""
    text = settings(ask)["unlock_time"]
    assert text.isdigit() and int(text) > 0, f"unlock_time is {text}: only a person can unlock"
    assert value <= int(text) <= LONGEST_LOCK_S, f"unlocked after {text} seconds"


@pytest.mark.control("AUT-15")
def test_break_glass_way_in(value: bool, ask: Ask, host: Any) -> None:
    """When accounts are locked there is a way in: a key that is never locked, and an emergency group that never is.

    That this check runs shows the first: it came in by key and became root under the rules in force.
    """
    options = ask("sshd -T -C user=root,host=localhost,addr=127.0.0.1")
    assert "pubkeyauthentication yes" in options.lower(), "logins by key are off"
    names = set()
    for service, walk in failures(ask, member=True).items():
        assert not walk.find("pam_faillock"), f"{service}: the emergency group is locked too"
        names |= {c.args[c.args.index("ingroup") + 1] for c in walk.called if "ingroup" in c.args}
    if any(w.find("pam_faillock") for w in failures(ask).values()):
        assert names, "no group is exempt from the lock"
        local = {row.split(":")[0] for row in ask("getent group").splitlines()}
        for name in names - local:  # a directory may keep quiet about its groups until one is named
            ask(f"getent group {quote(name)}")
