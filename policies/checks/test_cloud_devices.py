"""On a system's networks: ports that nobody uses, devices that nobody asked for. Read from Neutron and Nova."""

from __future__ import annotations

from typing import Any

import pytest

from hatang.policies.checks.expected import CheckedSystem
from hatang.policies.checks.live_cloud import Live

GATEWAY = ("network:router_interface", "network:router_gateway")


def _where(live: Live, port: Any) -> str:
    zone = live.zone_of(port.network_id)
    addresses = ", ".join(ip["ip_address"] for ip in port.fixed_ips)
    return f"{port.name or port.id} ({addresses}) {'in zone ' + zone if zone else 'outside the zones'}"


@pytest.mark.control("MON-04")
def test_unused_ports_are_off(value: Any, system: CheckedSystem, live: Live) -> None:
    """A port that no device uses is switched off."""
    idle = [p for p in live.zone_ports if not p.device_id and p.is_admin_state_up]
    assert not idle, f"ports that nothing uses and that are on: {', '.join(_where(live, p) for p in idle)}"


@pytest.mark.control("AST-03")
def test_no_foreign_device(value: Any, system: CheckedSystem, live: Live) -> None:
    """Every port is a server's at its planned address, or a leg of the system's router; no server was not asked for."""
    assert system.allocation is not None, "the system has no addresses"
    planned = {str(h.address): system.spec.server_name(h.name) for h in system.allocation.hosts}
    asked = set(planned.values())
    servers = {s.id: s.name for s in live.cloud.compute.servers(all_projects=True, project_id=live.project_id)}
    routers = {r.id for r in live.routers}
    faults = [f"server {name}, which nobody asked for" for name in servers.values() if name not in asked]
    for port in live.zone_ports:
        owner = port.device_owner or ""
        if owner in GATEWAY and port.device_id in routers:
            continue
        if owner.startswith("network:") and owner not in GATEWAY:
            continue  # Neutron's own agents: DHCP, metadata
        names = {planned.get(ip["ip_address"]) for ip in port.fixed_ips} - {None}
        if not names or names != {servers.get(port.device_id)}:
            faults.append(f"port {_where(live, port)}")
    assert not faults, "foreign: " + "; ".join(faults)
