"""Accounts: those of the list and no others, one for each person, locked when nobody uses them; keys with an end."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, timedelta

import pytest

from hatang.policies.checks.expected import Ask, Expected
from hatang.policies.checks.host_accounts import (
    STRAY_KEYS,
    accounts,
    declared,
    emergency,
    keys,
    members,
    ours,
    today,
)
from hatang.policies.checks.pam_stack import READ, Stacks
from hatang.policies.checks.units import units

KINDS = ("administration", "daily-work", "technical", "service")
PROGRAMS = ("technical", "service")
POWERFUL = ("sudo", "adm", "root", "shadow", "disk", "docker", "lxd")  # groups that make an administrator of anybody
RULES = "cat /etc/hatang/accounts.json"
RUNS = "systemctl show --property=ExecStart --value hatang-accounts.service"
PROGRAM = "/usr/local/sbin/hatang-accounts lock-unused"
LONGEST_KEY = 365  # days; where nothing else is expected: that of the catalogue
LOGGING = ("INFO", "VERBOSE", "DEBUG", "DEBUG1", "DEBUG2", "DEBUG3")
SSHD = "sshd -T -C user=root,host=localhost,addr=127.0.0.1"
SHELLS = ("login", "sshd")


@pytest.mark.control("ACC-01")
def test_every_account_has_a_kind(value: bool, expected: Expected, ask: Ask) -> None:
    """Whoever can get in is of one of four kinds, and keeps to the rules of that kind."""
    known, now = declared(ask, expected), today(ask)
    mighty = {name for group in POWERFUL for name in members(ask, group)}
    for account in accounts(ask):
        if not account.has_shell or not account.is_open(now):
            continue
        kind = known.get(account.name, {}).get("kind")
        assert kind in KINDS, f"{account.name} can get in and is of no kind"
        assert kind not in PROGRAMS or not account.has_password, f"{account.name} is of a program, and has a password"
        assert kind != "service", f"{account.name} is of a service, and has a shell"
        assert kind != "daily-work" or account.name not in mighty, f"{account.name} is of daily work, and administers"


@pytest.mark.control("ACC-02")
def test_accounts_equal_the_list(value: bool, expected: Expected, ask: Ask) -> None:
    """No account that is on no list, none missing, none open that the list disables."""
    known, now, there = declared(ask, expected), today(ask), {a.name: a for a in accounts(ask)}
    unknown = sorted(n for n, a in there.items() if (a.is_person_like or a.has_shell) and n not in known)
    assert not unknown, f"accounts on no list: {', '.join(unknown)}"
    missing = sorted(n for n, a in known.items() if a["enabled"] and n not in there)
    assert not missing, f"on the list, and not on the host: {', '.join(missing)}"
    open_ = sorted(n for n, a in known.items() if not a["enabled"] and n in there and there[n].is_open(now))
    assert not open_, f"disabled on the list, and open: {', '.join(open_)}"


@pytest.mark.control("ACC-05")
def test_one_account_one_person(value: bool, expected: Expected, ask: Ask) -> None:
    """No UID and no key stands for two accounts, no account for two people unless declared; logins tell the key."""
    twice = [uid for uid, n in Counter(a.uid for a in accounts(ask)).items() if n > 1]
    names = ", ".join(a.name for a in accounts(ask) if a.uid in twice)
    assert not twice, f"accounts that are one: {names}"
    shared = {n for n, a in declared(ask, expected).items() if a.get("shared")}
    doors: dict[str, set[str]] = {}
    owners: dict[str, set[str]] = {}
    for key in keys(ask):
        doors.setdefault(key.key, set()).add(key.account)
        owners.setdefault(key.account, set()).add(key.owner)
    both = [sorted(names) for names in doors.values() if len(names) > 1]
    assert not both, f"one key opens {' and '.join(both[0])}"
    many = sorted(n for n, people in owners.items() if len(people) > 1 and n not in shared)
    assert not many, f"several people use {', '.join(many)}"
    level = next((r.split()[1] for r in ask(SSHD).splitlines() if r.lower().startswith("loglevel ")), "")
    assert level.upper() in LOGGING, f"sshd does not log whose key came in (LogLevel {level})"


@pytest.mark.control("ACC-06")
def test_unused_accounts_are_locked(value: int, expected: Expected, ask: Ask) -> None:
    """No account is open that nobody has used for so long; every day somebody looks, and each login is noted."""
    now, spared = today(ask), {"root", ours(ask), *emergency(ask, expected)}
    idle = [
        f"{a.name} {a.unused(now)} days" for a in accounts(ask)
        if a.has_shell and a.uid and a.name not in spared and a.is_open(now) and a.unused(now) > value
    ]  # fmt: skip
    assert not idle, f"unused, and open: {', '.join(idle)}"
    assert units(ask)["hatang-accounts.timer"].is_kept_running, "nobody looks for unused accounts"
    assert PROGRAM in ask(RUNS), "the timer runs something else"
    days = json.loads(ask(RULES))["unused_days"]
    assert 0 < days <= value, f"accounts are locked after {days or 'no'} days"
    stacks = Stacks(ask(READ))
    for service in SHELLS:
        walk = stacks.walk(service, "session", lambda line: "success")
        assert walk.find("pam_lastlog"), f"{service}: logins are not noted"


@pytest.mark.control("ACC-10")
def test_keys_have_an_owner_and_an_end(value: bool, expected: Expected, ask: Ask) -> None:
    """Every key names its owner and ends in time, and belongs to an account that is there and open."""
    latest = date(1970, 1, 1) + timedelta(today(ask) + int(expected.variables.get("accounts_key_days", LONGEST_KEY)))
    people = {a.name: a for a in accounts(ask)}
    for key in keys(ask):
        assert key.owner, f"a key of {key.account} names no owner"
        assert key.end, f"the key of {key.owner} ({key.account}) has no end"
        assert key.end <= latest, f"the key of {key.owner} ({key.account}) ends as late as {key.end}"
        account = people[key.account]
        assert account.has_shell and account.is_open(today(ask)), f"the key of {key.owner} opens no account"
    orphans = [row for row in ask(STRAY_KEYS).splitlines() if row.split()[-1] not in people]
    assert not orphans, f"keys of accounts that are gone: {orphans[0].split()[0]}"
    options = dict(row.split(" ", 1) for row in ask(SSHD).splitlines() if " " in row)
    elsewhere = [n for n in ("authorizedkeyscommand", "trustedusercakeys") if options.get(n, "none") != "none"]
    assert not elsewhere, f"keys come from elsewhere too ({elsewhere[0]}), and nobody sees their end"
    files = set(options["authorizedkeysfile"].split())
    assert files <= {".ssh/authorized_keys", ".ssh/authorized_keys2"}, f"keys stand elsewhere too: {', '.join(files)}"


@pytest.mark.control("AUT-06")
def test_no_local_passwords(value: bool, expected: Expected, ask: Ask) -> None:
    """But for sealed emergency accounts nobody has a password on the host, and no two have the same."""
    sealed = emergency(ask, expected)
    loose = sorted(a.name for a in accounts(ask) if a.has_password and a.name not in sealed)
    assert not loose, f"accounts with a password on the host: {', '.join(loose)}"
    same = sorted(a.name for a in accounts(ask) if a.shares_password)
    assert not same, f"accounts with one and the same password: {', '.join(same)}"
