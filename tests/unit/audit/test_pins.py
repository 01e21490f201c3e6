"""A waiver lapses when its source is replaced or what is demanded changes, and says what has changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from hatang.audit.pins import Law, is_pinned
from hatang.catalogue import Catalogue
from hatang.model.control import Control, Mark
from hatang.model.terms import Level
from hatang.model.waiver import ScopeKind, Waiver, WaiverState
from tests.unit.registry.test_registry import REQUEST

DAY = date(2026, 11, 25)
AT = datetime(2026, 11, 25, 5, 0, tzinfo=UTC)
LAW = Law.on(DAY)
LOCK, TCVN = "AUT-13", "tcvn14423_2026"
SYSTEM = REQUEST.system.model_copy(update={"level": Level.L3, "document_storage": False})


def waiver(control: str = LOCK, *, law: Law = LAW, systems: tuple = (SYSTEM,)) -> Waiver:  # type: ignore[type-arg]
    """An approved waiver of a control."""
    return Waiver(
        id="w", control=control, scope_kind=ScopeKind.SYSTEM, scope=SYSTEM.name, system=SYSTEM.name, reason="reason",
        measure="measure", proposed_by="A", proposed_at=AT, expires_on=date(2027, 3, 31),
        pins=law.pins(control, systems), approved_by="B", approved_at=AT,
    )  # fmt: skip


def law_with(control: Control) -> Law:
    """The law with one control changed."""
    return replace(LAW, catalogue=Catalogue({**LAW.catalogue.controls, control.id: control}))


def changed(**fields: object) -> Law:
    """The law with another demand of TCVN 14423 on the account lock."""
    lock = LAW.catalogue.control(LOCK)
    source = lock.sources[TCVN].model_copy(update=fields)
    return law_with(lock.model_copy(update={"sources": {**lock.sources, TCVN: source}}))


def values(level_3: int | None) -> object:
    """The values of the account lock with another one at level 3."""
    return LAW.catalogue.control(LOCK).sources[TCVN].values.model_copy(update={"L3": level_3})


def test_the_same_law_changes_nothing() -> None:
    for control in LAW.catalogue.controls:
        if (made := waiver(control)).pins:
            assert LAW.lapse(made) == "", control


def test_a_pin_holds_value_source_clause_and_number() -> None:
    (pin,) = waiver().pins
    assert (pin.level, pin.applies) == (Level.L3, ())
    demand = pin.demand
    assert (demand.value, demand.unit, demand.source, demand.clause) == (5, "failures", TCVN, "x.5.2.2 a")
    assert demand.numbers == {TCVN: "TCVN 14423:2026"}


@pytest.mark.parametrize(
    ("law", "words"),
    [
        (changed(values=values(3)), "at level 3: value was 5, is 3"),
        (changed(clause="x.5.2.2 c"), "at level 3: clause was x.5.2.2 a, is x.5.2.2 c"),
        (changed(values=values(None)), "nothing is demanded any more; it was 5 failures"),
        (replace(LAW, catalogue=Catalogue({})), "control AUT-13 is no longer in the catalogue"),
        (replace(LAW, sources={}), "source TCVN 14423:2026 is no longer in the catalogue"),
    ],
    ids=["value", "clause", "no-demand", "no-control", "no-source"],
)
def test_a_changed_demand_makes_it_lapse(law: Law, words: str) -> None:
    found = law.lapse(waiver())
    assert words in found
    assert waiver().state(AT, found) is WaiverState.LAPSED


@pytest.mark.parametrize(("values_of", "lapses"), [("L4", False), ("L3", True)])
def test_only_the_pinned_level_counts(values_of: str, lapses: bool) -> None:
    there = LAW.catalogue.control(LOCK).sources[TCVN].values
    law = changed(values=there.model_copy(update={values_of: 1}))
    assert bool(law.lapse(waiver())) is lapses


def test_reading_the_source_again_changes_nothing() -> None:
    assert LAW.catalogue.control(LOCK).sources[TCVN].mark is not Mark.A
    assert changed(mark=Mark.A).lapse(waiver()) == ""


@pytest.mark.parametrize(
    ("in_force", "lapses"), [("2026-11-25", True), ("2026-11-26", False), ("", True)], ids=["today", "later", "unknown"]
)
def test_a_replaced_source_makes_it_lapse_although_the_control_still_cites_it(in_force: str, lapses: bool) -> None:
    newer = LAW.sources[TCVN].model_copy(
        update={"number": "TCVN 14423:2028", "in_force": in_force, "replaces": ("TCVN 14423:2026",)}
    )
    law = replace(LAW, sources={**LAW.sources, "tcvn14423_2028": newer})
    assert law.lapse(waiver()) == ("TCVN 14423:2026 was replaced by TCVN 14423:2028" if lapses else "")


@pytest.mark.parametrize(("last", "lapses"), [("2026-11-24", True), ("2026-11-25", False)], ids=["ended", "last day"])
def test_a_source_that_ended_makes_it_lapse(last: str, lapses: bool) -> None:
    ended = LAW.sources[TCVN].model_copy(update={"in_force_until": last})
    law = replace(LAW, sources={**LAW.sources, TCVN: ended})
    assert law.lapse(waiver()) == (f"TCVN 14423:2026 was in force until {last}" if lapses else "")


@pytest.mark.parametrize(("in_force", "lapses"), [("2026-11-25", True), ("2026-11-26", False)], ids=["today", "later"])
def test_a_successor_that_the_source_names_makes_it_lapse(in_force: str, lapses: bool) -> None:
    newer = LAW.sources[TCVN].model_copy(update={"number": "TCVN 14423:2028", "in_force": in_force, "replaces": ()})
    older = LAW.sources[TCVN].model_copy(update={"replaced_by": "tcvn14423_2028"})
    law = replace(LAW, sources={**LAW.sources, TCVN: older, "tcvn14423_2028": newer})
    assert law.lapse(waiver()) == ("TCVN 14423:2026 was replaced by TCVN 14423:2028" if lapses else "")


def test_a_source_under_a_new_number_is_another_one() -> None:
    newer = LAW.sources[TCVN].model_copy(update={"number": "TCVN 14423:2026/SĐ1"})
    assert "TCVN 14423:2026/SĐ1" in replace(LAW, sources={**LAW.sources, TCVN: newer}).lapse(waiver())


def test_one_pin_for_each_level_and_kind_that_demands_anything() -> None:
    four = SYSTEM.model_copy(update={"level": Level.L4})
    stored = SYSTEM.model_copy(update={"document_storage": True})
    made = waiver(systems=(SYSTEM, four, stored, SYSTEM))
    assert [(int(p.level), p.applies) for p in made.pins] == [(3, ()), (3, ("document_storage",)), (4, ())]
    assert LAW.pins("CFG-08", (SYSTEM,)) == ()  # demanded from level 4


@pytest.mark.parametrize(
    ("level", "stored", "words"),
    [
        (3, False, ""),
        (4, False, "granted for level 3; system mot-cua has level 4"),
        (3, True, "granted for level 3; system mot-cua has level 3 with document_storage"),
    ],
)
def test_another_level_or_kind_is_not_what_was_granted(level: int, stored: bool, words: str) -> None:
    system = SYSTEM.model_copy(update={"level": Level(level), "document_storage": stored})
    assert is_pinned(waiver(), system) == words
