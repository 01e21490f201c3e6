"""Totals by control add up to the number of controls, whatever number of hosts they were judged on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from hatang.audit.join import Line, Scope, join
from hatang.audit.reports.table import _total
from hatang.audit.results import CheckRun
from hatang.audit.totals import by_system, of_control
from hatang.catalogue import load
from hatang.catalogue.resolver import resolve
from hatang.model.terms import Level, ResultState

S = ResultState


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([S.MET], S.MET),
        ([S.MET, S.MET], S.MET),
        ([S.MET, S.PARTLY], S.PARTLY),
        ([S.MET, S.NOT_AUTOMATED], S.PARTLY),
        ([S.MET, S.NOT_MET, S.NOT_CHECKED], S.NOT_MET),
        ([S.MET, S.NOT_CHECKED], S.NOT_CHECKED),
        ([S.WAIVED, S.NOT_MET], S.NOT_MET),
        ([S.WAIVED, S.MET], S.WAIVED),
        ([S.WAIVED, S.NOT_AUTOMATED], S.WAIVED),
        ([S.WAIVED, S.PARTLY], S.WAIVED),
        ([S.NOT_AUTOMATED, S.NOT_AUTOMATED], S.NOT_AUTOMATED),
        ([S.NOT_APPLICABLE, S.NOT_APPLICABLE], S.NOT_APPLICABLE),
        ([S.NOT_APPLICABLE, S.MET], S.MET),
    ],
)
def test_state_of_a_control_that_was_judged_in_several_places(states: Sequence[S], expected: S) -> None:
    assert of_control(states) is expected
    assert of_control(list(reversed(states))) is expected


def run(level: int, *hosts: str) -> CheckRun:
    """All checks pass."""
    controls = list(load().controls.values())
    values = {c.id: resolve(c, Level(level)) for c in controls}
    scopes = [Scope(h, "host", "one-stop", Level(level), values) for h in hosts]
    scopes.append(Scope("one-stop", "system", "one-stop", Level(level), values))
    lines = [Line(c.id, s.name, check, "passed") for c in controls for check in c.checks for s in scopes]
    now = datetime(2026, 11, 25, tzinfo=UTC)
    return CheckRun(now, now, join(controls, scopes, lines, {}))


@pytest.mark.parametrize("level", range(1, 6))
@pytest.mark.parametrize("hosts", [("web",), ("web", "app", "db")])
def test_totals_add_up(level: int, hosts: tuple[str, ...]) -> None:
    found = run(level, *hosts)
    (total,) = found.as_dict()["systems"]
    assert (total["system"], total["level"], total["controls"]) == ("one-stop", level, 187)
    assert sum(total["counts"].values()) == 187
    assert set(total["counts"]) == {s.value for s in S}
    assert sum(total["not_automated_by"].values()) == total["counts"]["not-automated"]
    assert {"registry", "evidence", "outside"} <= set(total["not_automated_by"]) or level < 3
    assert total == found.of_system("one-stop")


def test_number_of_hosts_does_not_change_the_totals() -> None:
    assert run(3, "web").of_system("one-stop") == run(3, "web", "app", "db").of_system("one-stop")


def test_systems_are_counted_apart() -> None:
    rows = run(3, "web").as_dict()["results"]
    rows += [r | {"system": "other"} for r in run(4, "db").as_dict()["results"]]
    assert [(t["system"], t["level"], t["controls"]) for t in by_system(rows)] == [
        ("one-stop", 3, 187),
        ("other", 4, 187),
    ]


def test_system_that_was_not_judged_has_no_totals() -> None:
    assert run(3, "web").of_system("other") == {}


def test_line_for_people_names_the_ways() -> None:
    total = run(3, "web").of_system("one-stop")
    line = _total(total)
    assert line.startswith("one-stop, level 3, 187 controls: ")
    assert f"by a document {total['not_automated_by']['evidence']}" in line
