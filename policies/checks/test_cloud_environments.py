"""Development, test and operation: each a system of its own, with no way from one to another. Read from the cloud."""

from __future__ import annotations

from typing import Any

import pytest

from hatang.policies.checks.expected import CheckedSystem
from hatang.policies.checks.live_cloud import Live
from hatang.policies.checks.live_rules import Prefix, each_rule, lies_in, overlaps, prefix_of, told

TAG = "environment-"


@pytest.mark.control("DEV-04")
def test_environments_are_apart(value: Any, system: CheckedSystem, live: Live) -> None:
    """The project carries its one environment, and no rule leads to or from another system of the site."""
    assert system.allocation is not None, "the system has no addresses"
    identity: Any = live.cloud.identity
    tags = sorted(t for t in identity.get_project(live.project_id).tags if t.startswith(TAG))
    wanted = system.spec.environment.value
    faults = [] if tags == [TAG + wanted] else [f"the project is marked {', '.join(tags) or 'with none'}, not {wanted}"]
    own: list[Prefix] = [system.site.pool(system.agency.branch).bastion]
    own += [p for z in system.allocation.zones for p in (z.cidr, z.cidr_v6)]
    systems: list[Prefix] = [p for b in system.site.branches for p in (b.prefix, b.prefix_v6)]
    for name, rule in each_rule(live):
        prefix = prefix_of(rule)
        if prefix is None or prefix.prefixlen == 0 or lies_in(prefix, own):
            continue  # the whole world is SAC-13's matter
        if overlaps(prefix, systems):
            faults.append(f"{told(name, rule)}: another system of the site")
    assert not faults, "; ".join(faults)
