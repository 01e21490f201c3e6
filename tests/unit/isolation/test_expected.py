"""What policy says of each probe, and what a proof makes of what happened."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from hatang.catalogue.zones import zone_matrix
from hatang.isolation.causes import Cause
from hatang.isolation.expected import Policy, Probe, Spot, allowed, probes
from hatang.isolation.proof import Proof, Result
from hatang.isolation.prove import _mute
from hatang.isolation.reports import as_html, as_json, as_table
from hatang.model.interconnect import Interconnect
from hatang.model.terms import Level, ZoneKind

ENDS = {"log": frozenset({("198.18.0.20", 6514)}), "mirror": frozenset({("198.18.0.30", 80)})}
ZONES = (ZoneKind.BORDER, ZoneKind.DMZ, ZoneKind.APPLICATION, ZoneKind.DATABASE)


def policy(level: int, public: bool = False) -> Policy:
    """The matrix of a system with four zones."""
    matrix = zone_matrix()
    return Policy(matrix.flows(ZONES, public), matrix.denies_egress(Level(level)), ENDS)


def host(name: str, zone: str, system: str = "one", n: int = 1) -> Spot:
    """A host."""
    return Spot(name, "host", (f"10.0.0.{n}", f"fd00::{n}"), "party", system, zone)


POLICIES = {"one": policy(3), "two": policy(3), "open": policy(2)}
WEB, APP, DB = host("web", "dmz"), host("app", "application", n=2), host("db", "database", n=3)
OTHER = host("other", "application", "two", 4)
BASTION = Spot("bastion-party", "bastion", ("10.9.0.1",), "party")
FOREIGN = Spot("bastion-council", "bastion", ("10.8.0.1",), "council")
SERVICES = {"198.18.0.20": ("log", "store"), "198.18.0.30": ("mirror",)}
OUTSIDE = Spot("outside", "outside", ("198.18.0.1", *SERVICES), services=SERVICES)


@pytest.mark.parametrize(
    ("source", "target", "address", "protocol", "port", "wanted"),
    [
        (WEB, APP, "10.0.0.2", "tcp", 8080, True),
        (WEB, APP, "fd00::2", "tcp", 8080, True),
        (WEB, APP, "10.0.0.2", "udp", 8080, False),
        (WEB, APP, "10.0.0.2", "tcp", 8081, False),
        (APP, WEB, "10.0.0.1", "tcp", 8080, False),
        (WEB, DB, "10.0.0.3", "tcp", 5432, False),
        (APP, DB, "10.0.0.3", "tcp", 5432, True),
        (WEB, OTHER, "10.0.0.4", "tcp", 8080, False),
        (BASTION, DB, "10.0.0.3", "tcp", 22, True),
        (BASTION, DB, "10.0.0.3", "icmp", 0, True),
        (BASTION, DB, "fd00::3", "tcp", 22, False),
        (FOREIGN, DB, "10.0.0.3", "tcp", 22, False),
        (DB, BASTION, "10.9.0.1", "tcp", 22, False),
        (DB, OUTSIDE, "198.18.0.20", "tcp", 6514, True),
        (DB, OUTSIDE, "198.18.0.20", "tcp", 443, False),
        (DB, OUTSIDE, "198.18.0.20", "tcp", 22, False),  # the site names no store
        (DB, OUTSIDE, "198.18.0.20", "tcp", 80, False),  # the mirror's port, and another's address
        (DB, OUTSIDE, "198.18.0.30", "tcp", 80, True),
        (DB, OUTSIDE, "198.18.0.30", "udp", 80, False),
        (DB, OUTSIDE, "198.18.0.1", "tcp", 6514, False),
        (host("low", "dmz", "open"), OUTSIDE, "198.18.0.1", "tcp", 443, None),
    ],
)
def test_what_policy_says(
    source: Spot, target: Spot, address: str, protocol: str, port: int, wanted: bool | None
) -> None:
    assert allowed(source, target, address, protocol, port, POLICIES) is wanted


def way(**more: object) -> Interconnect:
    """From `web` of system one to `other` of system two, TCP 8443."""
    end = {"level": 3, "router": "10.9.1.1", "router_v6": "fd00:9::1"}
    return Interconnect.model_validate({
        "id": "w1", "protocol": "tcp", "ports": [8443], "until": "2027-06-30",
        "source": {**end, "system": "one", "zone": "dmz", "networks": ["10.0.0.1/32", "fd00::1/128"]},
        "destination": {**end, "system": "two", "zone": "application", "networks": ["10.0.0.4/32", "fd00::4/128"]},
    } | more)  # fmt: skip


@pytest.mark.parametrize(
    ("source", "target", "address", "protocol", "port", "wanted"),
    [
        (WEB, OTHER, "10.0.0.4", "tcp", 8443, True),
        (WEB, OTHER, "fd00::4", "tcp", 8443, True),
        (WEB, OTHER, "10.0.0.4", "udp", 8443, False),
        (WEB, OTHER, "10.0.0.4", "tcp", 8080, False),
        (WEB, OTHER, "10.0.0.4", "icmp", 0, False),
        (APP, OTHER, "10.0.0.4", "tcp", 8443, False),
        (OTHER, WEB, "10.0.0.1", "tcp", 8443, False),
        (WEB, host("more", "application", "two", 5), "10.0.0.5", "tcp", 8443, False),
        (WEB, APP, "10.0.0.2", "tcp", 8443, False),
        (BASTION, OTHER, "10.0.0.4", "tcp", 8443, False),
    ],
)
def test_an_interconnect_lets_exactly_its_own_through(
    source: Spot, target: Spot, address: str, protocol: str, port: int, wanted: bool
) -> None:
    joined = {name: replace(POLICIES[name], ways=(way(),)) for name in ("one", "two")}
    assert allowed(source, target, address, protocol, port, joined) is wanted
    assert allowed(source, target, address, protocol, port, POLICIES) is False


BORDER = Spot("front", "host", ("10.0.0.6", "fd00::6"), "party", "public", "border", published=("203.0.113.8",))
FRONT = Spot("open-front", "host", ("10.0.0.7",), "party", "open", "border", published=("203.0.113.9",))
PUBLIC = {**POLICIES, "public": policy(3, public=True), "open": policy(2, public=True)}


@pytest.mark.parametrize(
    ("source", "target", "protocol", "port", "wanted"),
    [
        (OUTSIDE, BORDER, "tcp", 443, True),
        (OUTSIDE, BORDER, "udp", 443, False),
        (OUTSIDE, BORDER, "tcp", 22, False),
        (OUTSIDE, BORDER, "icmp", 0, False),
        (WEB, BORDER, "tcp", 443, False),  # what goes out of level 3 is closed
        (BORDER, FRONT, "tcp", 443, False),
        (FRONT, BORDER, "tcp", 443, None),  # level 2 leaves it open
        (FRONT, BORDER, "tcp", 22, False),  # and this its target does not
    ],
)
def test_what_policy_says_of_public_addresses(
    source: Spot, target: Spot, protocol: str, port: int, wanted: bool | None
) -> None:
    assert allowed(source, target, target.published[0], protocol, port, PUBLIC) is wanted
    closed = {**PUBLIC, "public": policy(3), "open": policy(2)}
    assert allowed(source, target, target.published[0], protocol, port, closed) is False, "neither is public"


@pytest.mark.parametrize(
    ("source", "target", "address", "port", "wanted"),
    [
        (BASTION, BORDER, "10.0.0.6", 443, True),  # the whole world may, so who administers may too
        (BASTION, BORDER, "fd00::6", 443, False),
        (BASTION, BORDER, "10.0.0.6", 8443, False),
        (FOREIGN, BORDER, "10.0.0.6", 443, False),
        (host("in", "dmz", "public"), BORDER, "10.0.0.6", 443, False),  # what goes out of level 3 is closed
        (host("low", "dmz", "open"), FRONT, "10.0.0.7", 443, True),
        (host("low", "dmz", "open"), FRONT, "10.0.0.7", 22, False),
        (host("low", "dmz", "open"), BORDER, "10.0.0.6", 443, False),  # by way of the outside alone
    ],
)
def test_what_the_world_may_call_may_be_called_from_inside_by_whoever_may_call_out(
    source: Spot, target: Spot, address: str, port: int, wanted: bool
) -> None:
    assert allowed(source, target, address, "tcp", port, PUBLIC) is wanted


def test_from_outside_public_addresses_alone_are_called_and_from_bastions_none() -> None:
    made = probes([WEB, BORDER, BASTION, OUTSIDE], PUBLIC, [3389])
    from_outside = [p for p in made if p.source == "outside"]
    assert {(p.target, p.address) for p in from_outside} == {("front", "203.0.113.8")}
    assert [(p.protocol, p.port) for p in from_outside if p.allowed] == [("tcp", 443)]
    assert {p.protocol for p in from_outside} == {"tcp", "udp", "icmp"}
    assert 3389 in {p.port for p in from_outside}
    assert {p.source for p in made if p.address == "203.0.113.8"} == {"outside", "web"}


def test_ports_of_interconnects_are_tried_between_all_hosts() -> None:
    joined = {name: replace(POLICIES[name], ways=(way(protocol="udp", ports=[5514]),)) for name in ("one", "two")}
    made = [p for p in probes([WEB, APP, OTHER], joined, []) if (p.protocol, p.port) == ("udp", 5514)]
    assert {(p.source, p.target) for p in made if p.allowed} == {("web", "other")}
    assert len({(p.source, p.target) for p in made}) == 6


def test_every_pair_is_tried_by_every_protocol_and_version() -> None:
    made = probes([WEB, APP, BASTION, OUTSIDE], POLICIES, [3389])
    kinds = {(p.protocol, p.version) for p in made if (p.source, p.target) == ("web", "app") and not p.disguise}
    assert kinds == {(k, v) for k in ("tcp", "udp", "icmp") for v in (4, 6)}
    pairs = {(p.source, p.target) for p in made}
    assert pairs == {
        ("web", "app"), ("app", "web"), ("web", "bastion-party"), ("app", "bastion-party"), ("web", "outside"),
        ("app", "outside"), ("bastion-party", "web"), ("bastion-party", "app"),
    }  # fmt: skip
    assert len({p.number for p in made}) == len(made)
    assert any(p.port == 3389 for p in made)


def test_a_host_tries_to_pass_for_those_who_may() -> None:
    made = [p for p in probes([WEB, APP, DB, BASTION], POLICIES, []) if p.disguise]
    assert {(p.source, p.target, p.port, p.disguise) for p in made} >= {
        ("db", "app", 22, "10.9.0.1"), ("db", "app", 8080, "10.0.0.1"), ("web", "db", 5432, "10.0.0.2"),
    }  # fmt: skip
    assert not any(p.allowed for p in made)


def proof(*results: Result, causes: tuple[Cause, ...] = (), troubles: tuple[str, ...] = ()) -> Proof:
    """A run."""
    return Proof(datetime.now(UTC), 1.0, (WEB, APP), results, causes, troubles)


def probe(allowed: bool | None) -> Probe:
    """A probe from web to app."""
    return Probe(1, "web", "app", "10.0.0.2", "tcp", 8080, "", allowed)


def test_a_difference_in_either_direction_breaks_the_proof_and_so_does_what_could_not_be_tried() -> None:
    assert proof(Result(probe(True), True), Result(probe(False), False), Result(probe(None), True)).holds
    assert [r.difference for r in proof(Result(probe(False), True)).differences] == ["open"]
    assert [r.difference for r in proof(Result(probe(True), False)).differences] == ["blocked"]
    assert not proof(Result(probe(False), True)).holds
    assert not proof(Result(probe(True), False)).holds
    assert not proof(troubles=("app: no answer",)).holds
    assert not proof(causes=(Cause("one", "route", "router one: 10.0.0.0/8 via 10.9.0.9"),)).holds


def test_silence_of_a_place_that_could_not_speak_is_no_proof() -> None:
    assert _mute([Result(probe(False), False, "no route")]) == ["web: could send no probe"]
    assert _mute([Result(probe(False), False, "no route"), Result(probe(False), False)]) == []


def test_reports_show_what_differs_and_hostile_text_stays_text() -> None:
    cause = Cause("one", "rule-added", "group one-<script>: ingress tcp 3389 from 0.0.0.0/0")
    made = proof(Result(probe(False), True), causes=(cause,))
    page = as_html(made)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert 'class="kopen"' in page
    assert "http" not in page.replace("http-equiv", ""), "nothing is fetched"
    data = json.loads(as_json(made))
    assert (data["holds"], data["differences"][0]["difference"]) == (False, "open")
    assert data["causes"][0]["kind"] == "rule-added"
    assert "web → app" in as_table(made)
