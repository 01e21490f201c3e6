"""Where the cloud has no room, the error says what to do about it; afterwards the same command goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from openstack.connection import Connection

from hatang.errors import EngineError
from hatang.provision.capacity import supplies
from hatang.provision.cloud import PLACEMENT
from hatang.provision.provisioner import Provisioner
from tests.integration.provision import driver

pytestmark = pytest.mark.turn("tenancy", "room")

NAME = "het-cho"
ONLY = "198.18.0.100"


@contextmanager
def no_address(cloud: Connection) -> Iterator[None]:
    """Neutron has one address for routers, and somebody stands there."""
    network: Any = cloud.network
    subnet = network.find_subnet("tslcd-4")
    pools = list(subnet.allocation_pools)  # an update writes what it brought into the object
    port = network.create_port(network_id=subnet.network_id, fixed_ips=[{"ip_address": ONLY}])
    network.update_subnet(subnet, allocation_pools=[{"start": ONLY, "end": ONLY}])
    try:
        yield
    finally:
        network.update_subnet(subnet, allocation_pools=pools)
        network.delete_port(port)


@contextmanager
def no_host(cloud: Connection) -> Iterator[None]:
    """No compute host takes servers."""
    compute: Any = cloud.compute
    services = list(compute.services(binary="nova-compute"))
    for service in services:
        compute.disable_service(service)
    try:
        yield
    finally:
        for service in services:
            compute.enable_service(service)


@contextmanager
def no_processor(cloud: Connection) -> Iterator[None]:
    """Compute hosts keep all their processors for themselves. Nova sets that right within a minute."""
    placement: Any = cloud.placement
    before = []
    for provider in list(placement.resource_providers()):
        path = f"/resource_providers/{provider.id}/inventories/VCPU"
        held = placement.get(path, headers=PLACEMENT)
        if held.status_code == 200:
            before.append((path, held.json()))
            changed = placement.put(path, json={**held.json(), "reserved": held.json()["total"]}, headers=PLACEMENT)
            assert changed.status_code == 200, changed.text
    assert before
    try:
        yield
    finally:
        for path, inventory in before:
            now = placement.get(path, headers=PLACEMENT).json()
            generation = now["resource_provider_generation"]
            placement.put(path, json={**inventory, "resource_provider_generation": generation}, headers=PLACEMENT)


def test_hosts_that_take_no_servers_have_no_room_for_any(maker: Provisioner, cloud: Connection) -> None:
    assert any(s.what == "vcpus" for s in supplies(cloud, maker.site))
    with no_host(cloud):
        assert not [s for s in supplies(cloud, maker.site) if s.what in ("vcpus", "memory-gib", "disk-gib")]


@pytest.mark.parametrize(
    ("short_of", "cause", "remedy"),
    [
        (no_address, "No more IP addresses available", "no address left"),
        (no_host, "zone is not available", "no compute host of the system's aggregate is up"),
        (no_processor, "No valid host", "no compute host has room"),
    ],
)
def test_the_remedy_fits_the_cause_and_the_same_goes_on_afterwards(
    maker: Provisioner, cloud: Connection, short_of: Callable[[Connection], Any], cause: str, remedy: str
) -> None:
    record = driver.record(maker, NAME, code="H99.89", level=1)
    try:
        with short_of(cloud), pytest.raises(EngineError) as caught:
            maker.apply_system(record, maker.plan_system(record))
        print(caught.value)
        assert "sdk" not in str(caught.value)
        assert cause in str(caught.value)
        assert remedy in caught.value.do
        assert "hatang site capacity" in caught.value.do
        maker.apply_system(record, maker.plan_system(record))
        assert maker.plan_system(record).differences() == []
    finally:
        maker.destroy_system(record)
