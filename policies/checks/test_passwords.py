"""Passwords: what the libraries and the PAM stack of the host really do, whichever file says so."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial

import pytest

from hatang.policies.checks.expected import Ask
from hatang.policies.checks.pam_stack import READ, Line, Stacks

# Asks the host's own libpwquality, with the host's own settings, which passwords it takes. Nothing is changed.
# One answer for each way in which the PAM stacks call it, by the options that they give it.
TRY = r"""
import ctypes, os
lib = ctypes.CDLL("libpwquality.so.1")
lib.pwquality_default_settings.restype = ctypes.c_void_p
def takes(settings, length, kinds):
    signs = [s for s in ("kxqvzjwbpt", "KXQVZJWBPT", "4718205936", "%+_=@^~,;?")[:kinds]]
    word = "".join(signs[i % kinds][(i * 7 + i // 10) % 10] for i in range(length))
    return lib.pwquality_check(settings, word.encode(), None, None, None) >= 0
def limits(options):
    settings = ctypes.c_void_p(lib.pwquality_default_settings())
    lib.pwquality_read_config(settings, None, None)
    for option in [*options, "dictcheck=0"]:
        lib.pwquality_set_option(settings, option.encode())
    shortest = next((n for n in range(1, 129) if takes(settings, n, 4)), 999)
    return shortest, next((k for k in (1, 2, 3, 4) if takes(settings, 100, k)), 9)
for file in os.listdir("/etc/pam.d"):
    for line in open("/etc/pam.d/" + file, errors="replace").read().replace("\\\n", " ").splitlines():
        words = line.split()
        calls = [i for i, w in enumerate(words) if w.rsplit("/", 1)[-1] in ("pam_pwquality.so", "pam_pwquality")]
        if calls and words[0][0] != "#":
            options = [w for w in words[calls[0] + 1:] if "=" in w]
            print(*limits(options), *options)
"""
# name:kind of hash:longest age:first sign of the password field:days until it ends. No hash leaves the host.
ACCOUNTS = 'awk -F: \'{split($2, part, "$"); print $1 ":" part[2] ":" $5 ":" substr($2, 1, 1) ":" $7}\' /etc/shadow'
STRONG = {"y": "yescrypt", "gy": "gost-yescrypt", "7": "scrypt", "6": "SHA-512", "2b": "bcrypt", "2y": "bcrypt"}


YEAR = 366  # days; a password that lasts longer has no end that anybody would see
LOCAL_WAYS = ("passwd", "chpasswd", "newusers")  # in which root hands out a password


def change(ask: Ask) -> list[Line]:
    """The lines that a new password passes when all goes well."""
    return list(Stacks(ask(READ)).walk("passwd", "password", lambda line: "success").called)


def quality(ask: Ask) -> dict[str, int]:
    """Which passwords the host takes."""
    lines = [line for line in change(ask) if line.module == "pam_pwquality"]
    assert lines, "no quality check in the way of a new password (pam_pwquality)"
    assert lines[0].control in ("requisite", "required"), "the quality check does not bind"
    answers = [row.split() for row in ask(f"python3 -I -S -c '{TRY}'").splitlines()]
    options = [a for a in lines[0].args if "=" in a]
    found = next((row for row in answers if row[2:] == options), None)
    if found is None:
        raise LookupError(f"the host did not try pam_pwquality with {' '.join(options) or 'no options'}")
    return {"shortest": int(found[0]), "kinds": int(found[1])}


@dataclass(frozen=True)
class Account:
    """An account that has a password."""

    name: str
    kind: str  # of hash
    age: int  # longest, days
    end: int  # days after that at which it ends; -1: never


def accounts(ask: Ask) -> list[Account]:
    """Accounts that have a password."""
    rows = [row.split(":") for row in ask(ACCOUNTS).splitlines()]
    return [
        Account(name, kind, int(age or 99999), int(end or -1))
        for name, kind, age, first, end in rows if first not in ("!", "*", "")
    ]  # fmt: skip


def definition(ask: Ask, name: str) -> str:
    """A setting of /etc/login.defs; empty when not set."""
    rows = [row.split() for row in ask("cat /etc/login.defs").splitlines()]
    return next((row[1] for row in reversed(rows) if len(row) > 1 and row[0] == name), "")


@pytest.mark.control("AUT-03")
def test_shortest_password(value: int, ask: Ask) -> None:
    """A password one sign too short is refused, with all kinds of signs in it."""
    assert quality(ask)["shortest"] >= value, f"passwords of {quality(ask)['shortest']} signs are taken"


@pytest.mark.control("AUT-04")
def test_shortest_password_with_second_factor(value: int, ask: Ask) -> None:
    """One length holds for all accounts, also for those with a second factor."""
    assert quality(ask)["shortest"] >= value, f"passwords of {quality(ask)['shortest']} signs are taken"


@pytest.mark.control("AUT-01")
def test_kinds_of_characters(value: int, ask: Ask) -> None:
    """A long password of too few kinds of signs is refused."""
    assert quality(ask)["kinds"] >= value, f"passwords of {quality(ask)['kinds']} kinds of signs are taken"


@pytest.mark.control("AUT-07")
def test_longest_age(value: int, ask: Ask) -> None:
    """New and existing passwords expire in time."""
    days = int(definition(ask, "PASS_MAX_DAYS") or 99999)
    assert 0 < days <= value, f"new accounts: {days} days"
    old = [f"{a.name} {a.age} days" for a in accounts(ask) if not 0 <= a.age <= value]
    assert not old, f"passwords that live too long: {', '.join(old)}"


@pytest.mark.control("AUT-08")
def test_history(value: int, ask: Ask) -> None:
    """A new password is compared with the former ones before it is taken."""
    lines = change(ask)
    names = [line.module for line in lines]
    assert "pam_pwhistory" in names, "former passwords are not looked at"
    history = lines[names.index("pam_pwhistory")]
    assert names.index("pam_pwhistory") < names.index("pam_unix"), "the comparison comes too late"
    assert history.control in ("requisite", "required"), "the comparison does not bind"
    kept = int(history.arg("remember") or 10)  # 10: default of the module
    assert kept >= value, f"only {kept} former passwords are refused"


@pytest.mark.control("AUT-12")
def test_hashes(value: bool, ask: Ask) -> None:
    """New passwords get a strong hash, and no weak one is left."""
    unix = next((line for line in change(ask) if line.module == "pam_unix"), None)
    assert unix, "pam_unix does not keep passwords here"
    chosen = [a for a in unix.args if a in ("yescrypt", "gost_yescrypt", "sha512", "blowfish")]
    weak = [a for a in unix.args if a in ("md5", "bigcrypt", "sha256")]
    assert chosen and not weak, f"pam_unix makes {', '.join(weak) or 'no strong'} hashes"
    method = definition(ask, "ENCRYPT_METHOD").upper()
    assert method in ("YESCRYPT", "SHA512", "BCRYPT"), f"ENCRYPT_METHOD is {method or 'not set'}"
    bad = [a.name for a in accounts(ask) if a.kind not in STRONG]
    assert not bad, f"accounts with weak hashes: {', '.join(bad)}"


@pytest.mark.control("AUT-02")
def test_passwords_end(value: bool, ask: Ask) -> None:
    """New and existing passwords have an age at which they change, and one at which they end."""
    new = dict(row.split("=", 1) for row in ask("useradd -D").splitlines() if "=" in row)
    assert 0 < int(definition(ask, "PASS_MAX_DAYS") or 99999) <= YEAR, "new passwords need not be changed"
    assert 0 <= int(new.get("INACTIVE") or -1) <= YEAR, "a new password that is not changed never ends"
    unchanging = [a.name for a in accounts(ask) if not 0 <= a.age <= YEAR]
    assert not unchanging, f"passwords that need not be changed: {', '.join(unchanging)}"
    endless = [a.name for a in accounts(ask) if not 0 <= a.end <= YEAR]
    assert not endless, f"passwords that never end: {', '.join(endless)}"


@pytest.mark.control("AUT-05")
def test_first_password_is_changed(value: bool, ask: Ask) -> None:
    """A password that root hands out is marked so that it is changed at the first login."""
    stacks = Stacks(ask(READ))
    for service in LOCAL_WAYS:
        walk = stacks.walk(service, "password", partial(_in_service, service))
        names = [line.module for line in walk.called]
        assert "pam_unix" in names, f"{service}: pam_unix does not keep passwords"
        later = walk.called[names.index("pam_unix") + 1 :]
        marks = [line for line in later if line.module == "pam_exec" and MARK.search(" ".join(line.args))]
        assert marks, f"{service}: a password from root need not be changed"


MARK = re.compile(
    r"^(quiet )?/bin/sh -c "
    r"\[test \$\(id -u\) != 0 \|\| (test \$PAM_USER = root \|\| )?/usr/bin/chage -d 0 \$PAM_USER\]$"
)


def _in_service(service: str, line: Line) -> str:
    """What a module answers when all goes well in this service."""
    if line.module == "pam_succeed_if" and "service" in line.args:
        i = line.args.index("service")
        among = service in line.args[i + 2].split(":")
        return "success" if among == (line.args[i + 1] == "in") else "auth_err"
    return "success"
