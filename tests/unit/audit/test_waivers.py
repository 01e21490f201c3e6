"""What waivers make of results: an unmet control is waived beside its true state, and nothing ever becomes met."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path
from xml.etree import ElementTree

import pytest

from hatang.audit.pins import Law
from hatang.audit.results import CheckRun, Result
from hatang.audit.waivers import applied, approve, one, propose, standings
from hatang.catalogue import Catalogue
from hatang.errors import InputError, InputErrors, RefusedError, UnknownNameError
from hatang.model.terms import Level, ResultState
from hatang.model.waiver import ScopeKind, WaiverState
from hatang.registry import Registry
from hatang.registry.waivers import Waivers
from tests.unit.registry.test_registry import REQUEST, named

NOON = datetime(2026, 11, 25, 5, 0, tzinfo=UTC)
LAW = Law.on(date(2026, 11, 25))
LAST = date(2027, 3, 31)
ENDS = datetime(2027, 3, 31, 17, 0, tzinfo=UTC)  # midnight in Việt Nam after the last day
LOCK = "AUT-13"
SYSTEM, AGENCY = REQUEST.system.name, REQUEST.agency.code
HOST = f"{SYSTEM}-web"
HOST_SCOPE, SYSTEM_SCOPE, AGENCY_SCOPE = (
    (ScopeKind.HOST, HOST), (ScopeKind.SYSTEM, SYSTEM), (ScopeKind.AGENCY, AGENCY)
)  # fmt: skip


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """An agency with two systems of one level."""
    made = Registry.open(f"sqlite:///{tmp_path}/registry.db")
    made.submit(REQUEST, "")
    made.submit(named("other"), "")
    return made


def granted(
    registry: Registry, scope: tuple[ScopeKind, str] = SYSTEM_SCOPE, until: date = LAST, control: str = LOCK
) -> str:
    """Propose and approve a waiver; its id."""
    made = propose(
        registry, control, *scope, reason="The old client locks itself out", measure="Only through the bastion",
        by="Nguyễn Văn A", until=until, at=NOON,
    )  # fmt: skip
    return approve(registry, made.waiver.id, "Trần Thị B", at=NOON).waiver.id


def result(state: ResultState = ResultState.NOT_MET, scope: str = HOST, system: str = SYSTEM) -> Result:
    """What was found about the account lock."""
    return Result(
        control=LOCK, scope=scope, kind="system" if scope == system else "host", system=system, level=3, state=state,
        value=5, unit="failures", source="tcvn14423_2026", mark="B1", clause="x.5.2.2 a", strength="must",
        detail="locked after 50 failures",
    )  # fmt: skip


def judged(registry: Registry, *results: Result, at: datetime = NOON, law: Law | None = None) -> tuple[Result, ...]:
    """Results with the registry's waivers."""
    records = {r.spec.name: r for r in registry.systems()}
    return applied(results, standings(registry, at, law), records)


def note(found: Result) -> tuple[str, str]:
    """Id and state of the waiver that a result shows."""
    return (found.waiver["id"], found.waiver["state"]) if found.waiver else ("", "")


def test_an_unmet_control_is_waived_beside_its_true_state(registry: Registry) -> None:
    key = granted(registry)
    (found,) = judged(registry, result())
    assert (found.state, found.true_state) == (ResultState.WAIVED, "not-met")
    assert found.waiver == {
        "id": key, "state": "valid", "scope": f"system {SYSTEM}", "until": "2027-03-31", "approved_by": "Trần Thị B",
        "measure": "Only through the bastion", "why": "",
    }  # fmt: skip


def test_a_proposal_is_without_effect(registry: Registry) -> None:
    propose(registry, LOCK, *SYSTEM_SCOPE, reason="some good reason", measure="some measure", by="Nguyễn Văn A",
            until=LAST, at=NOON)  # fmt: skip
    assert judged(registry, result()) == (result(),)


@pytest.mark.parametrize(
    ("state", "scope"), list(product(ResultState, [HOST_SCOPE, SYSTEM_SCOPE, AGENCY_SCOPE])), ids=str
)
def test_no_waiver_makes_anything_met(registry: Registry, state: ResultState, scope: tuple[ScopeKind, str]) -> None:
    granted(registry, scope)
    (found,) = judged(registry, result(state))
    assert (found.state is ResultState.MET) == (state is ResultState.MET)
    assert (found.state is ResultState.PARTLY) == (state is ResultState.PARTLY)
    assert found.state is (ResultState.WAIVED if state is ResultState.NOT_MET else state)


@pytest.mark.parametrize("state", [ResultState.MET, ResultState.NOT_CHECKED])
def test_what_is_met_or_could_not_be_checked_stays_so_with_the_waiver_shown(
    registry: Registry, state: ResultState
) -> None:
    key = granted(registry)
    (found,) = judged(registry, result(state))
    assert (found.state, found.true_state, note(found)) == (state, "", (key, "valid"))


def test_what_nobody_demands_shows_no_waiver(registry: Registry) -> None:
    granted(registry)
    assert judged(registry, result(ResultState.NOT_APPLICABLE)) == (result(ResultState.NOT_APPLICABLE),)


@pytest.mark.parametrize(
    ("at", "state"),
    [
        (NOON, ResultState.WAIVED),
        (ENDS - timedelta(microseconds=1), ResultState.WAIVED),
        (ENDS, ResultState.NOT_MET),
        (ENDS + timedelta(days=400), ResultState.NOT_MET),
    ],
    ids=["before", "last-moment", "midnight-after", "long-after"],
)
def test_the_last_day_is_included_and_ends_at_midnight_in_viet_nam(
    registry: Registry, at: datetime, state: ResultState
) -> None:
    key = granted(registry)
    (found,) = judged(registry, result(), at=at)
    assert found.state is state
    assert note(found) == (key, "valid" if state is ResultState.WAIVED else "expired")
    if state is ResultState.NOT_MET:
        assert f"waiver {key} expired: its last day was 2027-03-31" in found.told


def test_a_revoked_one_counts_no_more_and_is_named(registry: Registry) -> None:
    key = granted(registry)
    Waivers(registry).revoke(key, "Trần Thị B", "the client was replaced", NOON)
    (found,) = judged(registry, result())
    assert (found.state, note(found)) == (ResultState.NOT_MET, (key, "revoked"))
    assert "revoked by Trần Thị B: the client was replaced" in found.told


def other_clause() -> Law:
    """The law after the clause of the account lock has moved."""
    lock = LAW.catalogue.control(LOCK)
    sources = {k: s.model_copy(update={"clause": "x.9.9"}) for k, s in lock.sources.items()}
    return replace(LAW, catalogue=Catalogue({LOCK: lock.model_copy(update={"sources": sources})}))


def test_it_lapses_when_the_clause_changes_and_says_so(registry: Registry) -> None:
    key = granted(registry)
    (found,) = judged(registry, result(), law=other_clause())
    assert (found.state, note(found)) == (ResultState.NOT_MET, (key, "lapsed"))
    assert found.told == (f"locked after 50 failures; waiver {key} lapsed: at level 3: clause was x.5.2.2 a, is x.9.9")
    assert [s.state for s in standings(registry, NOON, other_clause())] == [WaiverState.LAPSED]


def test_a_lapsed_proposal_cannot_be_approved(registry: Registry) -> None:
    made = propose(registry, LOCK, *SYSTEM_SCOPE, reason="some good reason", measure="some measure",
                   by="Nguyễn Văn A", until=LAST, at=NOON)  # fmt: skip
    with pytest.raises(RefusedError, match="has lapsed: at level 3: clause was"):
        approve(registry, made.waiver.id, "Trần Thị B", at=NOON, law=other_clause())
    assert one(registry, made.waiver.id, NOON, LAW).state is WaiverState.PROPOSED
    again = propose(registry, LOCK, *SYSTEM_SCOPE, reason="some good reason", measure="some measure",
                    by="Nguyễn Văn A", until=LAST, at=NOON, law=other_clause())  # fmt: skip
    assert again.waiver.id != made.waiver.id, "the same words for another demand are another waiver"


def test_a_system_of_another_level_is_not_covered(registry: Registry) -> None:
    key = granted(registry, AGENCY_SCOPE)
    higher = named("higher")
    system = higher.system.model_copy(update={"level": Level.L4})
    registry.submit(higher.model_copy(update={"system": system}), "")
    same, other = judged(registry, result(), result(scope="higher-web", system="higher"))
    assert (same.state, note(same)) == (ResultState.WAIVED, (key, "valid"))
    assert (other.state, note(other)) == (ResultState.NOT_MET, (key, "lapsed"))
    assert "granted for level 3; system higher has level 4" in other.told


@pytest.mark.parametrize(
    ("scope", "covered"),
    [
        (HOST_SCOPE, {HOST}),
        (SYSTEM_SCOPE, {HOST, f"{SYSTEM}-db", SYSTEM}),
        (AGENCY_SCOPE, {HOST, f"{SYSTEM}-db", SYSTEM, "other-web"}),
    ],
)
def test_a_scope_covers_what_lies_in_it(registry: Registry, scope: tuple[ScopeKind, str], covered: set[str]) -> None:
    granted(registry, scope)
    all_of = [result(scope=s) for s in (HOST, f"{SYSTEM}-db", SYSTEM)] + [result(scope="other-web", system="other")]
    assert {r.scope for r in judged(registry, *all_of) if r.state is ResultState.WAIVED} == covered


def test_the_narrowest_valid_one_counts(registry: Registry) -> None:
    agency = granted(registry, AGENCY_SCOPE, until=LAST + timedelta(days=30))
    system = granted(registry, SYSTEM_SCOPE, until=LAST + timedelta(days=20))
    host = granted(registry, HOST_SCOPE)
    waivers = Waivers(registry)
    for expected in (host, system, agency):
        assert note(judged(registry, result())[0]) == (expected, "valid")
        waivers.revoke(expected, "Trần Thị B", "no longer needed", NOON)
    assert note(judged(registry, result())[0]) == (host, "revoked"), "the narrowest tells why nothing holds"


def test_of_two_for_one_scope_the_longer_one_counts(registry: Registry) -> None:
    granted(registry)
    longer = granted(registry, until=LAST + timedelta(days=1))
    assert note(judged(registry, result())[0]) == (longer, "valid")


def test_results_of_before_are_judged_by_todays_waivers(registry: Registry) -> None:
    key = granted(registry)
    stored = [json.loads(json.dumps(r.as_dict())) for r in judged(registry, result(), result(ResultState.MET))]
    assert (stored[0]["state"], stored[0]["true_state"]) == ("waived", "not-met")
    read = [Result.of(row) for row in stored]
    assert judged(registry, *read) == judged(registry, result(), result(ResultState.MET))
    Waivers(registry).revoke(key, "Trần Thị B", "no longer needed", NOON)
    unmet, met = judged(registry, *read)
    assert (unmet.state, unmet.true_state, note(unmet)) == (ResultState.NOT_MET, "", (key, "revoked"))
    assert met == result(ResultState.MET)


def run(*results: Result) -> CheckRun:
    """A run with these results."""
    return CheckRun(NOON, NOON, results)


def test_counted_on_its_own_and_no_failure(registry: Registry) -> None:
    granted(registry, HOST_SCOPE)
    done = run(*judged(registry, result(), result(scope=f"{SYSTEM}-db"), result(ResultState.MET)))
    counts = done.counts()
    assert (counts["waived"], counts["not-met"], counts["met"], sum(counts.values())) == (1, 1, 1, 3)
    assert [r.scope for r in done.not_met()] == [f"{SYSTEM}-db"]


def test_the_json_report_carries_the_waiver(registry: Registry, tmp_path: Path) -> None:
    key = granted(registry)
    report = json.loads((run(*judged(registry, result())).write(tmp_path / "checks") / "report.json").read_text())
    (row,) = report["results"]
    assert (row["state"], row["true_state"], row["detail"]) == ("waived", "not-met", "locked after 50 failures")
    assert (row["waiver"]["id"], row["waiver"]["until"]) == (key, "2027-03-31")
    assert row["waiver"]["approved_by"] == "Trần Thị B"
    assert report["counts"]["waived"] == 1


def test_junit_shows_it_skipped_with_its_true_state(registry: Registry, tmp_path: Path) -> None:
    key = granted(registry, HOST_SCOPE)
    done = run(*judged(registry, result(), result(scope=f"{SYSTEM}-db"), result(ResultState.MET)))
    root = ElementTree.parse(done.write(tmp_path / "checks") / "junit.xml").getroot()
    suite = root.find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors"), suite.get("skipped")) == (
        "3",
        "1",
        "0",
        "1",
    )
    assert [(p.get("name"), p.get("value")) for p in suite.findall("properties/property")] == [("waived", "1")]
    (skipped,) = root.iter("skipped")
    assert skipped.get("message") == (
        f"waived until 2027-03-31 by waiver {key} (host {HOST}), approved by Trần Thị B; "
        "found not-met: locked after 50 failures"
    )
    waived, _unmet, met = root.iter("testcase")
    told = {p.get("name"): p.get("value") for p in waived.iter("property")}
    assert (told["state"], told["true_state"], told["waiver_id"]) == ("waived", "not-met", key)
    assert (told["waiver_until"], told["waiver_approved_by"]) == ("2027-03-31", "Trần Thị B")
    assert {p.get("name"): p.get("value") for p in met.iter("property")}["waiver_id"] == key


def test_wrong_proposals_say_what_to_do(registry: Registry) -> None:
    def fault(
        control: str = LOCK, scope: tuple[ScopeKind, str] = SYSTEM_SCOPE, reason: str = "some good reason"
    ) -> str:
        with pytest.raises(InputError) as caught:
            propose(registry, control, *scope, reason=reason, measure="some measure", by="Nguyễn Văn A", until=LAST,
                    at=NOON)  # fmt: skip
        assert Waivers(registry).waivers() == []
        return f"{type(caught.value).__name__}: {caught.value}"

    def unknown(control: str, scope: tuple[ScopeKind, str], name: str, meant: str) -> None:
        said = fault(control, scope)
        assert said.startswith(UnknownNameError.__name__)
        assert name in said
        assert "did you mean" in said
        assert meant in said

    unknown("AUT-31", SYSTEM_SCOPE, "no control is called AUT-31", "AUT-13")
    unknown(LOCK, (ScopeKind.SYSTEM, SYSTEM + "a"), "no system is called", SYSTEM)
    unknown(LOCK, (ScopeKind.HOST, SYSTEM + "-wbe"), "no host is called", HOST)
    unknown(LOCK, (ScopeKind.AGENCY, AGENCY + "0"), "no agency is called", AGENCY)
    assert "CFG-08 demands nothing at level 3" in fault("CFG-08")
    assert "NET-01 is not judged for hosts" in fault("NET-01", HOST_SCOPE)
    short = fault(reason="because")
    assert short.startswith(InputErrors.__name__)
    assert "--reason" in short
    registry.set_system_state(SYSTEM, "removed")
    registry.set_system_state("other", "removed")
    assert f"nothing of agency {AGENCY} is in use" in fault(LOCK, AGENCY_SCOPE)
    assert f"nothing of system {SYSTEM} is in use" in fault(LOCK, SYSTEM_SCOPE)
    assert f"no host is called {HOST}" in fault(LOCK, HOST_SCOPE)
