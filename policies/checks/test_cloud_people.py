"""How people log in to the cloud: those who administer a system, and everybody of its agency. Read from Keystone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from hatang.policies.checks.expected import CheckedSystem
from hatang.policies.checks.live_cloud import Live

FACTORS = {"password": "knowledge", "totp": "possession", "x509": "possession", "mapped": "directory"}
ADMINISTERS = ("admin", "manager", "member")


def _without_second_factor(users: Iterable[Any]) -> list[str]:
    """Those who can log in with one factor alone, with the reason."""
    found = []
    for user in users:
        options = user.options or {}
        rules = options.get("multi_factor_auth_rules") or []
        if not user.is_enabled:
            continue
        if not options.get("multi_factor_auth_enabled"):
            found.append(f"{user.name} logs in with a password alone")
        elif not rules:  # Keystone then asks for no more than one method
            found.append(f"{user.name} has no rule of several factors")
        elif weak := [r for r in rules if len({FACTORS.get(m, m) for m in r}) < 2]:
            found.append(f"{user.name} may log in with {' and '.join(weak[0]) or 'nothing'} alone")
    return sorted(found)


@pytest.mark.control("AUT-09")
def test_administrators_use_several_factors(value: Any, system: CheckedSystem, live: Live) -> None:
    """Whoever may change the system in the cloud, of the agency or of the platform, gives two different factors."""
    identity: Any = live.cloud.identity
    names = {r.id: r.name for r in identity.roles()}
    platform = (p.domain_id for p in live.platform_projects.values())
    domains = {system.agency_ids["domain_id"], *system.afar.values(), *platform}
    people = {u.id: u for d in domains for u in identity.users(domain_id=d)}
    chosen: set[str] = set()
    for given in identity.role_assignments():
        if names[given.role["id"]] not in ADMINISTERS:
            continue
        if given.user:
            chosen.add(given.user["id"])
        elif given.group:
            chosen |= {u.id for u in identity.group_users(given.group["id"])}
    weak = _without_second_factor(people[i] for i in chosen if i in people)
    assert not weak, "; ".join(weak)


@pytest.mark.control("AUT-10")
def test_everybody_from_outside_uses_several_factors(value: Any, system: CheckedSystem, live: Live) -> None:
    """The agency's people come from outside the data centre: all who can log in give two different factors."""
    identity: Any = live.cloud.identity
    domains = sorted({system.agency_ids["domain_id"], *system.afar.values()})
    weak = _without_second_factor(u for d in domains for u in identity.users(domain_id=d))
    assert not weak, "; ".join(weak)
