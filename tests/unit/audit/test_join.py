"""What tests said becomes one state for each control and scope; doubt never becomes a pass."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from hatang.audit.join import Line, Scope, concerns, join
from hatang.audit.results import CheckRun, Result
from hatang.audit.words import marks, stated, states
from hatang.catalogue import load
from hatang.catalogue.resolver import resolve
from hatang.model.control import VerifiedBy
from hatang.model.terms import Level, ResultState

LOCK, LOCK_CHECK = "AUT-13", "test_account_lock.py::test_lock_after_failures"
CRYPTO, CRYPTO_CHECK = "CFG-08", "test_ssh_server.py::test_only_strong_crypto"
DENY = "SAC-13"
MANUAL = next(  # a control of hosts that has no check, demanded at level 3
    c.id for c in load().controls.values()
    if not c.checks and tuple(c.verified_by) == (VerifiedBy.HOST,) and resolve(c, Level(3)).value is True
)  # fmt: skip


def scope(level: int = 3, name: str = "web", kind: str = "host") -> Scope:
    values = {c.id: resolve(c, Level(level)) for c in load().controls.values()}
    return Scope(name, kind, "system", Level(level), values)


def state(control: str, *lines: Line, level: int = 3, away: str = "", kind: str = "host") -> tuple[ResultState, str]:
    found = join(
        [load().control(control)], [scope(level, kind=kind)], lines, {"web": away} if away else {}
    )  # fmt: skip
    (result,) = found
    return result.state, result.detail


def said(outcome: str, detail: str = "", control: str = LOCK, check: str = LOCK_CHECK) -> Line:
    return Line(control, "web", check, outcome, detail, 0.1)


def test_passed_is_met() -> None:
    assert state(LOCK, said("passed")) == (ResultState.MET, "")


def test_failed_is_not_met_and_says_why() -> None:
    assert state(LOCK, said("failed", "locked after 50 failures")) == (ResultState.NOT_MET, "locked after 50 failures")


def test_broken_check_is_no_pass() -> None:
    found, detail = state(LOCK, said("broken", "KeyError: 'deny'"))
    assert found is ResultState.NOT_CHECKED
    assert "could not tell" in detail


def test_silence_is_no_pass() -> None:
    found, detail = state(LOCK)
    assert found is ResultState.NOT_CHECKED
    assert LOCK_CHECK in detail


def test_unreachable_host_is_no_pass() -> None:
    assert state(LOCK, said("passed"), away="no answer") == (ResultState.NOT_CHECKED, "not reached: no answer")


def test_skipped_is_not_checked_automatically() -> None:
    assert state(LOCK, said("skipped", "no such kernel here"))[0] is ResultState.NOT_AUTOMATED


def test_what_one_check_could_show_stands_beside_what_another_could_not() -> None:
    control, (register, network) = "AST-03", load().control("AST-03").checks
    lines = (said("skipped", "not due yet", control, register), said("passed", "", control, network))
    found, detail = state(control, *lines, kind="system")
    assert found is ResultState.PARTLY
    assert detail.endswith("not due yet")
    only = (said("skipped", "a", control, register), said("skipped", "b", control, network))
    assert state(control, *only, kind="system") == (ResultState.NOT_AUTOMATED, "a; b")


def test_a_container_never_proves_nor_disproves_what_its_kernel_does() -> None:
    control = "MON-03"
    by_files, by_kernel = load().control(control).checks
    not_shown = said("skipped", "not shown here: a container", control, by_kernel)
    found, detail = state(control, said("passed", "", control, by_files), not_shown)
    assert found is ResultState.PARTLY
    assert detail.endswith("not shown here: a container")
    assert state(control, said("failed", "off", control, by_files), not_shown) == (ResultState.NOT_MET, "off")


def test_control_without_check_is_not_automated() -> None:
    assert state(MANUAL)[0] is ResultState.NOT_AUTOMATED


def test_what_nobody_demands_is_not_applicable() -> None:
    assert state(CRYPTO, level=3)[0] is ResultState.NOT_APPLICABLE
    assert state(CRYPTO, said("failed", "x", CRYPTO, CRYPTO_CHECK), level=4)[0] is ResultState.NOT_MET


def test_proof_of_a_part_is_partly() -> None:
    found, detail = state("LOG-10", said("passed", "", "LOG-10", "test_logging.py::test_retention"))
    assert found is ResultState.PARTLY
    assert detail


def test_one_failing_check_of_several_is_enough() -> None:
    lines = [
        Line("HST-01", "web", "test_cloud_project.py::test_quotas_are_complete", "passed"),
        Line("HST-01", "web", "test_cloud_network.py::test_system_is_apart", "failed", "shared"),
    ]
    assert state("HST-01", *lines, kind="system") == (ResultState.NOT_MET, "shared")
    assert state("HST-01", lines[0], kind="system")[0] is ResultState.NOT_CHECKED


def test_another_host_proves_nothing() -> None:
    line = Line(LOCK, "app", LOCK_CHECK, "passed")
    assert state(LOCK, line)[0] is ResultState.NOT_CHECKED


def test_host_and_cloud_are_judged_apart() -> None:
    scopes = [scope(), scope(name="system", kind="system")]
    lines = [
        Line(DENY, "web", "test_firewall.py::test_default_deny", "passed"),
        Line(DENY, "system", "test_cloud_network.py::test_default_deny", "failed", "open"),
    ]
    found = {r.scope: r.state for r in join([load().control(DENY)], scopes, lines, {})}
    assert found == {"web": ResultState.MET, "system": ResultState.NOT_MET}


def test_every_control_is_judged_somewhere() -> None:
    for control in load().controls.values():
        assert concerns(control, "host") or concerns(control, "system"), control.id


def run(*lines: Line, away: str = "") -> CheckRun:
    now = datetime(2026, 11, 25, tzinfo=UTC)
    controls = [load().control(LOCK), load().control(CRYPTO), load().control(MANUAL)]
    return CheckRun(now, now, join(controls, [scope()], lines, {"web": away} if away else {}))


def test_counts_name_every_state_and_add_up() -> None:
    counts = run(said("passed")).counts()
    assert set(counts) == {s.value for s in ResultState}
    assert sum(counts.values()) == 3


@pytest.mark.parametrize(("outcome", "bad"), [("passed", 0), ("failed", 1), ("broken", 1)])
def test_not_met_holds_all_that_is_no_pass(outcome: str, bad: int) -> None:
    assert len(run(said(outcome)).not_met()) == bad


def test_report_carries_provenance(tmp_path: Path) -> None:
    folder = run(said("failed", "locked after 50 failures")).write(tmp_path)
    report = json.loads((folder / "report.json").read_text())
    assert (report["schema"], report["verified_against_original"]) == ("hatang.check/1", False)
    (lock,) = [r for r in report["results"] if r["control"] == LOCK]
    assert (lock["state"], lock["value"], lock["unit"]) == ("not-met", 5, "failures")
    assert (lock["source"], lock["mark"], lock["clause"]) == ("tcvn14423_2026", "B1", "x.5.2.2 a")


def test_two_reports_of_one_second_stand_side_by_side(tmp_path: Path) -> None:
    one, two = run().write(tmp_path), run().write(tmp_path)
    assert one != two
    assert (tmp_path / "latest").resolve() == two.resolve()


def test_junit_tells_failures_from_what_was_not_checked(tmp_path: Path) -> None:
    root = ElementTree.parse(run(said("failed", "50")).write(tmp_path) / "junit.xml").getroot()
    suite = root.find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors"), suite.get("skipped")) == (
        "3",
        "1",
        "0",
        "2",
    )
    root = ElementTree.parse(run(away="no answer").write(tmp_path) / "junit.xml").getroot()
    assert len(root.findall(".//error")) == 1


def test_junit_never_shows_a_bare_pass(tmp_path: Path) -> None:
    root = ElementTree.parse(run(said("passed")).write(tmp_path) / "junit.xml").getroot()
    passed = [c for c in root.iter("testcase") if c.find("skipped") is None]
    assert passed
    assert all("not compared with the original" in (c.get("name") or "") for c in passed)


def test_words_never_show_a_bare_pass() -> None:
    for mark in [*marks(), "", "B3"]:
        for good in ("met", "partly"):
            assert stated(good, mark) != states()[good]
    assert set(states()) == {s.value for s in ResultState}


def test_every_result_that_is_met_carries_a_mark() -> None:
    lines = [
        Line(c.id, "web", check, "passed") for c in load().controls.values() for check in c.checks
    ]  # fmt: skip
    found: tuple[Result, ...] = join(load().controls.values(), [scope(n) for n in (1, 3, 5)], lines, {})
    assert [r for r in found if r.state is ResultState.MET]
    assert not [r for r in found if r.state in (ResultState.MET, ResultState.PARTLY) and not r.mark]
