"""Public addresses: where the registry's lead, which are a cause, and which are none."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from hatang.isolation import causes, words
from hatang.isolation.expected import Spot
from hatang.isolation.places import host_spots
from hatang.registry import HostRecord, SystemRecord

from .public import FRONT, PROJECT, PUBLIC, SITE, WEB, Network, floating, held, live, record

GIVEN = floating(PUBLIC, "front", FRONT)
ASTRAY = ("public-address", f"{PUBLIC} leads to port thu-front")
MISSING = ("public-address-missing", f"{PUBLIC} does not lead to thu-front at {FRONT}")


def test_a_spot_knows_its_public_address() -> None:
    hosts = [
        HostRecord(f"thu-{name}", "thu", "H99.01", zone, address, "debian", name, 3)
        for name, zone, address in (("front", "border", FRONT), ("web", "dmz", WEB))
    ]
    made: dict[str, Spot] = {s.name: s for s in host_spots([record()], hosts)}
    assert made["thu-front"].published == (PUBLIC,)
    assert made["thu-web"].published == ()
    assert PUBLIC not in made["thu-front"].addresses


@pytest.mark.parametrize(
    ("there", "found"),
    [
        ([GIVEN], []),
        ([], [MISSING]),
        ([floating(PUBLIC)], [MISSING]),
        ([floating(PUBLIC, "web", WEB)], [("public-address", f"{PUBLIC} leads to port thu-web"), MISSING]),
        ([floating(PUBLIC, "front", "10.72.0.11")], [ASTRAY, MISSING]),
        ([GIVEN, floating("203.0.113.9", "web", WEB)], [("public-address", "203.0.113.9 leads to port thu-web")]),
        ([GIVEN, floating("203.0.113.9")], []),  # it leads nowhere
        ([floating(PUBLIC, "front", FRONT, "others")], [ASTRAY, MISSING]),
        ([GIVEN, floating("203.0.113.9", "elsewhere", "10.9.9.9", "others")], []),
    ],
)  # fmt: skip
def test_only_the_registrys_own_address_at_its_own_host_is_no_cause(
    there: list[Any], found: list[tuple[str, str]]
) -> None:
    assert causes._addresses(live(record(), *there)) == found


def test_of_a_system_that_is_not_public_every_address_is_one() -> None:
    assert causes._addresses(live(record(public=False))) == []
    said = causes._addresses(live(record(public=False), GIVEN))
    assert said == [("public-address", f"{PUBLIC} leads to port thu-front")]


@pytest.mark.parametrize(("known", "kinds"), [(record(), ["public-address-missing"]), (held(record()), [])])
def test_while_a_system_is_suspended_none_is_missing(
    known: SystemRecord, kinds: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(causes, "LOOKS", (causes._addresses,))
    cloud: Any = SimpleNamespace(network=Network())
    registry: Any = SimpleNamespace(remote_ids=lambda _kind, _name: {"project_id": PROJECT})
    assert [c.kind for c in causes.causes(cloud, SITE, registry, [known])] == kinds


def test_each_kind_has_its_words() -> None:
    assert {"public-address", "public-address-missing"} <= set(words.kinds())
