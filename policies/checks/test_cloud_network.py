"""The network of a system: zones, flows between them, ways out. Read from Neutron as it is now."""

from __future__ import annotations

from typing import Any

import pytest

from hatang.policies.checks.expected import CheckedSystem
from hatang.policies.checks.live_cloud import ANYWHERE, Live, facts, words

DIRECTIONS = {"in": "ingress", "out": "egress"}
HTTPS = 443


@pytest.mark.control("NET-01")
def test_zones_of_level(value: Any, system: CheckedSystem, live: Live) -> None:
    """Every zone that the level demands is a network of its own, with its subnets, on the system's router."""
    assert system.allocation is not None, "the system has no addresses"
    planned = {z.kind.value: {str(z.cidr), str(z.cidr_v6)} for z in system.allocation.zones}
    routed = {ip["subnet_id"] for p in live.router_ports for ip in p.fixed_ips}
    for zone in value:
        network = live.networks.get(f"{system.name}-{zone}")
        assert network is not None, f"zone {zone} is missing"
        assert network.is_admin_state_up, f"zone {zone} is switched off"
        subnets = [s for s in live.subnets if s.network_id == network.id]
        assert {s.cidr for s in subnets} == planned[zone], f"zone {zone} has other subnets than planned"
        assert {s.id for s in subnets} <= routed, f"zone {zone} is not on the router"
    strange = sorted(set(live.networks) - {f"{system.name}-{z}" for z in planned})
    assert not strange, f"networks that are no zone: {', '.join(strange)}"


@pytest.mark.control("HST-02")
def test_security_groups_match_matrix(value: Any, system: CheckedSystem, live: Live) -> None:
    """The group of each zone holds the rules of the matrix and of interconnects in force, no more and no less; one that
    is past its last day is named. Each server stands in its zone's group."""
    faults = []
    for zone, rules in live.wanted_rules().items():
        group = live.groups.get(f"{system.name}-{zone}")
        assert group is not None, f"zone {zone} has no security group"
        wanted, there = {r.facts for r in rules}, {facts(r) for r in group.security_group_rules}
        faults += [f"{zone}: not in the matrix: {live.told(zone, f)}" for f in sorted(there - wanted, key=str)]
        faults += [f"{zone}: missing: {live.told(zone, f)}" for f in sorted(wanted - there, key=str)]
    for port in live.server_ports:
        own = live.groups.get(f"{system.name}-{live.zone_of(port.network_id)}")
        if own is None or list(port.security_group_ids or ()) != [own.id]:
            faults.append(f"port {port.name}: not in its zone's security group alone")
        if port.is_port_security_enabled is False:
            faults.append(f"port {port.name}: port security is off")
        if port.allowed_address_pairs:
            faults.append(f"port {port.name}: may use other addresses than its own")
    assert not faults, "; ".join(faults)


@pytest.mark.control("SAC-13")
def test_default_deny(value: Any, system: CheckedSystem, live: Live) -> None:
    """No rule opens a direction that the level closes: none from or to anywhere, none for every protocol."""
    faults = []
    for name, group in live.used_groups().items():
        for rule in group.security_group_rules:
            fact = facts(rule)
            if fact[0] not in [DIRECTIONS[d] for d in value]:
                continue
            public = system.spec.public and name == f"{system.name}-border" and fact[2:4] == ("tcp", HTTPS)
            if (fact[4] in ANYWHERE and not public) or not fact[2]:
                faults.append(f"{name}: {words(fact)}")
    assert not faults, "open: " + "; ".join(faults)


@pytest.mark.control("SAC-04")
def test_no_public_address_outside_border(value: Any, system: CheckedSystem, live: Live) -> None:
    """Public addresses lead to the border zone only, each to the host that the registry gave it to; a system that is
    not public has none. Only a public system has a gateway to the Internet."""
    border = live.networks.get(f"{system.name}-border")
    public = {n.id: n.name for n in live.cloud.network.networks(is_router_external=True)}
    ports = {p.id: p for p in live.zone_ports}
    faults = []
    for ip in live.floating_ips:
        port, address = ports.get(ip.port_id), ip.floating_ip_address
        label = f"port {port.name or port.id}" if port else f"port {ip.port_id}"
        if not system.spec.public:
            faults.append(f"{address} leads to {label}, the system is not public")
        elif port is None or border is None or port.network_id != border.id:
            faults.append(f"{address} leads past the border zone, to {label}")
        elif not live.is_given(ip):
            faults.append(f"{address} leads to {label}, to which the registry did not give it")
    assert not faults, "; ".join(faults)
    direct = [p.name or p.id for p in live.ports if p.network_id in public]
    assert not direct, f"ports that stand on an outside network: {', '.join(direct)}"
    internet = {e.name for e in system.site.external_networks if e.purpose == "internet"}
    for router in live.routers:
        gateway = public.get((router.external_gateway_info or {}).get("network_id", ""), "")
        assert system.spec.public or gateway not in internet, (
            "the router leads to the Internet, the system is not public"
        )


@pytest.mark.control("HST-01")
def test_system_is_apart(value: Any, system: CheckedSystem, live: Live) -> None:
    """Nothing joins this system's networks with another's: no shared network, no foreign leg of its router."""
    shared = [n.name for n in live.networks.values() if n.is_shared]
    assert not shared, f"networks shared with every project: {', '.join(shared)}"
    own = {n.id for n in live.networks.values()}
    grants = [g for g in live.cloud.network.rbac_policies(object_type="network") if g.object_id in own]
    assert not grants, f"networks granted to others: {', '.join(live.zone_of(g.object_id) for g in grants)}"
    outside = {n.id for n in live.cloud.network.networks(is_router_external=True)}
    assert len(live.routers) == 1, f"{len(live.routers)} routers instead of one"
    assert system.allocation is not None, "the system has no addresses"
    legs = [p for p in live.router_ports if p.network_id not in own | outside]
    addresses = {ip["ip_address"] for p in legs for ip in p.fixed_ips}
    wanted = {str(system.allocation.bastion_address)}
    assert addresses == wanted, (
        f"the router has legs at {', '.join(sorted(addresses - wanted)) or 'no bastion network'}"
    )
    foreign = [p for p in live.zone_ports if p.network_id in own and p.project_id not in ("", live.project_id)]
    strangers = [p.name or p.id for p in foreign if not (p.device_owner or "").startswith("network:")]
    assert not strangers, f"ports of others in this system's networks: {', '.join(strangers)}"
