"""Limits and rights of a system's project and its agency's domain. Read from Nova, Neutron, Cinder and Keystone."""

from __future__ import annotations

from typing import Any

import pytest

from hatang.policies.checks.expected import CheckedSystem
from hatang.policies.checks.live_cloud import Live

# What counts against a limit. A field that is not here is none that a tenant can use up.
QUOTAS = {
    "compute": ("instances", "cores", "ram", "key_pairs", "metadata_items", "server_groups", "server_group_members"),
    "network": ("networks", "subnets", "ports", "routers", "security_groups", "security_group_rules", "floating_ips"),
    "block_storage": ("volumes", "gigabytes", "per_volume_gigabytes", "snapshots", "backups", "backup_gigabytes"),
}
DOMAIN_ROLES = {"manager", "reader"}
PROJECT_ROLES = {"member", "reader"}
IMPLIED: dict[str, set[str]] = {"manager": {"member"}, "member": {"reader"}, "reader": set()}  # as Keystone begins


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
    identity: Any = live.cloud.identity
    domain = system.agency_ids["domain_id"]
    names = {r.id: r.name for r in identity.roles()}
    projects = {p.id: p.name for p in identity.projects(domain_id=domain)}
    projects |= {p: f"{p} of domain {d}" for p, d in system.afar.items()}
    groups = {g.id: g.name for g in identity.groups(domain_id=domain)}
    users = {u.id: u.name for u in identity.users(domain_id=domain)}
    former = {x.id for d in system.afar.values() for x in (*identity.groups(domain_id=d), *identity.users(domain_id=d))}
    faults = []
    for given in identity.role_assignments():
        role = names[given.role["id"]]
        scope = given.scope or {}
        who = (given.group or given.user or {}).get("id", "")
        ours = who in groups or who in users
        in_domain = scope.get("domain", {}).get("id") == domain
        project = projects.get(scope.get("project", {}).get("id", ""))
        name = groups.get(who) or users.get(who) or who
        if who in former and project:
            faults.append(f"{name}, of the body whose system it was, holds {role} on project {project}")
        if ours and not (in_domain or project):
            faults.append(f"{name} holds {role} outside the agency's domain")
        elif in_domain and (role not in DOMAIN_ROLES or not ours):
            faults.append(f"{name} holds {role} on the agency's domain")
        elif project and role not in (PROJECT_ROLES if ours else {"member"}):
            faults.append(f"{name} holds {role} on project {project}")
    for line in identity.get("/role_inferences").json()["role_inferences"]:
        role = line["prior_role"]["name"]
        more = {r["name"] for r in line["implies"]} - IMPLIED.get(role, set())
        if role in IMPLIED and more:
            faults.append(f"role {role} brings {', '.join(sorted(more))} with it")
    assert not faults, "; ".join(sorted(faults))
