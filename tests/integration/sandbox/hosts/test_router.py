"""A router of the plan translates floating IPs on packets. No cloud here: its namespace alone, and a host on each side.

out (192.0.2.1) ── internet ── r (192.0.2.20) ── dmz (one 10.1.1.10, two 10.1.1.11), app (three 10.1.2.10, other scope)
"""

from __future__ import annotations

import secrets
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from hatang.isolation.station import Station
from hatang.sandbox.hosts import control, netns, nodes
from hatang.sandbox.hosts.links import bridge_lines, link_name
from hatang.sandbox.hosts.plan import Leg, Node, Published

from .talk import Talk, hears, says

OUT, ONE, TWO, THREE = "192.0.2.1", "10.1.1.10", "10.1.1.11", "10.1.2.10"
FLOATING = "192.0.2.100"


def leg(port: str, network: str, mac: str, address: str, scope: str = "", gateway: bool = False) -> Leg:
    """A leg with one IPv4 address."""
    return Leg(port, network, f"02:00:00:00:00:{mac}", 1400, (address,), ((4, scope),), gateway)


class Street:
    """The namespaces; `router` is the router as it stands."""

    def __init__(self, ident: str) -> None:
        self.ident, self.l2 = ident, f"{ident}-net"
        self.talk = Talk()
        legs = (
            leg("gate", "internet", "20", "192.0.2.20/24", gateway=True),
            leg("dmz1", "dmz", "01", "10.1.1.1/24", "a"), leg("app1", "app", "02", "10.1.2.1/24", "b"),
        )  # fmt: skip
        self.router = Node("r", legs, (("0.0.0.0/0", OUT),), True)

    def build(self) -> None:
        """Bridges, router and ends."""
        netns.add(self.l2)
        for network in ("internet", "dmz", "app"):
            netns.batch(self.l2, bridge_lines(link_name("b", network)))
        nodes.make(self.l2, f"{self.ident}-r", self.router, None)
        ends = {
            "out": ("internet", OUT, ""), "one": ("dmz", ONE, "10.1.1.1"), "two": ("dmz", TWO, "10.1.1.1"),
            "three": ("app", THREE, "10.1.2.1"),
        }  # fmt: skip
        for number, (name, (network, address, hop)) in enumerate(ends.items()):
            end = leg(name, network, f"{30 + number}", f"{address}/24")
            routes = (("0.0.0.0/0", hop),) if hop else ()
            nodes.make(self.l2, f"{self.ident}-{name}", replace(Node("outside", (end,)), routes=routes), None)
            self.talk.serve(self.at(name), name)

    def publish(self, *pairs: tuple[str, str]) -> None:
        """The router with these floating IPs alone."""
        node = replace(self.router, published=tuple(Published(f, x, "gate") for f, x in pairs))
        nodes.make(self.l2, f"{self.ident}-r", node, self.router)
        self.router = node

    def at(self, name: str) -> list[str]:
        """The command before one that runs there."""
        return ["nsenter", f"--net={netns.NETNS}/{self.ident}-{name}"]

    def seen_as(self, name: str, address: str) -> str:
        """The address that the server there sees the caller under; empty: nobody answers."""
        said = hears(self.at(name), address)
        return said.split()[-1] if said else ""

    def call(self, name: str, address: str) -> subprocess.Popen[str]:
        """An open connection."""
        return self.talk.call(self.at(name), address)

    def remove(self) -> None:
        """Everything."""
        self.talk.close()
        for name in netns.named(f"{self.ident}-"):
            netns.delete(name)


@pytest.fixture
def street() -> Iterator[Street]:
    """The namespaces, removed afterwards."""
    if reason := control.why_not():
        pytest.skip(f"no namespaces here: {reason}")
    made = Street(f"st{secrets.token_hex(3)}")
    try:
        made.build()
        yield made
    finally:
        made.remove()


def test_a_floating_ip_leads_in_and_out(street: Street) -> None:
    assert street.seen_as("out", FLOATING) == ""
    assert street.seen_as("out", ONE) == ""
    assert street.seen_as("one", OUT) == "192.0.2.20", "masqueraded"
    street.publish((FLOATING, ONE))
    assert street.seen_as("out", FLOATING) == OUT
    assert street.seen_as("one", OUT) == FLOATING
    assert street.seen_as("two", OUT) == "192.0.2.20", "the others go on as before"
    netns.batch(f"{street.ident}-out", [f"route add 10.1.0.0/16 via {FLOATING}"])
    assert street.seen_as("out", ONE) == "", "the way in is the floating IP alone"
    assert street.seen_as("out", TWO) == ""


def test_from_inside_it_is_called_as_in_neutron_and_opens_no_other_address(street: Street) -> None:
    assert street.seen_as("three", ONE) == "", "another scope"
    street.publish((FLOATING, ONE))
    assert street.seen_as("three", FLOATING) == "192.0.2.20"
    assert street.seen_as("two", FLOATING) == "192.0.2.20", "on one network with it"
    assert street.seen_as("one", FLOATING) == FLOATING
    assert street.seen_as("three", ONE) == ""
    street.publish((FLOATING, ONE), ("192.0.2.101", THREE))
    assert street.seen_as("three", FLOATING) == "192.0.2.101"


def test_without_masquerading_too(street: Street) -> None:
    street.router = replace(street.router, masquerades=False)
    street.publish((FLOATING, ONE))
    assert street.seen_as("out", FLOATING) == OUT
    assert street.seen_as("one", OUT) == FLOATING
    assert street.seen_as("two", OUT) == ""


@pytest.mark.parametrize("then", [(), ((FLOATING, TWO),)])
def test_one_that_goes_ends_its_connections_and_no_others(street: Street, then: tuple[tuple[str, str], ...]) -> None:
    street.publish((FLOATING, ONE), ("192.0.2.101", THREE))
    inwards, outwards = street.call("out", FLOATING), street.call("one", OUT)
    others = [street.call("out", "192.0.2.101"), street.call("three", OUT), street.call("two", OUT)]
    assert [says(c, "word") for c in (inwards, outwards, *others)] == ["word"] * 5
    street.publish(*then, ("192.0.2.101", THREE))
    assert says(inwards, "more") != "more"
    assert says(outwards, "more") != "more"
    assert [says(c, "more") for c in others] == ["more"] * 3
    assert street.seen_as("out", FLOATING) == (OUT if then else "")
    assert street.seen_as("one", OUT) == "192.0.2.20"


def arrives(street: Street, source: str, address: str, target: str) -> bool:
    """Whether a datagram gets there, always from one port: to the kernel it is of one connection with those before."""
    sends, hears_it = (Station(name, [*street.at(name), "sh", "-c"]) for name in (source, target))
    try:
        token = secrets.token_hex(8)
        for station in (sends, hears_it):
            station.ask("open", token=token, serve=[], own=[])
        assert sends.ask("send", probes=[[7, "udp", "", address, 53]]) == {}
        time.sleep(0.3)
        return 7 in hears_it.ask("heard")
    finally:
        sends.close()
        hears_it.close()


def test_datagrams_from_one_port_follow_the_floating_ip(street: Street) -> None:
    street.publish((FLOATING, ONE))
    assert arrives(street, "one", OUT, "out")
    assert arrives(street, "out", FLOATING, "one")
    street.publish((FLOATING, TWO))
    assert arrives(street, "one", OUT, "out"), "by the router's own address now"
    assert arrives(street, "out", FLOATING, "two")
    street.publish()
    assert arrives(street, "one", OUT, "out")


def test_neighbours_learn_at_once_that_another_router_has_it(street: Street) -> None:
    street.publish((FLOATING, ONE))
    assert street.seen_as("out", FLOATING) == OUT
    legs = (
        leg("gate2", "internet", "40", "192.0.2.40/24", gateway=True), leg("dmz2", "dmz", "41", "10.1.1.2/24", "a"),
    )  # fmt: skip
    other = Node("s", legs, (), False, (Published(FLOATING, TWO, "gate2"),))
    netns.batch(f"{street.ident}-two", ["route replace 0.0.0.0/0 via 10.1.1.2"])
    street.publish()
    nodes.make(street.l2, f"{street.ident}-s", other, None)
    begun = time.monotonic()
    assert street.seen_as("out", FLOATING) == OUT
    assert time.monotonic() - begun < 1


def test_a_prober_outside_finds_the_way_to_it(street: Street) -> None:
    street.publish((FLOATING, ONE))
    outside, inside = (Station(name, [*street.at(name), "sh", "-c"]) for name in ("out", "one"))
    try:
        for station, serve in ((outside, ["192.0.2.53"]), (inside, [])):
            station.ask("open", token="5a" * 8, serve=serve, own=[])
        probes = [[1, "tcp", "", FLOATING, 443], [2, "udp", "", FLOATING, 53], [3, "icmp", "", FLOATING, 0]]
        assert outside.ask("send", probes=[*probes, [4, "tcp", "", ONE, 443]]) == {"4": "no route"}
        assert inside.ask("send", probes=[[5, "tcp", "", "192.0.2.53", 443]]) == {}
        time.sleep(0.5)
        assert inside.ask("heard") == [1, 2, 3]
        assert {2, 3, 5} == set(outside.ask("heard")), "and answers come back, with what they answer"
    finally:
        outside.close()
        inside.close()
