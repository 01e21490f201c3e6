"""The data centre's own projects for logs and backup: apart from every system. Read from Keystone, Neutron, Cinder."""

from __future__ import annotations

from typing import Any

import pytest

from hatang.policies.checks.expected import CheckedSystem
from hatang.policies.checks.live_cloud import PLATFORM, Live


def _apart(live: Live, name: str) -> list[str]:
    """What joins a project of the platform, or its network, with anything else."""
    identity: Any = live.cloud.identity
    network: Any = live.cloud.network
    project = live.platform_projects.get(name)
    if project is None:
        return [f"the domain {PLATFORM} has no project {name}"]
    faults = [] if project.is_enabled else [f"project {name} is switched off"]
    staff = {g.id for g in identity.groups(domain_id=project.domain_id)}
    staff |= {u.id for u in identity.users(domain_id=project.domain_id)}
    machine = live.cloud.current_user_id  # the automation, which hatang works as
    for given in identity.role_assignments(scope_project_id=project.id):
        who = (given.group or given.user or {}).get("id", "")
        if who not in staff and who != machine:
            faults.append(f"somebody from outside the platform holds a role on project {name}")
    planned = {str(n.cidr) for n in live.system.site.platform_networks if n.name == name}
    networks = list(network.networks(project_id=project.id, name=name))
    if len(networks) != 1:
        return [*faults, f"{len(networks)} networks {name} in the platform's project, not one"]
    found = networks[0]
    if {s.cidr for s in network.subnets(network_id=found.id)} != planned:
        faults.append(f"network {name} has other subnets than planned")
    if found.is_shared or found.is_router_external or list(network.rbac_policies(object_id=found.id)):
        faults.append(f"network {name} is open to other projects")
    foreign = [p for p in network.ports(network_id=found.id) if p.project_id not in ("", project.id)]
    faults += [f"port {p.name or p.id} of another project stands on network {name}" for p in foreign]
    return faults


@pytest.mark.control("LOG-17")
def test_logs_are_apart_and_encrypted(value: Any, system: CheckedSystem, live: Live) -> None:
    """Logs have a project and a network of their own, no system holds the log store, and no volume there is plain."""
    faults = _apart(live, "logging")
    log = system.site.services.log_server
    faults += [f"the log store {log} stands among the systems of {b.branch.value}" for b in system.site.branches
               if log in b.prefix]  # fmt: skip
    project, storage = live.platform_projects.get("logging"), live.cloud.block_storage
    if project is not None:
        limits = storage.get_quota_set(project.id).to_dict()
        plain = [t for t in live.volume_types if not live.encryption(t).provider]
        faults += [f"volumes of type {t}, which does not encrypt, can be made for logs" for t in plain
                   if limits.get(f"volumes_{t}", -1) != 0]  # fmt: skip
        volumes = [v for v in storage.volumes(all_projects=True) if v.project_id == project.id]
        faults += [f"volume {v.name or v.id} for logs is not encrypted" for v in volumes if not v.is_encrypted]
    assert not faults, "; ".join(faults)


@pytest.mark.control("BKP-06")
def test_backup_is_apart(value: Any, system: CheckedSystem, live: Live) -> None:
    """Backup has a project and a network of its own, which no system and nobody from outside the platform reaches."""
    faults = _apart(live, "backup")
    assert not faults, "; ".join(faults)
