"""Whose the addresses on an external network are."""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import IPv4Address, IPv4Network, ip_address
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatang.model.base import Misfit
from hatang.model.external import ExternalNetwork, fits
from hatang.model.site import Services

CIDR = IPv4Network("198.18.0.0/28")
NUMBERS = st.integers(int(CIDR[0]), int(CIDR[-1])).map(IPv4Address)


def network(**fields: Any) -> ExternalNetwork:
    """A small one."""
    base = {"name": "tslcd", "purpose": "tslcd", "physical_network": "p", "cidr": CIDR, "gateway": "198.18.0.1"}
    return ExternalNetwork.model_validate({**base, **fields})


def pools(made: ExternalNetwork, *services: str, version: int = 4) -> list[str]:
    return [f"{a}-{b}" for a, b in made.address_pools(version, [ip_address(s) for s in services])]


def test_neutron_chooses_by_itself_where_nobody_else_is() -> None:
    assert pools(network()) == []
    assert pools(network(), "192.0.2.7") == [], "a service of another network"


def test_neither_services_nor_what_is_taken_is_given_to_a_router() -> None:
    made = network(taken=["198.18.0.4/30", "198.18.0.14"])
    assert pools(made, "198.18.0.11") == ["198.18.0.2-198.18.0.3", "198.18.0.8-198.18.0.10", "198.18.0.12-198.18.0.13"]


def test_so_it_is_with_ipv6() -> None:
    v6 = {"cidr_v6": "2001:db8::/64", "gateway_v6": "2001:db8::1"}
    made = network(**v6, taken=["2001:db8::8/125"])
    assert pools(made, "2001:db8::53") == []  # nobody of IPv4
    assert pools(made, "198.18.0.2", "2001:db8::53", version=6) == [
        "2001:db8::2-2001:db8::7", "2001:db8::10-2001:db8::52", "2001:db8::54-2001:db8::ffff:ffff:ffff:ffff"
    ]  # fmt: skip
    assert pools(network(**v6), "198.18.0.2", version=6) == []


@given(st.sets(NUMBERS, min_size=1, max_size=6), st.sets(NUMBERS, max_size=4), NUMBERS)
def test_every_address_is_either_in_a_pool_or_somebodys(
    services: Collection[IPv4Address], taken: Collection[IPv4Address], gateway: IPv4Address
) -> None:
    made = network(gateway=gateway, taken=sorted(map(str, taken)))
    spans = [(int(first), int(last)) for first, last in made.address_pools(4, services)]
    inside = [a for a in CIDR if any(first <= int(a) <= last for first, last in spans)]
    assert inside == [a for a in CIDR.hosts() if a not in {*services, *taken, gateway}]
    assert all(a[1] < b[0] for a, b in pairwise(spans))


@pytest.mark.parametrize(
    ("fields", "services", "text", "path"),
    [
        ({"taken": ["198.18.0.4", "198.18.1.0/24"]}, (), "taken 198.18.1.0/24 lies outside", ("taken", 1)),
        ({"taken": ["2001:db8::7"]}, (), "taken 2001:db8::7/128 lies outside the IPv6 addresses", ("taken", 0)),
        ({"cidr_v6": "2001:db8::/64", "taken": ["2001:db8::/63"]}, (), "lies outside 2001:db8::/64", ("taken", 0)),
        ({"taken": ["198.18.0.0/28"]}, (), "no address of 198.18.0.0/28 of tslcd is left for routers", ("taken",)),
        ({"cidr": "198.18.0.0/30"}, ("198.18.0.2",), "no address of 198.18.0.0/30", ("cidr",)),
        ({"purpose": "internet", "published": "198.18.0.8/29", "taken": ["198.18.0.9"]}, (),
         "published 198.18.0.8/29 holds 198.18.0.9/32, which is taken", ("published",)),
        ({"purpose": "internet", "published": "198.18.0.8/29"}, ("198.18.0.9",),
         "published 198.18.0.8/29 holds 198.18.0.9, where a shared service answers", ("published",)),
        ({"purpose": "internet", "published": "198.18.0.8/29", "taken": ["198.18.0.0/29"]}, (), "no address",
         ("published",)),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(
    fields: dict[str, Any], services: tuple[str, ...], text: str, path: tuple[str | int, ...]
) -> None:
    with pytest.raises(Misfit) as caught:
        fits(network(**fields), 3, [ip_address(s) for s in services])
    assert text in str(caught.value)
    assert caught.value.path == ("external_networks", 3, *path)


def test_services_named_by_url_have_addresses_too() -> None:
    made = Services.model_validate({
        "time_servers": ["198.18.0.11", "2001:db8::11"], "dns_servers": ["198.18.0.53"], "log_server": "198.18.0.20",
        "package_mirror": "http://198.18.0.30:8080/debian", "signature_mirror": "http://010.1.2.3:300/1.2.3.4.5/1.2.3.999/",
        "backup_repository": "sftp:sao-luu@198.18.0.40:/copies",
    })  # fmt: skip
    assert sorted(map(str, made.addresses)) == [*(f"198.18.0.{n}" for n in (11, 20, 30, 40, 53)), "2001:db8::11"]
