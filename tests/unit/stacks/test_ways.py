"""What interconnects want of a system's stack: exactly their rules, routes and one leg, for both IP versions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hatang.errors import StepError
from hatang.model.interconnect import Interconnect
from hatang.policies.rules.resources import Planned, snake, violations
from hatang.policies.rules.ways import routes_of_ways, rules_of_ways
from hatang.provision import configs
from hatang.provision.limits import limits
from hatang.provision.plan import Plan
from tests.unit.stacks.recorded import (
    ROLES,
    Made,
    record_joined,
    record_system,
    site,
    system_config,
    system_record,
    way,
)


def _more(made: list[Made]) -> list[Made]:
    before = {(m.type, m.name) for m in record_system(3)}
    return [m for m in made if (m.type, m.name) not in before]


def test_a_system_without_ways_declares_what_it_did_before() -> None:
    assert _more(record_joined()) == []
    assert _more(record_joined(way(lapsed="expired on 2026-01-01"))) == [], "what is over is not wanted"


def test_the_side_that_begins_gets_a_leg_routes_and_rules_outwards() -> None:
    made = {m.name: m.inputs for m in _more(record_joined(way()))}
    assert made.pop("ways") == {}
    leg = made.pop("ways-port")
    assert (leg["networkId"], leg["tenantId"]) == ("ways", "bastion-project"), "the platform's, not the agency's"
    assert [f["ipAddress"] for f in leg["fixedIps"]] == ["10.75.254.10", "2001:db8:c000::a"]
    assert made.pop("ways-interface")["portId"] == "id-ways-port"
    routes = {k: made.pop(k) for k in list(made) if k.startswith("ways-route-")}
    assert {(r["destinationCidr"], r["nextHop"]) for r in routes.values()} == {
        ("10.72.8.10/32", "10.75.254.11"), ("2001:db8:c000:40::a/128", "2001:db8:c000::b"),
    }  # fmt: skip
    assert {
        (r["direction"], r["ethertype"], r["protocol"], r["portRangeMin"], r["portRangeMax"], r["remoteIpPrefix"],
         r["securityGroupId"]) for r in made.values()
    } == {
        ("egress", version, "tcp", port, port, far, "id-group-application-group")
        for version, far in (("IPv4", "10.72.8.10/32"), ("IPv6", "2001:db8:c000:40::a/128")) for port in (8443, 9443)
    }  # fmt: skip


def test_the_side_that_is_called_gets_rules_inwards_and_a_route_back() -> None:
    rules = rules_of_ways("kia", [way()])
    assert set(rules) == {"dmz"}
    near = way().source.networks
    assert {(r.direction, r.port, r.remote) for r in rules["dmz"]} == {
        ("ingress", port, str(n)) for n in near for port in (8443, 9443)
    }
    assert routes_of_ways("kia", [way()]) == {str(near[0]): "10.75.254.10", str(near[1]): "2001:db8:c000::a"}


def test_two_ways_that_want_the_same_want_it_once() -> None:
    both = record_joined(way(), way("w2", ports=[9443, 10443]))
    names = [m.name for m in both]
    assert len(names) == len(set(names))
    assert len([n for n in names if "egress-tcp-9443" in n and n.startswith("ways-")]) == 2, "one per IP version"


def test_a_route_to_a_zone_stands_for_those_to_its_hosts() -> None:
    zone = way().model_dump(mode="json")
    zone["destination"]["networks"] = ["10.72.8.0/26", "2001:db8:c000:40::/64"]
    zone["id"] = "w2"
    routes = routes_of_ways("thu", [way(), way(**zone)])
    assert set(routes) == {"10.72.8.0/26", "2001:db8:c000:40::/64"}


def test_ways_are_no_part_of_what_the_systems_own_request_wants() -> None:
    def plan(*ways: Interconnect) -> Plan:
        record = replace(system_record(), ways=ways)
        return Plan("thu", system_config(record).model_dump(mode="json"), "", {}, [], False).seal()

    assert plan().intent == plan(way()).intent
    assert plan().digest != plan(way()).digest, "but apply carries out exactly one of them"


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_the_policy_pack_lets_narrow_ways_pass(level: int) -> None:
    made = record_joined(way(), level=level)
    planned = [Planned(m.type, m.name, snake(m.inputs)) for m in made]
    assert violations(planned, limits(site(), ROLES)) == []


def test_a_landing_without_the_network_is_told_so() -> None:
    landing = {"branches": {"committee": {}}, "bastion_project_id": "p"}
    with pytest.raises(StepError, match="no interconnect network for branch committee"):
        configs.ways(replace(system_record(), ways=(way(),)), landing)
