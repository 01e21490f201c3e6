"""What in the cloud differs from policy and may be why a probe got through: named, with the object that is wrong.

Read from Neutron and Keystone after the probes. It never decides what is expected; it says where to look.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hatang.model.site import Site
from hatang.policies.checks.expected import CheckedSystem
from hatang.policies.checks.live_cloud import Live, facts
from hatang.policies.checks.live_roles import misplaced
from hatang.registry import Registry, SystemRecord

if TYPE_CHECKING:
    from openstack.connection import Connection


@dataclass(frozen=True)
class Cause:
    """One thing in the cloud that policy does not know of."""

    system: str
    kind: str  # as in words.kinds
    what: str


CLOSED = ("public-address-missing",)  # kinds that a suspended system, whose ways are closed, rightly shows


def causes(cloud: Connection, site: Site, registry: Registry, records: Sequence[SystemRecord]) -> list[Cause]:
    """All such things of these systems."""
    found: list[Cause] = []
    for record in records:
        name = record.spec.name
        system = CheckedSystem(
            record.spec, record.agency, record.allocation, site, {},
            registry.remote_ids("system", name), registry.remote_ids("agency", record.agency.code), ways=record.ways,
        )  # fmt: skip
        live = Live(cloud, system)
        for look in LOOKS:
            seen = [Cause(name, kind, what) for kind, what in look(live)]
            found += [c for c in seen if not (record.held and c.kind in CLOSED)]
    return found


def rule_ports(cloud: Connection) -> set[int]:
    """First and last port of every rule that the cloud holds: probed too, so that a rule by hand shows in packets."""
    found: set[int] = set()
    for group in cloud.network.security_groups():  # with their rules: a list of rules takes twenty times as long
        for rule in group.security_group_rules:
            if rule["protocol"] in ("tcp", "6"):
                found |= {p for p in (rule["port_range_min"], rule["port_range_max"]) if p}
    return found


def _rules(live: Live) -> list[tuple[str, str]]:
    found = []
    for zone, rules in live.wanted_rules().items():
        group = live.groups.get(f"{live.system.name}-{zone}")
        if group is None:
            found.append(("group-missing", f"zone {zone} has no security group"))
            continue
        wanted, there = {r.facts for r in rules}, {facts(r) for r in group.security_group_rules}
        for kind, facts_ in (("rule-added", there - wanted), ("rule-missing", wanted - there)):
            found += [(kind, f"group {group.name}: {live.told(zone, f)}") for f in sorted(facts_, key=str)]
    return found


def _ports(live: Live) -> list[tuple[str, str]]:
    found = []
    names = {g.id: g.name for g in live.groups.values()}
    for port in live.server_ports:
        label = port.name or port.id
        own = live.groups.get(f"{live.system.name}-{live.zone_of(port.network_id)}")
        carried = list(port.security_group_ids or ())
        if own is None or carried != [own.id]:
            found.append(
                ("port-groups", f"port {label}: in {', '.join(names.get(g, g) for g in carried) or 'no group'}")
            )
        if port.is_port_security_enabled is False:
            found.append(("port-security", f"port {label}: port security is off"))
        for pair in port.allowed_address_pairs or ():
            found.append(("address-pair", f"port {label}: may send as {pair['ip_address']}"))
    return found


def _networks(live: Live) -> list[tuple[str, str]]:
    found = [("shared-network", f"network {n.name}: shared") for n in live.networks.values() if n.is_shared]
    own = {n.id: n.name for n in live.networks.values()}
    for grant in live.cloud.network.rbac_policies(object_type="network"):
        if grant.object_id in own:
            target = grant.target_project_id
            found.append(("network-granted", f"network {own[grant.object_id]}: {grant.action} for {target}"))
    for network, name in own.items():
        for port in live.cloud.network.ports(network_id=network):
            if port.project_id not in ("", live.project_id) and not (port.device_owner or "").startswith("network:"):
                found.append(
                    ("foreign-port", f"network {name}: port {port.name or port.id} of project {port.project_id}")
                )
    return found


def _routers(live: Live) -> list[tuple[str, str]]:
    found = []
    own = {n.id for n in live.networks.values()}
    outside = {n.id for n in live.cloud.network.networks(is_router_external=True)}
    assert live.system.allocation is not None
    wanted = {str(live.system.allocation.bastion_address)}
    for router in live.routers:
        for route in router.routes or ():
            found.append(("route", f"router {router.name}: {route['destination']} via {route['nexthop']}"))
    found += [("way-missing", what) for what in live.missing_ways()]
    legs = [p for p in live.router_ports if p.network_id not in own | outside]
    for address in sorted({ip["ip_address"] for p in legs for ip in p.fixed_ips} - wanted):
        found.append(("router-leg", f"a router of the project stands at {address}"))
    found += _at_services(live, outside)
    if len(live.routers) != 1:
        found.append(("routers", f"{len(live.routers)} routers instead of one"))
    return found


def _at_services(live: Live, outside: Collection[str]) -> list[tuple[str, str]]:
    """Whoever stands on an external network where a shared service answers: what hosts send there goes astray."""
    services = {str(a) for a in live.system.site.services.addresses}
    found = [
        (port, ip["ip_address"])
        for network in sorted(outside)
        for port in live.cloud.network.ports(network_id=network)
        for ip in port.fixed_ips
        if ip["ip_address"] in services
    ]
    routers = {r.id: r.name for r in live.cloud.network.routers()} if found else {}
    return [
        ("service-address", f"{routers.get(port.device_id) or port.name or port.id} stands at {address}")
        for port, address in found
    ]


def _addresses(live: Live) -> list[tuple[str, str]]:
    """Public addresses: those that the registry gave, each to its host. A network that left its branch's scope can be
    routed to from any branch."""
    ports = {p.id: p.name or p.id for p in live.zone_ports}
    right = {ip.floating_ip_address for ip in live.floating_ips if live.is_given(ip)}
    found = [
        ("public-address", f"{ip.floating_ip_address} leads to port {ports.get(ip.port_id, '-')}")
        for ip in live.floating_ips
        if not live.is_given(ip)
    ]
    found += [
        ("public-address-missing", f"{address} does not lead to {live.system.spec.server_name(h.name)} at {h.address}")
        for address, h in sorted(live.given.items())
        if address not in right
    ]
    scopes = {s.id: s.name for s in live.cloud.network.address_scopes()}
    branch = live.system.agency.branch.value
    for name, network in live.networks.items():
        for version, scope in ((4, network.ipv4_address_scope_id), (6, network.ipv6_address_scope_id)):
            if scopes.get(scope or "") != f"{branch}-{version}":
                there = scopes.get(scope or "", "none")
                found.append(("address-scope", f"network {name}: address scope {there} instead of {branch}-{version}"))
    return found


def _roles(live: Live) -> list[tuple[str, str]]:
    return [("role-granted", fault) for fault in misplaced(live)]


LOOKS: tuple[Callable[[Live], list[tuple[str, str]]], ...] = (_rules, _ports, _networks, _routers, _addresses, _roles)


def connect(settings: Any) -> Connection:
    """The cloud as the platform's automation. Raises CloudError."""
    from hatang.provision.cloud import Cloud

    return Cloud(settings).connection
