"""The zone matrix, and what becomes of it in security groups."""

from __future__ import annotations

from itertools import product

import pytest

from hatang.catalogue.zones import OUTSIDE, zone_matrix
from hatang.model.terms import Level, ZoneKind
from hatang.policies.rules.groups import Rule
from hatang.provision.configs import group_rules
from tests.unit.stacks.recorded import site, system_record

SEVEN = {"border", "dmz", "application", "database", "internal", "wireless", "management"}


@pytest.mark.parametrize(
    ("level", "storage", "zones"),
    [
        (2, False, {"border", "dmz", "application", "internal", "wireless"}),
        (3, False, SEVEN),
        (4, False, SEVEN | {"wan", "equipment"}),
        (5, False, SEVEN | {"wan", "equipment"}),
        (2, True, {"border", "dmz", "application", "internal", "wireless", "database", "wan"}),
        (3, True, SEVEN | {"wan"}),
    ],
)
def test_zones_are_the_union_of_the_sources_that_apply(level: int, storage: bool, zones: set[str]) -> None:
    assert {z.value for z in zone_matrix().zones(Level(level), storage)} == zones


def test_a_level_1_system_has_somewhere_to_stand_by_our_own_choice() -> None:
    assert zone_matrix().zones_by_source["tcvn14423_2026"].levels[Level.L1] == ()
    assert set(zone_matrix().zones(Level.L1)) == {ZoneKind.DMZ, ZoneKind.APPLICATION}


@pytest.mark.parametrize(("level", "public", "storage"), list(product((1, 2, 3, 4, 5), (False, True), (False, True))))
def test_every_flow_has_both_its_ends(level: int, public: bool, storage: bool) -> None:
    """What may leave a zone for another may enter there, and the reverse, from level 3 on."""
    if not zone_matrix().denies_egress(Level(level)):
        return
    record = system_record(level, public=public, document_storage=storage)
    rules = group_rules(site(), record)
    assert record.allocation is not None
    of = {str(n): z.kind.value for z in record.allocation.zones for n in (z.cidr, z.cidr_v6)}
    out = {(z, of[r.remote], r.protocol, r.port) for z, rs in rules.items() for r in rs if _between(r, of, "egress")}
    into = {(of[r.remote], z, r.protocol, r.port) for z, rs in rules.items() for r in rs if _between(r, of, "ingress")}
    assert out == into


def _between(rule: Rule, of: dict[str, str], direction: str) -> bool:
    return rule.direction == direction and rule.remote in of


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_ssh_comes_from_the_bastion_alone(level: int) -> None:
    record = system_record(level)
    bastion = str(site().pool(record.agency.branch).bastion)
    for rules in group_rules(site(), record).values():
        assert {r.remote for r in rules if r.direction == "ingress" and r.port == 22} == {bastion}


def test_the_internet_enters_the_border_of_a_public_system_on_https_and_nothing_else() -> None:
    for public in (False, True):
        rules = group_rules(site(), system_record(3, public=public))
        open_ = {(z, r.protocol, r.port) for z, rs in rules.items() for r in rs if r.remote in ("0.0.0.0/0", "::/0")}
        assert open_ == ({("border", "tcp", 443)} if public else set())


def test_below_level_3_only_what_enters_is_denied() -> None:
    for rules in group_rules(site(), system_record(2)).values():
        assert {(r.protocol, r.remote) for r in rules if r.direction == "egress"} == {("", "0.0.0.0/0"), ("", "::/0")}


def test_no_database_zone_the_database_stands_beside_the_application() -> None:
    two, three = group_rules(site(), system_record(2)), group_rules(site(), system_record(3))
    assert any(r.port == 5432 and r.direction == "ingress" for r in two["application"])
    assert not any(r.port == 5432 and r.direction == "ingress" for r in three["application"])
    assert any(r.port == 5432 and r.direction == "ingress" for r in three["database"])


def test_rules_have_keys_of_their_own_and_reasons() -> None:
    for rules in group_rules(site(), system_record(4, public=True)).values():
        assert len({r.key for r in rules}) == len(rules) == len({r.facts for r in rules})
        assert all(r.why for r in rules)


def test_every_line_of_the_matrix_names_a_control() -> None:
    for rule in zone_matrix().rules:
        assert rule.why[:3].isupper(), rule
        assert {rule.from_, rule.to} <= {*OUTSIDE, "every", *(z.value for z in ZoneKind)}
