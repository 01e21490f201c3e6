"""Addresses that a tenant uses already become a system's own, in one transaction; or it is said why they cannot."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Network
from typing import Any

import pytest

from hatang.errors import InputError, NameTakenError, RefusedError
from hatang.model.allocation import Allocation, ZoneAllocation
from hatang.model.terms import ZoneKind
from hatang.registry import Registry, allocator
from tests.unit.registry.test_overlaps import all_apart, allocated, v4
from tests.unit.registry.test_registry import SITE, ZONES, named

POOL = SITE.pool(named("mot").agency.branch)


@pytest.fixture
def registry(url: str) -> Registry:
    """An empty registry."""
    return Registry.open(url)


def _used(registry: Registry, name: str) -> Allocation:
    """Addresses in the middle of the branch's prefix, where no allocator would begin."""
    registry.submit(named(name), name)
    free = registry.free_addresses(name, SITE, ZONES, ())
    shift, shift_v6 = 64 << 10, 4096 << 64
    zones = tuple(
        z.model_copy(
            update={"cidr": IPv4Network((int(z.cidr.network_address) + shift, z.cidr.prefixlen)),
                    "cidr_v6": IPv6Network((int(z.cidr_v6.network_address) + shift_v6, 64))}
        )
        for z in free.zones
    )  # fmt: skip
    hosts = tuple(h.model_copy(update={"address": h.address + shift}) for h in free.hosts)
    block = IPv4Network((int(free.block.network_address) + shift, free.block.prefixlen))
    return Allocation(block=block, bastion_address=POOL.bastion[99], zones=zones, hosts=hosts)


def test_they_are_kept_and_given_to_nobody_else(registry: Registry) -> None:
    used = _used(registry, "mot")
    registry.take_addresses("mot", SITE, used, keep=False)
    assert registry.system("mot").allocation is None, "only looked"
    for _ in range(2):
        registry.take_addresses("mot", SITE, used)
        assert registry.system("mot").allocation == used
    others = [allocated(registry, name) for name in ("hai", "ba")]
    assert all_apart(v4([used, *others]))
    registry.give_addresses_back("mot")
    assert registry.system("mot").allocation is None


def test_other_addresses_take_the_place_of_those_that_were_only_planned(registry: Registry) -> None:
    used = _used(registry, "mot")
    assert registry.allocate("mot", SITE, ZONES) != used
    registry.take_addresses("mot", SITE, used)
    assert registry.system("mot").allocation == used


def test_free_addresses_are_none_that_the_tenant_uses_unknown_to_the_registry(registry: Registry) -> None:
    registry.submit(named("mot"), "mot")
    first = registry.free_addresses("mot", SITE, ZONES, ())
    beside = [z.cidr_v6 for z in first.zones]
    again = registry.free_addresses("mot", SITE, ZONES, beside)
    assert not {z.cidr_v6 for z in again.zones} & set(beside)


def _first_zone(**update: Any) -> Callable[[Allocation], Allocation]:
    return lambda a: a.model_copy(update={"zones": (a.zones[0].model_copy(update=update), *a.zones[1:])})


WRONG: dict[str, tuple[Callable[[Allocation], Allocation], str]] = {
    "outside the pool": (_first_zone(cidr=IPv4Network("192.168.1.0/26")), "192.168.1.0/26 .* lies outside"),
    "IPv6 outside the pool": (_first_zone(cidr_v6=IPv6Network("fd00:1::/64")), "fd00:1::/64 .* lies outside"),
    "in the bastion network": (
        _first_zone(cidr=next(POOL.bastion.subnets(new_prefix=26))), "overlaps the bastion network",
    ),
    "leg elsewhere": (lambda a: a.model_copy(update={"bastion_address": IPv4Address("10.0.0.9")}), "is no address of"),
}  # fmt: skip


@pytest.mark.parametrize("what", sorted(WRONG))
def test_addresses_that_lie_wrong_are_refused_and_nothing_is_kept(registry: Registry, what: str) -> None:
    change, said = WRONG[what]
    used = _used(registry, "mot")
    for keep in (False, True):
        with pytest.raises(InputError, match=said) as caught:
            registry.take_addresses("mot", SITE, change(used), keep=keep)
        assert caught.value.do
        assert caught.value.exit_code == 2
    assert registry.system("mot").allocation is None


def test_addresses_of_another_system_are_refused_and_it_is_named(registry: Registry) -> None:
    other = allocated(registry, "hai")
    used = _used(registry, "mot")
    leg = used.model_copy(update={"bastion_address": other.bastion_address})
    v6 = _first_zone(cidr_v6=other.zones[0].cidr_v6)(used)
    for clash in (leg, v6, other.model_copy(update={"hosts": used.hosts})):
        with pytest.raises(NameTakenError, match="is allocated to system hai already") as caught:
            registry.take_addresses("mot", SITE, clash)
        assert caught.value.exit_code == 2
    assert registry.system("mot").allocation is None
    assert registry.system("hai").allocation == other


def test_another_zone_of_an_adopted_system_stands_beside_those_that_it_has(registry: Registry) -> None:
    used = _used(registry, "mot")
    assert allocator.rezoned(used, ZONES) == used.zones
    moved = used.model_copy(update={"zones": tuple(reversed_places(used.zones)[:3]), "hosts": ()})
    more = allocator.rezoned(moved, list(ZoneKind))
    assert [z.kind for z in more] == list(ZoneKind)
    assert all_apart([z.cidr for z in more])
    assert all_apart([z.cidr_v6 for z in more])
    assert all(z.cidr.subnet_of(used.block) for z in more)
    assert set(moved.zones) < set(more)
    full = moved.model_copy(update={"block": moved.zones[0].cidr})
    with pytest.raises(RefusedError, match="has no room for zone"):
        allocator.rezoned(full, list(ZoneKind))


def reversed_places(zones: tuple[ZoneAllocation, ...]) -> list[ZoneAllocation]:
    """The same zones, each at the place of another."""
    return [
        z.model_copy(update={"cidr": o.cidr, "cidr_v6": o.cidr_v6}) for z, o in zip(zones, reversed(zones), strict=True)
    ]
