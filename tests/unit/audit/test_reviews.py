"""What records are worth: intervals by the calendar, the first of them, and states that say no more than is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hatang.audit.join import Line, Scope, join
from hatang.audit.kept import beside, duties, told
from hatang.audit.recording import record
from hatang.audit.results import Result
from hatang.audit.words import explained
from hatang.catalogue import load
from hatang.catalogue.recorded import from_start, interval, is_record_check, is_recorded
from hatang.catalogue.resolver import resolve
from hatang.errors import InputError, InputErrors, UnknownNameError
from hatang.model.control import OwnValue, Unit
from hatang.model.review import Interval, Review, ReviewScope, ReviewState, interval_of, judge
from hatang.model.terms import Level, ResultState
from hatang.model.waiver import civil_day
from hatang.registry import Registry
from hatang.registry.tables import now
from tests.unit.audit.long_in_use import prepare
from tests.unit.audit.test_waivers import result

USED, TODAY = date(2026, 1, 31), date(2026, 11, 25)
AT = datetime(2026, 11, 25, 5, 0, tzinfo=UTC)
YEAR = Interval(months=12)
SAID = "on record, and nobody checked what it says: 2026-11-25, A"


def on(day: date, **changes: object) -> Review:
    """A record of a day."""
    plain = {
        "id": "r1", "control": "ACC-03", "scope_kind": ReviewScope.SYSTEM, "scope": "s", "system": "s", "day": day,
        "by": "Nguyễn Văn A", "document": "a.pdf", "sha256": "a" * 64, "recorded_at": AT,
    }  # fmt: skip
    return Review.model_validate(plain | changes)


@pytest.mark.parametrize(
    ("step", "day", "due"),
    [
        (Interval(months=1), date(2026, 1, 31), date(2026, 2, 28)),
        (Interval(months=1), date(2028, 1, 31), date(2028, 2, 29)),
        (Interval(months=12), date(2028, 2, 29), date(2029, 2, 28)),
        (Interval(months=3), date(2026, 11, 30), date(2027, 2, 28)),
        (Interval(months=1), date(2026, 12, 5), date(2027, 1, 5)),
        (Interval(days=7), date(2026, 12, 28), date(2027, 1, 4)),
    ],
)
def test_intervals_go_by_the_calendar(step: Interval, day: date, due: date) -> None:
    assert step.after(day) == due


@pytest.mark.parametrize(
    ("value", "unit", "found"),
    [
        (6, "months", Interval(months=6)), ("1 week", "interval", Interval(days=7)),
        ("12 months", "interval", Interval(months=12)), (True, "yes/no", None), (6, "hours", None),
        ("unstated", "months", Interval(months=3)), ("at once", "interval", None), (None, "months", None),
    ],
)  # fmt: skip
def test_intervals_of_values(value: object, unit: str, found: Interval | None) -> None:
    own = OwnValue.model_validate({"value": 3, "unit": Unit.MONTHS, "why": {"vi": "vì", "en": "why"}})
    assert interval_of(value, unit, own) == found


@pytest.mark.parametrize(
    ("reviews", "used", "state", "due"),
    [
        ([], None, "not-due", None),
        ([], USED, "not-due", date(2027, 1, 31)),
        ([], date(2025, 11, 25), "not-due", TODAY),
        ([], date(2025, 11, 24), "missing", date(2026, 11, 24)),
        ([on(date(2025, 11, 25))], date(2020, 1, 1), "kept", TODAY),
        ([on(date(2025, 11, 24))], date(2020, 1, 1), "overdue", date(2026, 11, 24)),
        ([on(date(2020, 1, 1))], USED, "not-due", date(2027, 1, 31)),
        ([on(date(2025, 1, 1)), on(date(2026, 6, 1))], date(2020, 1, 1), "kept", date(2027, 6, 1)),
        ([on(date(2026, 6, 1), succeeded=False)], USED, "failed", date(2026, 6, 1)),
        ([on(date(2026, 6, 1), succeeded=False), on(date(2026, 6, 2))], USED, "kept", date(2027, 6, 2)),
        ([on(date(2026, 6, 1)), on(date(2026, 6, 2), succeeded=False)], USED, "failed", date(2026, 6, 2)),
        ([on(date(2026, 6, 1), withdrawn_at=AT)], date(2020, 1, 1), "missing", date(2021, 1, 1)),
        ([on(date(2026, 6, 1), removed_at=AT)], date(2020, 1, 1), "missing", date(2021, 1, 1)),
        ([on(date(2026, 11, 26))], date(2020, 1, 1), "missing", date(2021, 1, 1)),
    ],
)
def test_a_periodic_review(reviews: list[Review], used: date | None, state: str, due: date | None) -> None:
    found = judge(reviews, YEAR, TODAY, used, from_start=False)
    assert (found.state.value, found.due) == (state, due)


@pytest.mark.parametrize(
    ("reviews", "used", "state"),
    [
        ([], None, "not-due"),
        ([], TODAY, "missing"),
        ([on(date(2001, 1, 1))], TODAY, "kept"),
        ([on(TODAY)], None, "kept"),
    ],
)
def test_a_document(reviews: list[Review], used: date | None, state: str) -> None:
    assert judge(reviews, None, TODAY, used, from_start=True).state.value == state


@pytest.mark.parametrize(("ahead", "soon"), [(29, True), (30, True), (31, False)])
def test_due_soon(ahead: int, soon: bool) -> None:
    last = on(TODAY + timedelta(days=ahead) - timedelta(days=365))
    assert judge([last], YEAR, TODAY, date(2020, 1, 1), from_start=False).is_soon(TODAY) is soon


def test_every_record_check_belongs_to_a_control_that_records_mean_something_to() -> None:
    judged = [c for c in load().controls.values() if any(map(is_record_check, c.checks))]
    assert len(judged) == 26
    for control in judged:
        assert is_recorded(control)
        for level in Level:
            found = resolve(control, level, ("document_storage",))
            periodic = control.checks[0].startswith("test_registry_reviews.py")
            if found.value is not None:
                assert from_start(control, found) is not periodic, f"{control.id} at level {int(level)}"
                assert (interval(control, found) is not None) is periodic
    assert not is_recorded(load().control("CFG-03"))
    assert not is_recorded(load().control("AUT-13"))


# -- duties of a system, and what reports say


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """A system of level 3, in use for 1000 days, with nothing on record."""
    made = Registry.open(f"sqlite:///{tmp_path}/registry.db")
    prepare(made, "old", level=3, documents=False)
    return made


@pytest.fixture
def document(tmp_path: Path) -> Path:
    """A document."""
    file = tmp_path / "biên bản.pdf"
    file.write_bytes(b"example")
    return file


def put(registry: Registry, document: Any, control: str = "ACC-03", **changes: Any) -> Review:
    """A record of today for the system."""
    plain: dict[str, Any] = {"day": civil_day(now()), "by": "Nguyễn Văn A", "document": document}
    return record(registry, [control], ReviewScope.SYSTEM, "old", **plain | changes)[0]


def test_duties_follow_level_and_time(registry: Registry, document: Path) -> None:
    found = {d.control.id: d for d in duties(registry, registry.systems())}
    assert "AST-04" not in found  # demanded from level 4 on
    assert found["ACC-03"].interval == Interval(months=3)  # the storage of documents has the stricter one
    assert {d.standing.state for d in found.values()} == {ReviewState.MISSING}
    put(registry, document)
    (again,) = [d for d in duties(registry, registry.systems()) if d.control.id == "ACC-03"]
    assert again.standing.state is ReviewState.KEPT
    later = now() + timedelta(days=100)
    (late,) = [d for d in duties(registry, registry.systems(), later) if d.control.id == "ACC-03"]
    assert late.standing.state is ReviewState.OVERDUE
    registry.set_system_state("old", "removed")
    assert duties(registry, registry.systems()) == []


@pytest.mark.parametrize(
    ("control", "changes", "text"),
    [
        ("CFG-03", {}, "judged without any record"),
        ("AUT-13", {}, "judged without any record"),
        ("NET-11", {}, "demands nothing there"),
        ("BKP-01", {"covers": ("old-web", "strange")}, "no host there is called strange"),
        ("ACC-03", {"document": Path("/nowhere/a.pdf")}, "cannot be read"),
        ("ACC-03", {"day": civil_day(now()) + timedelta(days=2)}, "in the future"),
        ("ACC-03", {"day": date(26, 11, 20)}, "is before 2000-01-01"),
        ("ACC-03", {"by": "  "}, "by: "),
        ("ACC-03", {"by": "A\x1b[31mBC"}, "by: it holds control characters"),
        ("ACC-03", {"note": "a\nb"}, "note: it holds control characters"),
        ("ACC-03", {"note": "x" * 2_001}, "note: "),
    ],
)  # fmt: skip
def test_wrong_records_change_nothing(
    registry: Registry, document: Path, control: str, changes: dict[str, Any], text: str
) -> None:
    with pytest.raises((InputError, InputErrors)) as caught:
        put(registry, control=control, **{"document": document, **changes})
    assert text in str(caught.value) or any(text in str(e) for e in getattr(caught.value, "errors", []))
    assert caught.value.exit_code == 2
    assert not [d for d in duties(registry, registry.systems()) if d.standing.last]


def test_an_empty_document_is_none(registry: Registry, document: Path) -> None:
    document.write_bytes(b"")
    with pytest.raises(InputError, match="empty"):
        put(registry, document)
    with pytest.raises(UnknownNameError):
        put(registry, document, "ACC-99")


def test_a_document_beside_evidence_makes_nothing_met(registry: Registry, document: Path) -> None:
    control = next(c for c in load().controls.values() if c.evidence and not c.checks)
    bare = replace(result(ResultState.NOT_AUTOMATED), control=control.id, scope="old", kind="system", system="old")
    bare = replace(bare, detail="", checks=())
    scope = Scope("old", "system", "old", Level.L3, load().resolve(Level.L3))
    records = {r.spec.name: r for r in registry.systems()}
    assert beside([bare], [scope], registry, records) == (bare,)
    made = put(registry, document, control.id)
    (found,) = beside([bare], [scope], registry, records)
    assert found.state is ResultState.NOT_AUTOMATED
    assert found.detail.startswith("on record, and nobody checked what it says: ") and made.told in found.detail


def test_what_a_record_says_stands_beside_what_is_met_and_partly() -> None:
    values = load().resolve(Level.L3)
    scope = Scope("s", "system", "s", Level.L3, values)

    def one(control: str, outcome: str, detail: str) -> Result:
        (check,) = load().control(control).checks
        (found,) = join([load().control(control)], [scope], [Line(control, "s", check, outcome, detail)], {})
        return found

    met = one("ACC-03", "passed", SAID)
    assert (met.state, met.detail) == (ResultState.MET, SAID)
    partly = one("HST-04", "passed", SAID)
    assert partly.state is ResultState.PARTLY
    assert explained(partly)[0].endswith("nobody checked what it says (day, person, document; next due): 2026-11-25, A")
    assert one("ACC-03", "skipped", "not due yet").state is ResultState.NOT_AUTOMATED
    unmet = one("ACC-03", "failed", "overdue; last on record: 2025-11-25, A")
    assert unmet.state is ResultState.NOT_MET and unmet.rests_on_registry
    assert one("CFG-03", "failed", "x").rests_on_registry


def test_a_standing_without_record_says_nothing() -> None:
    assert told(judge([], YEAR, TODAY, USED, from_start=False)) == ""
