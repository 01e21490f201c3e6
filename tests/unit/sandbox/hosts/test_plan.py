"""The data plane that Neutron's lists describe."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from hatang.sandbox.hosts import plan, router_text
from hatang.sandbox.hosts.plan import Node, compute, missing_operator_ports, node_from_dict

from .lists import PLATFORM, network, subnet, two_systems, with_address, with_internet


def router(made: plan.Plan, name: str) -> Node:
    """A router of the plan."""
    return next(r for r in made.routers if r.id == name)


def forwards(node: Node) -> list[str]:
    """Rules that let packets through, with ports in place of links."""
    text = router_text.text(node, {leg.port: leg.port for leg in node.legs})
    return [line.strip() for line in text.splitlines() if line.strip().startswith("iifname")]


def allows(node: Node, a: str, b: str) -> bool:
    """Whether packets may go from one port to the other."""
    return any(rule.startswith(f'iifname "{a}" oifname "{b}"') for rule in forwards(node))


def test_a_bridge_per_network_and_a_leg_per_port() -> None:
    made = compute(two_systems())
    assert made.bridges == {"bastion-party", "dmz", "app", "far"}
    assert [leg.port for leg in router(made, "r1").legs] == ["r1a", "r1b", "r1d", "r1e"]
    leg = next(leg for leg in router(made, "r1").legs if leg.port == "r1d")
    assert (leg.network, leg.mtu, leg.addresses, leg.scopes) == ("dmz", 1400, ("10.1.1.1/26",), ((4, "scope-a"),))


def test_operator_reaches_every_network_behind_a_router_on_its_bastion_network() -> None:
    made = compute(two_systems())
    assert made.operator.legs[0].addresses == ("10.1.0.250/24",)
    assert made.operator.routes == (
        ("10.1.1.0/26", "10.1.0.10"),
        ("10.1.2.0/26", "10.1.0.10"),
        ("10.1.9.0/26", "10.1.0.11"),
    )


def test_operator_gets_no_route_by_an_external_gateway() -> None:
    made = compute(with_internet(two_systems(), snat=True))
    assert not [r for r in made.operator.routes if r[0].startswith("192.0.2")]


def test_forwarding_needs_one_scope_and_one_ip_version() -> None:
    lists = two_systems()
    assert allows(router(compute(lists), "r1"), "r1d", "r1a")
    assert not allows(router(compute(lists), "r1"), "r1e", "r1a"), "no common IP version"
    lists.subnets[3]["subnetpool_id"] = "pool-b"
    assert not allows(router(compute(lists), "r1"), "r1d", "r1a"), "another scope"
    lists.subnets[3]["subnetpool_id"] = None
    assert not allows(router(compute(lists), "r1"), "r1d", "r1a"), "in a scope and in none"
    lists.subnets[1]["subnetpool_id"] = None
    assert allows(router(compute(lists), "r1"), "r1d", "r1a"), "both in none, as in Neutron"


def test_a_router_drops_what_no_rule_lets_through() -> None:
    node = router(compute(two_systems()), "r1")
    assert "policy drop" in router_text.text(node, {leg.port: leg.port for leg in node.legs})


@pytest.mark.parametrize("snat", [True, False])
def test_outwards_goes_what_is_masqueraded(snat: bool) -> None:
    node = router(compute(with_internet(two_systems(), snat)), "r1")
    assert ("0.0.0.0/0", "192.0.2.1") in node.routes
    assert allows(node, "r1d", "r1g") is snat
    assert not allows(node, "r1g", "r1d"), "nothing comes in by itself"
    assert ("masquerade" in router_text.text(node, {leg.port: leg.port for leg in node.legs})) is snat


def test_extra_routes_are_the_routers() -> None:
    lists = two_systems()
    lists.routers[1]["routes"] = [{"destination": "10.50.0.0/16", "nexthop": "10.1.9.5"}]
    assert router(compute(lists), "r2").routes == (("10.50.0.0/16", "10.1.9.5"),)


def test_what_is_down_is_not_there() -> None:
    lists = two_systems()
    assert "web" in compute(lists).plugged
    lists.ports[-1]["admin_state_up"] = False
    lists.ports[4]["admin_state_up"] = False
    lists.routers[1]["admin_state_up"] = False
    made = compute(lists)
    assert "web" not in made.plugged
    assert [leg.port for leg in router(made, "r1").legs] == ["r1b", "r1d", "r1e"]
    assert [r.id for r in made.routers] == ["r1"]
    lists.networks[1]["admin_state_up"] = False
    assert [leg.port for leg in router(compute(lists), "r1").legs] == ["r1b"], "nor are ports of a network that is down"


def test_operator_takes_bastion_networks_of_the_platform_only() -> None:
    lists = two_systems()
    lists.networks.extend([network("bastion-mine"), network("bastion-bare", project_id=PLATFORM)])
    lists.subnets.append(subnet("sm", "bastion-mine", "10.66.0.0/24"))
    assert missing_operator_ports(lists, {PLATFORM}) == [], "one has its port, one is a tenant's, one has no subnet"
    lists.subnets.append(subnet("sn", "bastion-bare", "10.67.0.0/24"))
    assert missing_operator_ports(lists, {PLATFORM}) == ["bastion-bare"]
    assert missing_operator_ports(lists, set()) == []


def test_a_node_on_record_equals_the_one_that_was_written() -> None:
    made = [*compute(with_internet(two_systems(), snat=True)).routers, compute(two_systems()).operator]
    made += compute(with_address(two_systems())).routers
    for node in made:
        assert node_from_dict(json.loads(json.dumps(asdict(node)))) == node
