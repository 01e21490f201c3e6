"""Floating IPs of Neutron lead to servers, within two seconds of a change in Neutron; security groups hold before them.

out (198.51.100.1) ── internet-… ── r1, besides the networks of `place`
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from hatang.sandbox.hosts import control, netns

from .place import Place
from .talk import Talk, goes_on_for, hears
from .test_groups import BUSY_S, took
from .test_network import eventually, port_of

OUT, CIDR = "198.51.100.1", "198.51.100.0/24"


@dataclass
class Published:
    """The site with a way to the Internet, and a floating IP of `web`, whose port is in a group of its own."""

    place: Place
    talk: Talk
    floating: Any
    group: Any

    def at(self, host: str = "") -> list[str]:
        """The command before one that runs in the host, or outside."""
        if host:
            return [str(word) for word in (self.place.row(host) or {})["shell"]]
        return ["nsenter", f"--net={netns.NETNS}/{self.place.sandbox.ident}-out"]

    @property
    def address(self) -> str:
        """The floating address."""
        return str(self.floating.floating_ip_address)

    def lead(self, host: str | None) -> None:
        """Let the floating IP lead to another host, or to none."""
        port = port_of(self.place, host).id if host else None
        self.place.cloud.network.update_ip(self.floating, port_id=port)

    def rule(self, direction: str, **more: Any) -> None:
        """Let something through at the port of `web`."""
        self.place.cloud.network.create_security_group_rule(
            security_group_id=self.group.id, direction=direction, ether_type="IPv4", **more
        )

    def is_heard(self, wanted: str) -> bool:
        """Whether a call from outside hears this, soon."""
        return eventually(lambda: hears(self.at(), self.address) == wanted, within_s=BUSY_S)


@pytest.fixture
def published(place: Place) -> Iterator[Published]:
    """Made for one test; the site is as it was afterwards."""
    net, undo, talk = place.cloud.network, list[Callable[[], Any]](), Talk()
    try:
        outside: Any = net.create_network(name=place.name("internet"), is_router_external=True)
        undo.append(lambda: net.delete_network(outside))
        net.create_subnet(network_id=outside.id, ip_version=4, cidr=CIDR, gateway_ip=OUT, is_dhcp_enabled=False)
        router: Any = net.find_router(place.name("r1"))
        net.update_router(router, external_gateway_info={"network_id": outside.id, "enable_snat": True})
        undo.append(lambda: net.update_router(router, external_gateway_info={}))
        group: Any = net.create_security_group(name=place.name("published"))
        undo.append(lambda: net.delete_security_group(group))
        port = port_of(place, "web")
        net.update_port(port, security_groups=[group.id])
        undo.append(lambda: net.update_port(port, security_groups=[place.group_id]))
        floating: Any = net.create_ip(floating_network_id=outside.id, port_id=port.id)
        undo.append(lambda: net.delete_ip(floating))
        made = Published(place, talk, floating, group)
        assert eventually(lambda: netns.exists(f"{place.sandbox.ident}-out"), within_s=BUSY_S)
        took(place, f"jump ingress_{group.id.replace('-', '_')}", True)
        talk.serve(made.at(), "out")
        for host in ("web", "db"):
            talk.serve(made.at(host), host)
        yield made
    finally:
        talk.close()
        for step in reversed(undo):
            step()


def test_a_floating_ip_leads_to_its_server_where_a_group_lets_it(published: Published, place: Place) -> None:
    out, address, net = published.at(), published.address, place.cloud.network
    assert not eventually(lambda: hears(out, address) != "", within_s=3), "no rule lets anything in"
    published.rule("ingress", protocol="tcp", port_range_min=80, port_range_max=80)
    assert not eventually(lambda: hears(out, address) != "", within_s=3), "nor does one of another port"
    published.rule("ingress", protocol="tcp", port_range_min=443, port_range_max=443)
    assert published.is_heard(f"web sees {OUT}")
    assert hears(out, place.address("db")) == "", "no other address"
    router: Any = net.find_router(place.name("r1"))
    net.update_router(router, admin_state_up=False)
    try:
        assert published.is_heard("")
    finally:
        net.update_router(router, admin_state_up=True)
    assert published.is_heard(f"web sees {OUT}")
    assert control.network_problem(place.sandbox.hosts_state) == ""


def test_the_server_calls_out_under_it(published: Published) -> None:
    web = published.at("web")
    assert hears(web, OUT) == "", "no rule lets it out"
    published.rule("egress", protocol="tcp")
    assert eventually(lambda: hears(web, OUT) == f"out sees {published.address}", within_s=BUSY_S)
    assert hears(published.at("db"), OUT) not in ("", f"out sees {published.address}"), "the others by the router's own"


def test_a_connection_ends_with_the_floating_ip_that_let_it_in(published: Published) -> None:
    published.rule("ingress", protocol="tcp", port_range_min=443, port_range_max=443)
    assert published.is_heard(f"web sees {OUT}")
    times = []
    for now, then, wanted in (("web", "db", f"db sees {OUT}"), ("db", None, "")):
        call = published.talk.call(published.at(), published.address)
        published.lead(then)
        times.append(goes_on_for(call, BUSY_S))
        assert published.is_heard(wanted), f"after {now}"
    print(f"ended after {times} s")
    assert max(times) < BUSY_S, f"{times}"
