"""Lists of which only those are read again that changed say what Neutron says, whatever was changed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from openstack.connection import Connection

from hatang.sandbox.cloud.rest import Session
from hatang.sandbox.cloud.settings import Settings
from hatang.sandbox.hosts.neutron_lists import SHOWS, NeutronLists, revisions
from hatang.sandbox.hosts.plan import compute
from hatang.sandbox.lifecycle import Sandbox

Step = tuple[str, Callable[[], Any]]


class Making:
    """Makes one of everything that the lists show, changes it in every way that they show, and removes it."""

    def __init__(self, cloud: Connection, name: str) -> None:
        self.net: Any = cloud.network
        self.name = name
        self.made: dict[str, Any] = {}

    def make(self, kind: str, how: str, **values: Any) -> Any:
        """One more, kept under a name."""
        self.made[kind] = getattr(self.net, f"create_{how}")(**values)
        return self.made[kind]

    def id(self, kind: str) -> str:
        """Of what was made."""
        return str(self.made[kind].id)

    def change(self, kind: str, how: str, **values: Any) -> Any:
        """Change it, and nothing else: an update sends what is new alone."""
        return getattr(self.net, f"update_{how}")(self.id(kind), **values)

    def steps(self) -> Iterator[Step]:
        """One after the other; each leaves what the next needs."""
        name = self.name
        yield "a network", lambda: self.make("inside", "network", name=name)
        yield (
            "a subnet",
            lambda: self.make("subnet", "subnet", network_id=self.id("inside"), cidr="10.66.1.0/26", ip_version=4),
        )
        yield "an external network", lambda: self.make("outside", "network", name=name, is_router_external=True)
        yield (
            "its subnet",
            lambda: self.make("range", "subnet", network_id=self.id("outside"), cidr="10.66.9.0/26", ip_version=4),
        )
        yield from self._port_steps()
        yield from self._router_steps()
        yield "a network goes dark", lambda: self.change("inside", "network", is_admin_state_up=False)
        yield "a network is renamed", lambda: self.change("inside", "network", name=f"bastion-{name}")
        yield from self._removing()

    def _port_steps(self) -> Iterator[Step]:
        yield "a group", lambda: self.make("group", "security_group", name=self.name)
        yield "a rule", lambda: self.make(
            "rule", "security_group_rule", security_group_id=self.id("group"), direction="ingress",
            ether_type="IPv4", protocol="tcp", port_range_min=7, port_range_max=7,
        )  # fmt: skip
        yield (
            "an address group",
            lambda: self.make("addresses", "address_group", name=self.name, addresses=["10.66.7.0/24"]),
        )
        yield "a rule for it", lambda: self.make(
            "second", "security_group_rule", security_group_id=self.id("group"), direction="ingress",
            ether_type="IPv4", protocol="udp", remote_address_group_id=self.id("addresses"),
        )  # fmt: skip
        yield "an address more", lambda: self.net.add_addresses_to_address_group(self.id("addresses"), ["10.66.8.0/24"])
        yield (
            "a port",
            lambda: self.make("port", "port", network_id=self.id("inside"), security_group_ids=[self.id("group")]),
        )
        yield (
            "another address",
            lambda: self.change(
                "port", "port", fixed_ips=[{"subnet_id": self.id("subnet"), "ip_address": "10.66.1.50"}]
            ),
        )
        yield "a pair", lambda: self.change("port", "port", allowed_address_pairs=[{"ip_address": "10.66.1.60"}])
        yield "no pair", lambda: self.change("port", "port", allowed_address_pairs=[])
        yield "no group", lambda: self.change("port", "port", security_group_ids=[])
        yield "no filter", lambda: self.change("port", "port", is_port_security_enabled=False)
        yield "unplugged", lambda: self.change("port", "port", is_admin_state_up=False)
        yield "plugged", lambda: self.change("port", "port", is_admin_state_up=True)

    def _router_steps(self) -> Iterator[Step]:
        outside, hop = {"network_id": self.id("outside")}, {"destination": "10.67.0.0/24", "nexthop": "10.66.1.50"}
        at = {"subnet_id": self.id("range"), "ip_address": "10.66.9.40"}
        yield "a router", lambda: self.make("router", "router", name=self.name)
        yield "a leg", lambda: self.net.add_interface_to_router(self.id("router"), subnet=self.id("subnet"))
        yield "a way out", lambda: self.change("router", "router", external_gateway_info=outside)
        yield (
            "at another address",
            lambda: self.change("router", "router", external_gateway_info={**outside, "external_fixed_ips": [at]}),
        )
        yield (
            "without translation",
            lambda: self.change(
                "router", "router", external_gateway_info={**outside, "external_fixed_ips": [at], "enable_snat": False}
            ),
        )
        yield "a route", lambda: self.change("router", "router", routes=[hop])
        yield "no route", lambda: self.change("router", "router", routes=[])
        yield "a floating IP", lambda: self.make("floating", "ip", floating_network_id=self.id("outside"))
        yield "it leads in", lambda: self.change("floating", "ip", port_id=self.id("port"))
        yield "it leads nowhere", lambda: self.change("floating", "ip", port_id=None)
        yield "a router stands still", lambda: self.change("router", "router", is_admin_state_up=False)
        yield "a scope", lambda: self.make("scope", "address_scope", name=self.name, ip_version=4)
        yield (
            "a pool",
            lambda: self.make(
                "pool", "subnet_pool", name=self.name, prefixes=["10.68.0.0/16"], address_scope_id=self.id("scope")
            ),
        )
        yield "a network beside", lambda: self.make("beside", "network", name=self.name)
        yield "its subnet", lambda: self.make(
            "pooled", "subnet", network_id=self.id("beside"), subnet_pool_id=self.id("pool"), prefix_length=26,
            ip_version=4,
        )  # fmt: skip
        yield "a leg in it", lambda: self.net.add_interface_to_router(self.id("router"), subnet=self.id("pooled"))
        yield "in no scope", lambda: self.change("pool", "subnet_pool", address_scope_id=None)
        yield "a router goes on", lambda: self.change("router", "router", is_admin_state_up=True)

    def _removing(self) -> Iterator[Step]:
        for subnet in ("subnet", "pooled"):
            yield (
                "a leg goes",
                lambda s=subnet: self.net.remove_interface_from_router(  # type: ignore[misc]
                    self.id("router"), subnet=self.id(s)
                ),
            )
        for kind, how in (
            ("floating", "ip"), ("router", "router"), ("port", "port"), ("rule", "security_group_rule"),
            ("group", "security_group"), ("addresses", "address_group"), ("inside", "network"), ("beside", "network"),
            ("outside", "network"), ("pool", "subnet_pool"), ("scope", "address_scope"),
        ):  # fmt: skip
            yield f"{kind} goes", lambda k=kind, h=how: getattr(self.net, f"delete_{h}")(self.id(k))  # type: ignore[misc]


@pytest.fixture
def session(sandbox: Sandbox) -> Session:
    """At the sandbox's Neutron, as the hosts' agent."""
    return Session(Settings.load(sandbox.cloud_state))


@pytest.mark.turn("sandbox", "lists")
def test_what_changed_is_read_again_and_nothing_is_missed(
    sandbox: Sandbox, cloud: Connection, session: Session, fresh_name: Callable[[str], str]
) -> None:
    database = Settings.load(sandbox.cloud_state).db / "neutron.sqlite"
    kept = NeutronLists(database, all_every_s=math.inf)
    lists, changed = kept.read(session)
    assert changed == set(SHOWS), "the first time all are"
    seen, steps = 0, 0
    for what, step in Making(cloud, fresh_name("doc-lai")).steps():
        step()
        lists, changed = kept.read(session)
        assert changed or what in ("a scope", "scope goes"), f"{what}: nothing was read again"
        assert compute(lists) == compute(NeutronLists(database).read(session)[0]), what
        seen, steps = seen + len(changed), steps + 1
    assert seen < 3 * steps, "of eight lists fewer than three at a time"
    assert kept.read(session)[1] == set(), "nothing changed"


def test_the_database_names_what_the_lists_show(sandbox: Sandbox, place: object) -> None:
    """Were a type called otherwise, its list would be read again by the clock alone."""
    found = set(revisions(Settings.load(sandbox.cloud_state).db / "neutron.sqlite"))
    named = {kind for kinds in SHOWS.values() for kind in kinds} - {"address_groups", "floatingips"}
    assert named <= found, "the site has neither address groups nor floating IPs"
