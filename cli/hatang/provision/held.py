"""A suspended system: nothing of it is reachable, and its agency cannot open it again by itself.

The stack stops servers, closes router and ports, and leaves administrators the role of readers. What the engine cannot
express comes here: servers are locked by the platform, since whoever rules the agency's domain can give roles back.
"""

from __future__ import annotations

from typing import Any

from openstack.connection import Connection

from hatang.provision import deletion
from hatang.provision.cloud import guarded

WHY = "suspended: the platform unlocks it when the system is resumed"
STILL = ("SHUTOFF", "SHELVED", "SHELVED_OFFLOADED", "ERROR")  # states in which a server runs nothing


def lock(connection: Connection, project_id: str) -> int:
    """Lock all servers of a suspended system; returns how many were not locked. Raises CloudError."""
    return deletion.lock_all(connection, project_id, WHY)


def open_ways(connection: Connection, project_id: str) -> list[str]:
    """Servers that run or are not locked, routers and servers' ports that are open, floating addresses.

    Raises:
        CloudError: the cloud does not answer.
    """
    return list(guarded(lambda: _open_ways(connection, project_id)))


def _open_ways(connection: Connection, project_id: str) -> list[str]:
    compute: Any = connection.compute
    network: Any = connection.network
    servers = list(compute.servers(all_projects=True, project_id=project_id))
    found = [f"server {s.name} is {s.status}" for s in servers if s.status not in STILL]
    found += [f"server {s.name} is not locked" for s in servers if not s.is_locked]
    found += [f"router {r.name} is open" for r in network.routers(project_id=project_id) if r.is_admin_state_up]
    found += [
        f"port {p.name or p.id} is open"
        for p in network.ports(project_id=project_id)
        if p.is_admin_state_up and (p.device_owner or "").startswith("compute:")
    ]
    found += [
        f"floating address {a.floating_ip_address} leads to a server"
        for a in network.ips(project_id=project_id)
        if a.port_id
    ]
    return sorted(found)
