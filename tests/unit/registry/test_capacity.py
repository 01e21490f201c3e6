"""What is left of what the registry gives out is what it still gives."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import IPv4Network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatang.errors import RefusedError
from hatang.model.capacity import Supply
from hatang.model.site import Site
from hatang.registry import Registry, quarantine
from hatang.registry.capacity import places, supplies
from hatang.registry.removal_tables import QuarantineRow
from hatang.registry.tables import now
from tests.unit.registry.decided import bring_up
from tests.unit.registry.test_published import changed, public
from tests.unit.registry.test_registry import SITE, ZONES, named

ADDRESSES = st.integers(0, 63)


def small(prefix: str = "10.72.0.0/19", v6: str = "2001:db8:c000::/56", bastion: int = 24, **external: Any) -> Site:
    """The example site; the branch of the examples has this little. Its bastion network stands in the last block."""
    content = SITE.model_dump(mode="json")
    branch = next(b for b in content["branches"] if b["branch"] == "committee")
    last = list(IPv4Network(prefix).subnets(new_prefix=22))[-1]
    branch |= {"prefix": prefix, "bastion": f"{last.network_address}/{bastion}", "interconnect": None, "prefix_v6": v6}
    content["external_networks"][0] |= external
    return Site.model_validate(content)


def of(registry: Registry, site: Site, what: str) -> Supply:
    """The supply of the examples' branch, or of the Internet."""
    return next(s for s in supplies(registry, site) if s.what == what and s.where in ("committee", "internet"))


@given(
    st.tuples(ADDRESSES, ADDRESSES).map(sorted), st.sampled_from([1, 2, 4, 8]),
    st.lists(st.tuples(ADDRESSES, ADDRESSES).map(sorted), max_size=6),
)  # fmt: skip
def test_places_are_counted_as_one_would_by_hand(room: list[int], size: int, taken: list[list[int]]) -> None:
    held = {n for first, last in taken for n in range(first, last + 1)}
    fitting = [
        n for n in range(0, 64, size)
        if room[0] <= n and n + size - 1 <= room[1] and not held & set(range(n, n + size))
    ]  # fmt: skip
    assert places((room[0], room[1]), size, [(a, b) for a, b in taken]) == len(fitting)


@pytest.mark.parametrize(
    ("what", "site"),
    [
        ("blocks", small()),
        ("ipv6", small("10.72.0.0/16")),
        ("bastion", small("10.72.0.0/16", "2001:db8:c000::/48", bastion=28)),
    ],
)
def test_so_many_systems_as_are_told_get_addresses_and_no_more(url: str, what: str, site: Site) -> None:
    registry = Registry.open(url)
    first = of(registry, site, what)
    assert first.total > 3
    assert (first.taken, first.resting, first.free) == (0, 0, first.total)
    for n in range(first.total):
        registry.submit(named(f"day-{n}"), f"{n}")
        registry.allocate(f"day-{n}", site, ZONES)
        assert of(registry, site, what).free == first.total - n - 1
    registry.submit(named("qua-nhieu"), "qua-nhieu")
    with pytest.raises(RefusedError):
        registry.allocate("qua-nhieu", site, ZONES)


def test_what_rests_is_told_apart_and_comes_back(url: str) -> None:
    registry, site = Registry.open(url), small()
    registry.submit(named("nghi"), "nghi")
    registry.allocate("nghi", site, ZONES)
    with registry._writing() as session:
        quarantine.rest(session, "nghi", "p", now() + timedelta(days=9))
    for what in ("blocks", "ipv6", "bastion"):
        found = of(registry, site, what)
        assert (found.taken, found.resting, found.free) == (0, 1, found.total - 1)
    with registry._writing() as session:
        session.get_one(QuarantineRow, "nghi").until = now() - timedelta(days=1)
    for what in ("blocks", "ipv6", "bastion"):
        found = of(registry, site, what)
        assert (found.taken, found.resting, found.free) == (0, 0, found.total), "the next writer lets it go"


def test_public_addresses_are_told_where_there_are_any(url: str) -> None:
    registry = Registry.open(url)
    assert [s for s in supplies(registry, small(published=None)) if s.what == "public"] == []
    bring_up(registry, public("a", "b"), SITE, ZONES)
    assert of(registry, SITE, "public") == Supply("public", "internet", 127, 2, 0)
    changed(registry, public("a", kind="change"), SITE)
    assert of(registry, SITE, "public") == Supply("public", "internet", 127, 1, 1)


def test_the_free_part_is_rounded_down_and_never_below_nothing() -> None:
    assert Supply("vcpus", "x", 3, 1).free_percent == 66
    assert Supply("vcpus", "x", 3, 5).free == 0
    assert Supply("vcpus", "x", 0, 0).free_percent == 0
