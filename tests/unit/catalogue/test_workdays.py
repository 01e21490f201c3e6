"""Working days and the time limits of requests."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from hatang.catalogue.deadlines import deadline
from hatang.catalogue.workdays import FOLDER, UnknownYear, add_working_days, is_working, year_of
from hatang.model.case import Case, Event
from hatang.model.lifecycle import Act, RequestKind, Role
from hatang.model.terms import Level

PLAN = "a" * 64


def at(day: int, month: int = 11, hour: int = 3) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        ("2026-11-02", 1, "2026-11-03"),
        ("2026-11-05", 5, "2026-11-12"),  # over a weekend
        ("2026-02-13", 5, "2026-02-27"),  # Friday before Tết
        ("2026-04-24", 1, "2026-04-28"),  # 26 April is a Sunday: the day after is off in its place
        ("2026-08-28", 1, "2026-09-03"),
        ("2026-08-21", 1, "2026-08-22"),  # a Saturday that is worked
        ("2026-12-24", 5, "2026-12-31"),
    ],
)
def test_working_days(start: str, count: int, end: str) -> None:
    assert add_working_days(date.fromisoformat(start), count) == date.fromisoformat(end)


def test_a_year_without_a_file_is_not_guessed() -> None:
    with pytest.raises(UnknownYear) as unknown:
        add_working_days(date(2026, 12, 28), 5)
    assert unknown.value.year == 2027


def test_every_file_is_of_its_year_and_names_only_days_that_differ() -> None:
    for file in FOLDER.glob("*.yaml"):
        found = year_of(int(file.stem))
        assert found.year == int(file.stem)
        assert all(d.day.year == found.year for d in (*found.days, *found.worked))
        assert all(d.day.weekday() < 5 for d in found.days)
        assert all(d.day.weekday() >= 5 for d in found.worked)
        assert all(not is_working(d.day) for d in found.days)


def submitted(level: Level, when: datetime) -> Case:
    case = Case("r", RequestKind.NEW_SYSTEM, "An", level, False)
    return case.after(Event(Act.SUBMIT, Role.REQUESTER, "An", at=when))


def test_each_stage_has_its_limit() -> None:
    case = submitted(Level.L3, at(2))
    found = deadline(case)
    assert found is not None
    assert (found.awaits, found.until) == ("answer", date(2026, 11, 9))
    assert [found.overdue(date(2026, 11, d)) for d in (9, 10)] == [False, True]
    case = case.after(Event(Act.PLAN, Role.ENGINEER, plan=PLAN, at=at(3)))
    found = deadline(case)
    assert found is not None
    assert (found.awaits, found.days, found.until) == ("appraisal", 15, date(2026, 11, 24))
    case = case.after(Event(Act.APPRAISE, Role.SPECIALISED, "Chi", plan=PLAN, at=at(10)))
    found = deadline(case)
    assert found is not None
    assert (found.awaits, found.until) == ("approval", date(2026, 11, 19))
    case = case.after(Event(Act.APPROVE, Role.OWNER, "Dung", plan=PLAN, at=at(11)))
    assert deadline(case) is None


def test_levels_4_and_5_wait_25_days_for_the_opinion() -> None:
    case = submitted(Level.L4, at(1, 6)).after(Event(Act.PLAN, Role.ENGINEER, plan=PLAN, at=at(1, 6)))
    found = deadline(case)
    assert found is not None
    assert (found.awaits, found.days, found.until) == ("opinion", 25, date(2026, 7, 6))


def test_the_day_is_that_of_viet_nam() -> None:
    found = deadline(submitted(Level.L1, at(2, hour=18)))  # 1 o'clock on the third there
    assert found is not None
    assert found.until == date(2026, 11, 10)


def test_a_limit_that_reaches_into_an_unknown_year_says_so() -> None:
    found = deadline(submitted(Level.L1, at(28, 12)))
    assert found is not None
    assert (found.until, found.unknown_year, found.overdue(date(2027, 6, 1))) == (None, 2027, None)


def test_owners_have_no_limit_and_the_approver_has_his_from_the_last_consent_on() -> None:
    case = Case("r", RequestKind.INTERCONNECT, "An", Level.L3, False, owners=("Đông", "Tây"))
    case = case.after(Event(Act.SUBMIT, Role.REQUESTER, "An", at=at(2)))
    case = case.after(Event(Act.PLAN, Role.ENGINEER, plan=PLAN, at=at(3)))
    found = deadline(case)
    assert found is not None
    assert found.awaits == "appraisal", "the law's limit runs beside the owners"
    case = case.after(Event(Act.APPRAISE, Role.SPECIALISED, "Chi", plan=PLAN, at=at(4)))
    assert deadline(case) is None
    for person, owner, day in (("Em", "Đông", 5), ("Hà", "Tây", 10)):
        case = case.after(Event(Act.CONSENT, Role.OWNER, person, plan=PLAN, body=owner, at=at(day)))
    found = deadline(case)
    assert found is not None
    assert (found.awaits, found.until) == ("approval", date(2026, 11, 19))
