"""Public addresses: who has one, what becomes of one that is given up, and what is refused."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from hatang.errors import RefusedError
from hatang.model.external import ExternalNetwork
from hatang.model.request import RequestFile
from hatang.model.site import Site
from hatang.registry import Registry, quarantine
from hatang.registry.public_tables import PublicAddressRow
from hatang.registry.tables import now
from tests.unit.registry.decided import approve, bring_up
from tests.unit.registry.test_registry import REQUEST, SITE, ZONES
from tests.unit.registry.test_requests import asks

NAME = REQUEST.system.name
FIRST, SECOND, THIRD = (IPv4Address(f"203.0.113.{n}") for n in (128, 129, 130))


@pytest.fixture
def registry(url: str) -> Registry:
    return Registry.open(url)


def border(*names: str) -> list[dict[str, Any]]:
    """Hosts in the zone border."""
    return [{"name": n, "zone": "border"} for n in names]


def public(*names: str, kind: str = "new-system", system: str = NAME, serves: bool = True) -> RequestFile:
    """The example request with these hosts at the border."""
    data = asks(kind, name=system, public=serves).model_dump(mode="json", exclude={"agency": {"ceiling"}})
    data["system"]["hosts"] += border(*names)
    return RequestFile.model_validate(data)


def changed(registry: Registry, file: RequestFile, site: Site = SITE) -> None:
    """A change that is carried out, as it was planned."""
    record = registry.submit(file, "", site)
    approve(registry, record.id)
    wanted = registry.as_asked(record.id, site, lambda system: ZONES).allocation
    registry.begin(record.id, site, lambda system: ZONES)
    registry.set_system_state(file.system.name, "active")
    assert registry.system(file.system.name).allocation == wanted, "what was planned is what it got"


def addresses(registry: Registry, system: str = NAME) -> dict[str, IPv4Address]:
    """Public addresses by host."""
    allocation = registry.system(system).allocation
    assert allocation is not None
    return {h.name: h.public_address for h in allocation.hosts if h.public_address}


def with_published(net: str | None) -> Site:
    """The example site that publishes at these addresses."""
    out = [
        e.model_copy(update={"published": IPv4Network(net) if net else None}) if e.purpose == "internet" else e
        for e in SITE.external_networks
    ]
    return SITE.model_copy(update={"external_networks": tuple(out)})


def test_each_host_at_the_border_of_a_public_system_has_one(registry: Registry) -> None:
    bring_up(registry, public("cong-hai", "cong-mot"), SITE, ZONES)
    assert addresses(registry) == {"cong-hai": FIRST, "cong-mot": SECOND}


def test_none_has_one_where_the_system_is_not_public(registry: Registry) -> None:
    bring_up(registry, public("cong", serves=False), SITE, ZONES)
    assert addresses(registry) == {}


def test_a_system_in_use_is_made_public_and_ceases_to_be(registry: Registry) -> None:
    bring_up(registry, public("cong", serves=False), SITE, ZONES)
    changed(registry, public("cong", kind="change"))
    assert addresses(registry) == {"cong": FIRST}
    changed(registry, public("cong", kind="change", serves=False))
    assert addresses(registry) == {}


def test_hosts_that_stay_keep_theirs_and_one_that_is_given_up_rests(registry: Registry) -> None:
    bring_up(registry, public("a", "b"), SITE, ZONES)
    changed(registry, public("b", kind="change"))
    assert addresses(registry) == {"b": SECOND}
    bring_up(registry, public("c", system="khac"), SITE, ZONES)
    assert addresses(registry, "khac") == {"c": THIRD}, "what another gave up is not given yet"
    changed(registry, public("b", "d", kind="change"))
    assert addresses(registry) == {"b": SECOND, "d": FIRST}, "its own comes back"


def test_it_is_given_to_others_after_its_rest(registry: Registry) -> None:
    bring_up(registry, public("a", "b"), SITE, ZONES)
    changed(registry, public("b", kind="change"))
    days = timedelta(days=SITE.removal.quarantine_days)
    for at, left in ((now() + days - timedelta(hours=1), {str(FIRST), str(SECOND)}), (now() + days, {str(SECOND)})):
        with registry._writing() as session:
            quarantine.expire(session, at)
            assert set(session.scalars(select(PublicAddressRow.address))) == left
    bring_up(registry, public("c", system="khac"), SITE, ZONES)
    assert addresses(registry, "khac") == {"c": FIRST}


def test_no_address_twice_whoever_writes(registry: Registry) -> None:
    bring_up(registry, public("a"), SITE, ZONES)
    bring_up(registry, asks(name="khac"), SITE, ZONES)
    with pytest.raises(IntegrityError), registry._engine.begin() as connection:
        connection.execute(text(
            f"INSERT INTO public_address (address, system, host, created_at) VALUES ('{FIRST}', 'khac', 'x', "
            "'2026-01-01')"))  # fmt: skip


@pytest.mark.parametrize(("net", "said"), [(None, "gives no public"), ("203.0.113.128/31", "no public address left")])
def test_a_site_without_addresses_refuses_and_nothing_is_kept(registry: Registry, net: str | None, said: str) -> None:
    site = with_published(net)
    record = registry.submit(public("a", "b", "c"), "", site)
    approve(registry, record.id)
    with pytest.raises(RefusedError, match=said) as refused:
        registry.allocate(NAME, site, ZONES)
    assert "published" in refused.value.do
    assert registry.system(NAME).allocation is None


def test_a_range_that_was_moved_leaves_everybody_where_they_are(registry: Registry) -> None:
    bring_up(registry, public("a"), SITE, ZONES)
    moved = with_published("203.0.113.64/26")
    changed(registry, public("a", "b", kind="change"), moved)
    assert addresses(registry) == {"a": FIRST, "b": IPv4Address("203.0.113.64")}


@pytest.mark.parametrize(
    ("net", "pools", "span"),
    [
        (None, [], None),
        ("203.0.113.128/25", [("203.0.113.2", "203.0.113.127")], (128, 254)),
        ("203.0.113.64/26", [("203.0.113.2", "203.0.113.63"), ("203.0.113.128", "203.0.113.254")], (64, 127)),
    ],
)
def test_neutron_gives_none_of_what_the_registry_gives(
    net: str | None, pools: list[tuple[str, str]], span: tuple[int, int] | None
) -> None:
    network: ExternalNetwork = next(e for e in with_published(net).external_networks if e.purpose == "internet")
    assert [(str(a), str(b)) for a, b in network.address_pools(4, ())] == pools
    base = int(network.cidr.network_address)
    found = network.public_span()
    assert (found and (found[0] - base, found[1] - base)) == span
