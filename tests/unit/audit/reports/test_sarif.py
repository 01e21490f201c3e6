"""SARIF: valid by the official schema; rules are controls, levels follow the state, locations are logical."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator, FormatChecker

from hatang.audit.reports import render
from hatang.audit.reports.sarif import KINDS, URI
from hatang.audit.results import BAD, CheckRun
from hatang.model.terms import ResultState

SCHEMA = json.loads((Path(__file__).parents[1] / "schemas" / "sarif-schema-2.1.0.json").read_text())


def document(run: CheckRun) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(render("sarif", run))
    return found


def test_it_is_valid(run: CheckRun, lang: str) -> None:
    faults = Draft4Validator(SCHEMA, format_checker=FormatChecker()).iter_errors(document(run))
    assert [f"{list(f.path)}: {f.message[:200]}" for f in faults] == []
    assert document(run)["runs"][0]["language"] == lang
    assert document(run)["$schema"] == URI == SCHEMA["id"]


def test_the_schema_would_notice(run: CheckRun) -> None:
    wrong = document(run)
    wrong["runs"][0]["results"][0]["kind"] = "passed"
    assert not Draft4Validator(SCHEMA).is_valid(wrong)


def test_an_empty_run_is_valid(run: CheckRun) -> None:
    assert Draft4Validator(SCHEMA).is_valid(document(CheckRun(run.started, run.finished, ())))


def test_rules_are_the_controls(run: CheckRun) -> None:
    (made,) = document(run)["runs"]
    rules = made["tool"]["driver"]["rules"]
    assert [r["id"] for r in rules] == list(dict.fromkeys(r.control for r in run.results))
    assert all(rules[r["ruleIndex"]]["id"] == r["ruleId"] for r in made["results"])


@pytest.mark.parametrize("state", list(ResultState))
def test_level_follows_the_state(run: CheckRun, state: ResultState) -> None:
    kind, level = KINDS[state]
    found = [r for r in document(run)["runs"][0]["results"] if r["properties"]["state"] == state.value]
    assert found
    assert {(r["kind"], r["level"]) for r in found} == {(kind, level)}
    assert (kind == "pass") == (state is ResultState.MET)
    assert (level == "none") == (kind != "fail")  # SARIF 3.27.10
    assert all("suppressions" in r for r in found) == (state is ResultState.WAIVED)
    if state in BAD:
        assert level in ("error", "warning")


def test_locations_are_logical_and_prints_are_unique(run: CheckRun) -> None:
    results = document(run)["runs"][0]["results"]
    places = [r["locations"][0]["logicalLocations"][0] for r in results]
    assert {p["fullyQualifiedName"] for p in places} == {"one-stop/web", "one-stop/db", "one-stop", "portal"}
    assert {p["kind"] for p in places} == {"host", "system"}
    assert len({r["partialFingerprints"]["hatangControlScope/v1"] for r in results}) == len(results)


def test_what_was_not_checked_is_a_fault_of_the_run(run: CheckRun) -> None:
    (call,) = document(run)["runs"][0]["invocations"]
    assert call["executionSuccessful"] is False
    assert [n["associatedRule"]["id"] for n in call["toolExecutionNotifications"]] == ["AUT-03", "HST-01"]


def test_a_pass_says_how_its_value_was_read(run: CheckRun) -> None:
    (made,) = document(run)["runs"]
    passed = [r for r in made["results"] if r["kind"] == "pass"]
    assert passed
    for r in passed:
        assert r["properties"]["mark"]
        assert r["properties"]["verifiedAgainstOriginal"] is False
        assert f"[{r['properties']['mark']}]" in r["message"]["text"]
    assert sum(made["properties"]["counts"].values()) == len(made["results"]) == len(run.results)
