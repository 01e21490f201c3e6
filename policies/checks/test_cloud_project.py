"""Limits and rights of a system's project and its agency's domain. Read from Nova, Neutron, Cinder and Keystone."""

from __future__ import annotations

from typing import Any

import pytest

from hatang.policies.checks.expected import CheckedSystem
from hatang.policies.checks.live_cloud import Live
from hatang.policies.checks.live_roles import implied, misplaced

# What counts against a limit. A field that is not here is none that a tenant can use up.
QUOTAS = {
    "compute": ("instances", "cores", "ram", "key_pairs", "metadata_items", "server_groups", "server_group_members"),
    "network": ("networks", "subnets", "ports", "routers", "security_groups", "security_group_rules", "floating_ips"),
    "block_storage": ("volumes", "gigabytes", "per_volume_gigabytes", "snapshots", "backups", "backup_gigabytes"),
}
TYPE_QUOTAS = ("volumes", "gigabytes", "snapshots")  # and the name of each volume type


@pytest.mark.control("HST-01")
def test_quotas_are_complete(value: Any, system: CheckedSystem, live: Live) -> None:
    """Every resource that a tenant can use up has a limit, and volume types of other levels cannot be used at all."""
    cloud = live.cloud
    found = {
        "compute": cloud.compute.get_quota_set(live.project_id),
        "network": cloud.network.get_quota(live.project_id),
        "block_storage": cloud.block_storage.get_quota_set(live.project_id),
    }
    open_ = []
    for service, fields in QUOTAS.items():
        limits = found[service].to_dict()
        open_ += [f"{service} {f}" for f in fields if not isinstance(limits.get(f), int) or limits[f] < 0]
    own = system.site.volume_type(system.spec.level).name
    limits, foreign = found["block_storage"].to_dict(), []
    for kind in live.volume_types:
        for field in (f"{f}_{kind}" for f in TYPE_QUOTAS):
            limit = limits.get(field)
            if not isinstance(limit, int) or limit < 0:
                open_.append(f"block_storage {field}")
            elif limit and kind != own:
                foreign.append(f"{field} is {limit}")
    assert not open_, f"without a limit: {', '.join(open_)}"
    assert not foreign, f"volume type of another level: {', '.join(foreign)}"


@pytest.mark.control("ACC-11")
def test_delegation_is_confined(value: Any, system: CheckedSystem, live: Live) -> None:
    """The agency's people hold roles in their own domain alone, and none that reaches beyond it."""
    faults = [*misplaced(live), *implied(live)]
    assert not faults, "; ".join(sorted(faults))
