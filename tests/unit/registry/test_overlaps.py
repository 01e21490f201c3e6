"""Addresses of two systems never overlap, whatever became of the site file; what is given back is given again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from itertools import pairwise

import pytest
from alembic import command
from alembic.config import Config
from annotated_types import Le
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from hatang.errors import RefusedError
from hatang.model.allocation import Allocation
from hatang.model.site import Site
from hatang.model.terms import Branch
from hatang.registry import Registry, allocator, database
from hatang.registry import tables as t
from tests.unit.registry.test_registry import REQUEST, SITE, ZONES, named

Network = IPv4Network | IPv6Network
BRANCH = REQUEST.agency.branch


def with_prefixes(system: int, zone: int) -> Site:
    """The example site with other prefix lengths."""
    return SITE.model_copy(update={"system_prefix": system, "zone_prefix": zone})


def with_pool(branch: Branch, **changes: Network) -> Site:
    """The example site with another address plan of one branch."""
    pools = tuple(p.model_copy(update=changes) if p.branch == branch else p for p in SITE.branches)
    return SITE.model_copy(update={"branches": pools})


def allocated(registry: Registry, name: str, site: Site = SITE) -> Allocation:
    """Addresses of a new system."""
    registry.submit(named(name), name)
    return registry.allocate(name, site, ZONES)


def all_apart(networks: Sequence[Network]) -> bool:
    """Do no two of them overlap?"""
    spans = sorted((n.version, int(n.network_address), int(n.broadcast_address)) for n in networks)
    return all(a[0] < b[0] or a[2] < b[1] for a, b in pairwise(spans))


def v4(made: Sequence[Allocation]) -> list[Network]:
    """Blocks and routers' addresses."""
    return [n for a in made for n in (a.block, ip_network(a.bastion_address))]


@pytest.fixture
def registry(url: str) -> Registry:
    """An empty registry."""
    return Registry.open(url)


@pytest.mark.parametrize("order", [(22, 21, 20), (20, 21, 22), (22, 20, 23, 21, 24, 22)])
def test_blocks_of_other_lengths_lie_beside_each_other(registry: Registry, order: Sequence[int]) -> None:
    made = [
        allocated(registry, f"s{i}-{k}", with_prefixes(length, length + 4))
        for i, length in enumerate(order)
        for k in range(3)
    ]
    assert [a.block.prefixlen for a in made] == [length for length in order for _ in range(3)]
    assert all_apart(v4(made))
    assert all_apart([z.cidr for a in made for z in a.zones])
    assert all_apart([z.cidr_v6 for a in made for z in a.zones])
    assert all(z.cidr.subnet_of(a.block) for a in made for z in a.zones)


def test_a_small_block_fills_what_a_larger_one_left_beside_it(registry: Registry) -> None:
    first = allocated(registry, "nho", with_prefixes(24, 28))
    large = allocated(registry, "lon", with_prefixes(21, 26))
    second = allocated(registry, "nho-hai", with_prefixes(24, 28))
    assert int(second.block.network_address) == int(first.block.broadcast_address) + 1
    assert all_apart([first.block, large.block, second.block])


def test_prefixes_that_were_moved_between_branches_give_no_address_twice(registry: Registry) -> None:
    other = next(p for p in SITE.branches if p.branch != BRANCH)
    mine = SITE.pool(BRANCH)
    first = allocated(registry, "mot")
    swapped = with_pool(other.branch, prefix=mine.prefix, prefix_v6=mine.prefix_v6, bastion=mine.bastion)
    request = named("hai")
    agency = request.agency.model_copy(update={"code": "H99.06", "branch": other.branch})
    registry.submit(request.model_copy(update={"agency": agency}), "")
    second = registry.allocate("hai", swapped, ZONES)
    assert second.block.subnet_of(mine.prefix)
    assert all_apart(v4([first, second]))
    assert all_apart([z.cidr_v6 for a in (first, second) for z in a.zones])


def test_a_block_leaves_out_routers_of_a_former_bastion_network(registry: Registry) -> None:
    first = allocated(registry, "mot")
    beside = IPv4Network((int(first.block.broadcast_address) + 1, 24))
    second = allocated(registry, "hai", with_pool(BRANCH, bastion=beside))
    assert second.bastion_address in beside
    third = allocated(registry, "ba")
    assert all_apart(v4([first, second, third]))


def test_a_bastion_network_on_a_systems_block_gives_none_of_its_addresses(registry: Registry) -> None:
    first = allocated(registry, "mot")
    with pytest.raises(RefusedError, match=r"bastion network .* is full"):
        allocated(registry, "hai", with_pool(BRANCH, bastion=next(first.block.subnets(new_prefix=23))))


def test_what_a_removed_system_had_is_given_again(registry: Registry) -> None:
    made = [allocated(registry, f"s{i}") for i in range(4)]
    registry.set_system_state("s1", "removed")
    assert registry.system("s1").allocation is None
    again = allocated(registry, "moi")
    assert (again.block, again.bastion_address) == (made[1].block, made[1].bastion_address)
    assert [z.cidr_v6 for z in again.zones] == [z.cidr_v6 for z in made[1].zones]
    registry.set_system_state("s1", "removed")  # a second time must not touch what another system has by now
    assert registry.system("moi").allocation == again


def test_a_system_that_has_addresses_keeps_them_whatever_the_site_says(registry: Registry) -> None:
    assert allocated(registry, "mot") == registry.allocate("mot", with_prefixes(20, 24), ZONES)


def test_ipv6_subnets_stay_inside_the_branch(registry: Registry) -> None:
    small = with_pool(BRANCH, prefix_v6=next(SITE.pool(BRANCH).prefix_v6.subnets(new_prefix=59)))
    made = allocated(registry, "mot", small)
    assert all(z.cidr_v6.subnet_of(small.pool(BRANCH).prefix_v6) for z in made.zones)
    with pytest.raises(RefusedError, match="has no 16 IPv6 subnets left"):
        allocated(registry, "hai", small)
    assert registry.system("hai").allocation is None


def test_a_full_branch_is_refused(registry: Registry) -> None:
    prefix = next(SITE.pool(BRANCH).prefix.subnets(new_prefix=21))
    small = with_pool(BRANCH, prefix=prefix, bastion=next(prefix.subnets(new_prefix=24)))
    allocated(registry, "mot", small)
    with pytest.raises(RefusedError, match="has no /22 block left"):
        allocated(registry, "hai", small)


def test_the_database_refuses_it_too(registry: Registry) -> None:
    made = allocated(registry, "mot")
    registry.submit(named("hai"), "")
    inside = next(made.block.subnets(new_prefix=24))
    with pytest.raises(IntegrityError), registry._writing() as session:
        session.add_all(t.BlockSlotRow(slot=n, system="hai") for n in allocator.slots(inside))


def test_the_smallest_block_of_a_site_is_one_slot() -> None:
    limits = [m.le for m in Site.model_fields["system_prefix"].metadata if isinstance(m, Le)]
    assert limits == [allocator.SLOT_PREFIX]
    assert len(allocator.slots(IPv4Network("10.0.0.0/26"))) == 1
    assert len(allocator.slots(IPv4Network("255.255.252.0/22"))) == 16


@given(
    size=st.sampled_from([1, 2, 4, 8]),
    room=st.tuples(st.integers(0, 20), st.integers(20, 60)),
    taken=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 9)).map(lambda p: (p[0], p[0] + p[1])), max_size=8),
)
def test_first_free_is_the_first_that_is_free(size: int, room: tuple[int, int], taken: list[tuple[int, int]]) -> None:
    used = {n for low, high in taken for n in range(low, high + 1)}
    places = (
        start
        for start in range(0, room[1] + 1, size)
        if start >= room[0] and start + size - 1 <= room[1] and used.isdisjoint(range(start, start + size))
    )
    assert allocator.first_free(room, size, taken) == next(places, None)


def upgraded(url: str, revision: str, *statements: str) -> None:
    """A database of a former schema with some rows."""
    config = Config()
    config.set_main_option("script_location", str(database.MIGRATIONS))
    agency = REQUEST.agency.model_dump_json().replace("'", "''")
    asked = json.dumps({"system": {"name": "mot", "level": 3}})
    with database.connect(url).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        for statement in (
            f"INSERT INTO agency VALUES ('H99.05', 'committee', '{agency}', '2026-01-01')",
            f"INSERT INTO request VALUES ('r', 'd', '', '{asked}', 'H99.05', 'nguoi-de-nghi', '2026-01-01')",
            *statements,
        ):
            connection.exec_driver_sql(statement)


def of_before(name: str, state: str, block: str, bastion: str) -> list[str]:
    """Rows of a system with a block, as schema 0002 had them."""
    spec = named(name).system.model_dump_json().replace("'", "''")
    return [
        f"INSERT INTO system VALUES ('{name}', 'H99.05', 'r', 3, '{spec}', '2026-01-02')",
        f"INSERT INTO system_state (system, state, created_at) VALUES ('{name}', '{state}', '2026-01-02')",
        f"INSERT INTO block VALUES ('{name}', 'committee', '{block}', '{bastion}')",
    ]


def test_blocks_of_before_are_kept_and_those_of_removed_systems_are_free(empty_url: str) -> None:
    upgraded(
        empty_url, "0002",
        *of_before("mot", "active", "10.72.4.0/22", "10.75.255.10"),
        *of_before("cu", "removed", "10.72.8.0/22", "10.75.255.11"),
    )  # fmt: skip
    registry = Registry.open(empty_url)
    with registry._reading() as session:
        slots = session.execute(text("SELECT slot, system FROM block_slot ORDER BY slot")).tuples().all()
    assert slots == [(n, "mot") for n in allocator.slots(IPv4Network("10.72.4.0/22"))]
    assert str(allocated(registry, "hai").block) == "10.72.8.0/22"


def test_a_registry_whose_blocks_overlap_is_refused_and_stays_as_it_is(empty_url: str) -> None:
    upgraded(
        empty_url, "0002",
        *of_before("mot", "active", "10.72.4.0/22", "10.75.255.10"),
        *of_before("hai", "active", "10.72.6.0/23", "10.75.255.11"),
    )  # fmt: skip
    with pytest.raises(RefusedError, match=r"blocks of systems hai and mot overlap"):
        Registry.open(empty_url)
    assert database.version(database.connect(empty_url)) == "0002"
