"""Who may talk to whom within a system, what its servers may reach, and over which protocols. Read from Neutron."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest

from hatang.policies.checks.expected import CheckedSystem
from hatang.policies.checks.live_cloud import Live, facts
from hatang.policies.checks.live_rules import each_rule, lies_in, overlaps, prefix_of, told
from hatang.policies.rules.services import CLEAR_TEXT, reached

HTTPS = 443


@pytest.mark.control("NET-12")
def test_neighbours_are_apart(value: Any, system: CheckedSystem, live: Live) -> None:
    """Each server is a segment: no neighbour in its zone reaches it, and what enters names one service."""
    assert system.allocation is not None, "the system has no addresses"
    own = {f"{system.name}-{z.kind.value}": (z.cidr, z.cidr_v6) for z in system.allocation.zones}
    faults = []
    for name, rule in each_rule(live, "ingress"):
        prefix, port = prefix_of(rule), facts(rule)[3]
        if prefix is None:
            faults.append(f"{told(name, rule)}: a group, so whoever joins it gets in")
        elif overlaps(prefix, own.get(name, ())):
            faults.append(f"{told(name, rule)}: neighbours in the zone get in")
        elif "icmp" not in facts(rule)[2] and (port is None or port < 0):
            faults.append(f"{told(name, rule)}: more than one service")
    assert not faults, "; ".join(faults)


@pytest.mark.control("SAC-11")
def test_only_needed_places_are_reached(value: Any, system: CheckedSystem, live: Live) -> None:
    """What leaves a zone goes to the places and ports that the matrix gives that zone, and nowhere else."""
    wanted = {f"{system.name}-{z}": {r.facts for r in rules} for z, rules in live.wanted_rules().items()}
    faults = [told(n, r) for n, r in each_rule(live, "egress") if facts(r) not in wanted.get(n, set())]
    assert not faults, "not needed: " + "; ".join(faults)


@pytest.mark.control("NET-22")
def test_no_service_in_clear(value: Any, system: CheckedSystem, live: Live) -> None:
    """No rule lets a protocol through that carries administration or copies in clear; the cloud's API speaks TLS."""
    faults = []
    for name, rule in each_rule(live):
        low, high = rule.get("port_range_min"), rule.get("port_range_max")
        if low is not None and (found := reached(CLEAR_TEXT, rule.get("protocol"), low, high)):
            faults.append(f"{told(name, rule)}: {', '.join(found)}")
    identity: Any = live.cloud.identity
    for endpoint in identity.endpoints():
        # What stays on this machine crosses no network.
        if not endpoint.url.startswith(("https://", "http://127.0.0.1", "http://localhost", "http://[::1]")):
            faults.append(f"the cloud's API answers in clear at {endpoint.url}")
    assert not faults, "; ".join(sorted(faults))


@pytest.mark.control("TSL-02")
def test_state_network_reaches_published_services_alone(value: Any, system: CheckedSystem, live: Live) -> None:
    """From the state data network, and from the zone that faces it, only the DMZ is reached; branches are apart."""
    assert system.allocation is not None, "the system has no addresses"
    facing = [p for z in system.allocation.zones if z.kind.value == "wan" for p in (z.cidr, z.cidr_v6)]
    outside = [ip_network(str(e.cidr)) for e in system.site.external_networks if e.purpose == "tslcd"]
    faults = []
    for name, rule in each_rule(live, "ingress"):
        prefix = prefix_of(rule)
        if system.spec.public and name == f"{system.name}-border" and facts(rule)[2:4] == ("tcp", HTTPS):
            continue  # the public way in, for everybody
        if prefix is not None and overlaps(prefix, outside):
            faults.append(f"{told(name, rule)}: the state data network gets in")
        elif name != f"{system.name}-dmz" and lies_in(prefix, facing):
            faults.append(f"{told(name, rule)}: the wide-area zone gets past the DMZ")
    scopes = {s.id: s.name for s in live.cloud.network.address_scopes()}
    for network in live.networks.values():
        found = {scopes.get(network.ipv4_address_scope_id or ""), scopes.get(network.ipv6_address_scope_id or "")}
        if live.zone_of(network.id) in {z.kind.value for z in system.allocation.zones} and found != {
            f"{system.agency.branch.value}-{v}" for v in (4, 6)
        }:
            faults.append(f"{network.name} is outside its branch's address scopes: other branches may be routed to it")
    assert not faults, "; ".join(faults)
