"""A public system on the real engine and cloud: its addresses come, lead nowhere while it is suspended, move and go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from openstack.connection import Connection

from hatang.commands.effects import in_words
from hatang.model.system import System
from hatang.provision import unmanaged
from hatang.provision.effects import effects
from hatang.provision.provisioner import Provisioner
from hatang.registry import SystemRecord
from tests.integration.provision import driver
from tests.servers import take_away

pytestmark = pytest.mark.turn("tenancy", "public")

NAME = "cong-dan"
GATEWAY = {"name": "cong", "zone": "border"}
WEB = {"name": "web", "zone": "dmz"}


@pytest.fixture(scope="module")
def system(maker: Provisioner, cloud: Connection) -> Iterator[SystemRecord]:
    """A public system of level 1, which has a border for this reason alone, applied."""
    record = driver.record(maker, NAME, code="H99.81", level=1, public=True, hosts=[GATEWAY, WEB])
    apply(maker, record)
    yield record
    take_away(cloud, NAME)


def apply(maker: Provisioner, record: SystemRecord) -> dict[str, int]:
    """Plan, apply; what changed."""
    return maker.apply_system(record, maker.plan_system(record)).changes


def inside(record: SystemRecord) -> SystemRecord:
    """The system as a change wants it that is public no more."""
    assert record.allocation is not None
    spec = System.model_validate(record.spec.model_dump(mode="json") | {"public": False})
    hosts = tuple(h.model_copy(update={"public_address": None}) for h in record.allocation.hosts)
    allocation = record.allocation.model_copy(update={"hosts": hosts})
    return replace(record, spec=spec, allocation=allocation, state="changing")


def addresses(maker: Provisioner, cloud: Connection) -> dict[str, tuple[str | None, str | None]]:
    """Each public address of the project: name of the port and the address that it leads to."""
    project = maker.outputs("system", NAME)["project_id"]
    ports = {p.id: p.name for p in cloud.network.ports(project_id=project)}
    found: Any = cloud.network.ips(project_id=project)
    return {a.floating_ip_address: (ports.get(a.port_id), a.fixed_ip_address) for a in found}


def gateway(maker: Provisioner, cloud: Connection) -> str:
    """The network that the system's router leads to."""
    router: Any = cloud.network.get_router(maker.outputs("system", NAME)["router_id"])
    network: Any = cloud.network.get_network(router.external_gateway_info["network_id"])
    return str(network.name)


def wanted(record: SystemRecord) -> dict[str, tuple[str | None, str | None]]:
    """What the registry gave."""
    assert record.allocation is not None
    return {
        str(h.public_address): (f"{NAME}-{h.name}", str(h.address)) for h in record.allocation.hosts if h.public_address
    }


def test_each_host_at_the_border_is_reached_at_the_address_that_the_registry_gave(
    maker: Provisioner, system: SystemRecord, cloud: Connection
) -> None:
    assert [names for names, _ in wanted(system).values()] == [f"{NAME}-cong"]
    assert addresses(maker, cloud) == wanted(system)
    assert gateway(maker, cloud) == "internet"
    again = maker.plan_system(system)
    assert set(again.changes) == {"same"}, again.differences()
    network: Any = cloud.network
    assert network.get_quota(maker.outputs("system", NAME)["project_id"]).floating_ips == 2


def test_neutron_gives_routers_none_of_the_addresses_of_hosts(maker: Provisioner, cloud: Connection) -> None:
    network: Any = cloud.network
    subnet = next(s for s in network.subnets() if s.name == "internet-4")
    assert [(p["start"], p["end"]) for p in subnet.allocation_pools] == [("203.0.113.2", "203.0.113.127")]


def test_suspended_it_leads_nowhere_and_is_nobody_elses(
    maker: Provisioner, system: SystemRecord, cloud: Connection
) -> None:
    held = replace(system, held=True)
    apply(maker, held)
    assert addresses(maker, cloud) == dict.fromkeys(wanted(system), (None, None))
    assert maker.open_ways(held) == []
    apply(maker, replace(system, state="resuming"))
    assert addresses(maker, cloud) == wanted(system)


def test_what_was_added_by_hand_is_named_and_goes(maker: Provisioner, system: SystemRecord, cloud: Connection) -> None:
    network: Any = cloud.network
    project = maker.outputs("system", NAME)["project_id"]
    internet = next(n for n in network.networks() if n.name == "internet")
    port = next(p for p in network.ports(project_id=project) if p.name == f"{NAME}-web")
    own = network.create_ip(floating_network_id=internet.id, project_id=project, port_id=port.id)
    plan = maker.plan_system(system)
    assert [f["what"] for f in plan.unmanaged] == [f"public address {own.floating_ip_address} to {NAME}-web"]
    maker.apply_system(system, plan)
    assert addresses(maker, cloud) == wanted(system)

    foreign = network.create_ip(floating_network_id=internet.id, port_id=port.id)
    try:
        found = unmanaged.find(cloud, maker.engine.state(maker._system_stack(system)))
        assert [f["kind"] for f in found] == ["Binding"]
        for each in found * 2:  # gone already is as good
            unmanaged.remove(cloud, each)
        assert network.get_ip(foreign).port_id is None, "the address of another project stays that"
    finally:
        network.delete_ip(foreign)


def test_it_is_taken_off_the_internet_and_comes_back(
    maker: Provisioner, system: SystemRecord, cloud: Connection
) -> None:
    before = {p.id for p in cloud.network.ports(project_id=maker.outputs("system", NAME)["project_id"])}
    plan = maker.plan_system(inside(system))
    assert any(t.startswith("No longer reached from the Internet: cong.") for t in said(plan))
    maker.apply_system(inside(system), plan)
    assert addresses(maker, cloud) == {}
    assert gateway(maker, cloud) == "tslcd"

    plan = maker.plan_system(replace(system, state="changing"))
    assert any("at a public address of its own: cong." in t for t in said(plan))
    maker.apply_system(replace(system, state="changing"), plan)
    assert addresses(maker, cloud) == wanted(system)
    assert gateway(maker, cloud) == "internet"
    after = {p.id for p in cloud.network.ports(project_id=maker.outputs("system", NAME)["project_id"])}
    assert len(before & after) >= len(before) - 2, "hosts and zones stay; the leg of the gateway is another one"


def said(plan: Any) -> list[str]:
    """What those who decide read."""
    return in_words([], effects(plan.differences()))


def test_removed_nothing_is_left(maker: Provisioner, system: SystemRecord, cloud: Connection) -> None:
    project = maker.outputs("system", NAME)["project_id"]
    maker.destroy_system(system)
    found: Any = cloud.network.ips()
    assert [a for a in found if a.project_id == project] == []
