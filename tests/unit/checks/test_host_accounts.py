"""Readings of accounts and keys that checks rest on."""

from __future__ import annotations

from datetime import date

import pytest

from hatang.policies.checks import host_accounts
from hatang.policies.checks.expected import Ask
from hatang.policies.checks.host_accounts import READ, Account, accounts, keys, members

ROWS = """\
root:0:/bin/bash:$:20000:-1:0:0:0
daemon:1:/usr/sbin/nologin:*:20000:-1:0:0:0
debian:1000:/bin/bash:!:20000:-1:20400:20000:0
an:1001:/bin/bash:$:0:20500:0:20300:1
nobody:65534:/usr/sbin/nologin:*:20000:-1:0:0:0
"""
ASKED = f"python3 -I -S -c '{READ}'"


def answers(told: dict[str, str]) -> Ask:
    """A host that answers these commands."""
    return lambda command, *_: told[command]


def by_name() -> dict[str, Account]:
    return {a.name: a for a in accounts(answers({ASKED: ROWS}))}


def test_accounts_are_read_without_their_hash() -> None:
    found = by_name()
    assert [a.has_password for a in found.values()] == [True, False, False, True, False]
    assert {n for n, a in found.items() if a.is_person_like} == {"root", "debian", "an"}
    assert {n for n, a in found.items() if a.has_shell} == {"root", "debian", "an"}
    assert {n for n, a in found.items() if a.shares_password} == {"an"}


def test_unused_days_count_from_the_last_login_or_from_the_day_it_was_made() -> None:
    found = by_name()
    assert found["debian"].unused(20410) == 10
    assert found["an"].unused(20410) == 110, "a password that must change hides the day; the home tells it"
    assert found["root"].unused(20410) == 410


def test_expired_accounts_are_not_open() -> None:
    an = by_name()["an"]
    assert an.is_open(20499)
    assert not an.is_open(20500)


@pytest.mark.parametrize(
    ("line", "owner", "end"),
    [
        ("ssh-ed25519 AAAA an@le.example", "an@le.example", None),
        ('expiry-time="20270101" ssh-ed25519 AAAA an', "an", date(2027, 1, 1)),
        ('no-pty,expiry-time="20270101123000Z",from="10.0.0.1" ssh-rsa AAAA an', "an", date(2027, 1, 1)),
        ('command="echo \\"expiry-time=1\\"" ssh-rsa AAAA an', "an", None),
        ('environment="X=expiry-time=20270101" ssh-rsa AAAA', "", None),
        ("what is this", "", None),
    ],
)
def test_keys_and_their_end(line: str, owner: str, end: date | None) -> None:
    text = f"an # a remark\nan \nan {line}\n"
    (key,) = keys(answers({host_accounts.KEYS: text}))
    assert (key.account, key.owner, key.end) == ("an", owner, end)


def test_members_of_a_group_that_is_not_there() -> None:
    ask = answers({host_accounts.GROUPS: "sudo:x:27:debian\nbreak-glass:x:900:an,binh\n"})
    assert members(ask, "break-glass") == {"an", "binh"}
    assert members(ask, "wheel") == set()
