"""What somebody added by hand to a system's networks: the engine cannot see what it did not make."""

from __future__ import annotations

from typing import Any

from openstack.connection import Connection

from hatang.provision.cloud import guarded
from hatang.provision.state import StateFile

ROUTER = "network:router_interface"
Found = dict[str, str]  # kind, id, what


def find(connection: Connection, state: StateFile) -> list[Found]:
    """Rules in the system's own security groups, ports on its networks, public addresses, that no stack made."""
    found = guarded(lambda: _rules(connection, state) + _ports(connection, state) + _addresses(connection, state))
    return sorted(found, key=lambda f: f["what"])


def remove(connection: Connection, found: Found) -> None:
    """Remove one of these; gone already is as good."""
    network: Any = connection.network
    if found["kind"] == "SecGroupRule":
        guarded(lambda: network.delete_security_group_rule(found["id"], ignore_missing=True))
        return
    if found["kind"] == "FloatingIp":
        guarded(lambda: network.delete_ip(found["id"], ignore_missing=True))
        return
    if found["kind"] == "Binding":  # the address is another project's, and stays that
        if guarded(lambda: network.find_ip(found["id"])) is not None:
            guarded(lambda: network.update_ip(found["id"], port_id=None))
        return
    port = guarded(lambda: network.find_port(found["id"]))
    if port is not None and port.device_owner == ROUTER:
        guarded(lambda: network.remove_interface_from_router(port.device_id, port=port.id))
    guarded(lambda: network.delete_port(found["id"], ignore_missing=True))


def _rules(connection: Connection, state: StateFile) -> list[Found]:
    resources = state.resources()
    groups = {r.id: str(r.outputs.get("name")) for r in resources if r.type.endswith(":SecGroup")}
    ours = {r.id for r in resources if r.type.endswith(":SecGroupRule")}
    # With their groups in one request: Neutron takes far longer to list rules by themselves.
    listed: Any = connection.network.security_groups(id=list(groups)) if groups else ()
    return [
        {"kind": "SecGroupRule", "id": str(rule["id"]), "what": f"{groups[group.id]}: {_text(rule)}"}
        for group in listed
        for rule in group.security_group_rules
        if rule["id"] not in ours
    ]


def _ports(connection: Connection, state: StateFile) -> list[Found]:
    resources = state.resources()
    networks = {r.id: str(r.outputs.get("name")) for r in resources if r.type.endswith(":Network")}
    ours = {r.id for r in resources if r.type.endswith((":Port", ":RouterInterface"))}
    listed: Any = connection.network.ports(network_id=list(networks)) if networks else ()
    return [
        {
            "kind": "Port",
            "id": str(port.id),
            "what": f"{networks[port.network_id]}: port {port.name or port.id} {_standing(port)}",
        }
        for port in listed
        # Neutron's own agents (DHCP, metadata) stand on a network too; a foreign router's leg is no such thing.
        if port.id not in ours and ((owner := port.device_owner or "") == ROUTER or not owner.startswith("network:"))
    ]


def _addresses(connection: Connection, state: StateFile) -> list[Found]:
    resources = state.resources()
    projects = {r.id for r in resources if r.type.endswith(":Project")}
    ports = {r.id: str(r.outputs.get("name")) for r in resources if r.type.endswith(":Port")}
    ours = {r.id for r in resources if r.type.endswith(":FloatingIp")}
    return [
        {
            "kind": "FloatingIp" if ip.project_id in projects else "Binding",
            "id": str(ip.id),
            "what": f"public address {ip.floating_ip_address} to {ports.get(ip.port_id, ip.port_id)}",
        }
        for ip in connection.network.ips()
        # One that leads nowhere does no harm; it goes with the system.
        if ip.port_id and ip.id not in ours and (ip.project_id in projects or ip.port_id in ports)
    ]


def _standing(port: Any) -> str:
    return ", ".join(f["ip_address"] for f in port.fixed_ips)


def _text(rule: dict[str, Any]) -> str:
    """A rule as Neutron's API tells it, in a line."""
    first, last = rule["port_range_min"], rule["port_range_max"]
    ports = "" if first is None else f" port {first}"
    ports += "" if last in (None, first) else f"–{last}"
    kind = f"{rule['direction']} {rule['ethertype']} {rule['protocol'] or 'any'}"
    return f"{kind}{ports} {rule['remote_ip_prefix'] or 'anywhere'}"
