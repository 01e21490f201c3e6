"""The value in force: true to the tables for every level, and the strictest applicable source wins."""

from __future__ import annotations

from typing import Any

import pytest

from hatang.catalogue import load
from hatang.catalogue.resolver import resolve
from hatang.catalogue.zones import zone_matrix
from hatang.model.control import Control
from hatang.model.terms import UNSTATED, Level

STORAGE = ("document_storage",)
# Written here a second time, by hand, from the tables of requirements: levels 1 to 5, then with QCVN 12 as well.
TRUTH: dict[str, tuple[list[Any], list[Any]]] = {
    "AUT-01": ([4] * 5, [4] * 5),
    "AUT-03": ([14] * 5, [14] * 5),
    "AUT-07": ([60] * 5, [60] * 5),
    "AUT-08": ([None, None, 10, 10, 10], [10] * 5),
    "AUT-11": ([None, True, True, True, True],) * 2,
    "AUT-13": ([10, 5, 5, 5, 5], [5] * 5),
    "AUT-14": ([43200] * 5, [43200] * 5),
    "CFG-02": ([None, True, True, True, True],) * 2,
    "CFG-08": ([None, None, None, True, True], [True] * 5),
    "LOG-08": ([None, None, True, True, True],) * 2,
    "LOG-10": ([None, 1, 3, 6, 12], [12] * 5),
    "SAC-03": ([None, True, True, True, True],) * 2,
    "SAC-13": ([("in",), ("in",), ("in", "out"), ("in", "out"), ("in", "out")],) * 2,
    "HST-01": ([None, None, "logical", "logical", "physical"],) * 2,
    "HST-02": ([None, None, "logical", "logical", "physical-devices"],) * 2,
    "HST-03": ([None, None, "logical", "logical", "physical"],) * 2,
    "SES-01": ([5] * 5, [5] * 5),
    "ACC-06": ([45] * 5, [45] * 5),
}  # fmt: skip
ALWAYS = ("ACC-04", "ACC-11", "AUT-12", "AUT-15", "CFG-09", "LOG-07", "SAC-01", "SAC-04", "SAC-10", "SES-04")


@pytest.mark.parametrize("control", sorted(TRUTH))
def test_values_are_those_of_the_tables(control: str) -> None:
    found = load().control(control)
    plain, with_storage = TRUTH[control]
    assert [resolve(found, lv).value for lv in Level] == plain
    assert [resolve(found, lv, STORAGE).value for lv in Level] == with_storage


@pytest.mark.parametrize("control", ALWAYS)
def test_demanded_at_every_level(control: str) -> None:
    assert [resolve(load().control(control), lv).value for lv in Level] == [True] * 5


def test_value_that_was_read_counts_before_a_demand_without_one() -> None:
    drill = load().control("INC-02")
    found = resolve(drill, Level.L3)
    assert (found.value, found.own_value and found.own_value.value) == (UNSTATED, 12)
    found = resolve(drill, Level.L3, STORAGE)
    assert (found.value, found.source, found.own_value) == (12, "qcvn12_2026", None)
    contacts = resolve(load().control("INC-01"), Level.L3, STORAGE)
    assert (contacts.value, contacts.source, contacts.mark) == (12, "tcvn14423_2026", "B1")


def test_zones_are_those_of_the_matrix() -> None:
    matrix = zone_matrix()
    for level in Level:
        for storage in (False, True):
            demanded = resolve(load().control("NET-01"), level, STORAGE if storage else ()).value or ()
            built = {z.value for z in matrix.zones(level, storage)}
            assert isinstance(demanded, tuple)
            assert set(demanded) <= built
            # Where a source says which zones there are, there are no others; level 1 stands on zones of our choice.
            assert not demanded or set(demanded) == built or level is Level.L1


def test_egress_is_closed_where_the_control_says_so() -> None:
    for level in Level:
        value = resolve(load().control("SAC-13"), level).value
        assert isinstance(value, tuple)
        assert zone_matrix().denies_egress(level) == ("out" in value)


def test_strictest_source_decides_and_others_are_shown() -> None:
    found = resolve(load().control("LOG-10"), Level.L3, STORAGE)
    assert (found.value, found.source, found.mark, found.clause) == (12, "qcvn12_2026", "A", "3.9.2.1.9")
    assert [(c.source, c.value) for c in found.considered] == [("tcvn14423_2026", 3), ("qcvn12_2026", 12)]


def test_equal_values_rest_on_the_surest_reading() -> None:
    found = resolve(load().control("LOG-10"), Level.L5, STORAGE)
    assert (found.value, found.source, found.mark) == (12, "qcvn12_2026", "A")


def test_value_made_up_of_several_sources_is_as_sure_as_the_weakest() -> None:
    found = resolve(load().control("NET-01"), Level.L3, STORAGE)
    assert isinstance(found.value, tuple)
    assert {"wan", "management"} <= set(found.value)
    assert (found.source, found.mark) == ("tcvn14423_2026 + qcvn12_2026", "B1")


def test_nothing_is_in_force_where_all_are_silent() -> None:
    found = resolve(load().control("LOG-10"), Level.L1)
    assert (found.value, found.source, found.mark) == (None, "", None)


def test_source_for_some_systems_leaves_others_alone() -> None:
    assert [c.source for c in resolve(load().control("LOG-10"), Level.L3).considered] == ["tcvn14423_2026"]


@pytest.mark.parametrize(
    ("combine", "one", "other", "strictest"),
    [
        ("max", 3, 12, 12),
        ("min", 60, 45, 45),
        ("any", False, True, True),
        ("union", ["in"], ["out"], ("in", "out")),
        ("ordered", "physical", "logical", "physical"),
    ],
)
def test_each_rule_takes_the_strictest(combine: str, one: Any, other: Any, strictest: Any) -> None:
    control = Control.model_validate(
        {
            "id": "TST-01",
            "title": {"vi": "ví dụ", "en": "example"},
            "unit": "yes/no",
            "strength": "must",
            "combine": combine,
            "order": ["logical", "physical"],
            "verified_by": ["host"],
            "sources": {
                name: {"clause": "1", "mark": "A", "values": {f"L{n}": value for n in range(1, 6)}}
                for name, value in (("a", one), ("b", other))
            },
        }
    )
    assert resolve(control, Level.L3).value == strictest


def test_our_own_number_is_said_to_be_ours() -> None:
    found = resolve(load().control("SES-04"), Level.L3)
    assert found.value is True
    assert found.own_value is not None
    assert (found.own_value.value, found.own_value.unit) == (300, "seconds")
