"""The report as SARIF 2.1.0 (OASIS): controls are rules; hosts and systems are logical locations."""

from __future__ import annotations

import json
from typing import Any

from hatang import __version__
from hatang.audit import words
from hatang.audit.reports import Format
from hatang.audit.results import CheckRun, Result
from hatang.locale import language
from hatang.model.terms import ResultState

URI = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
# SARIF 3.27.9 and 3.27.10: only `fail` has a level other than none. What could not be checked is a failure of its own
# kind, so that no reader counts it as good; what a person must look at is `review`.
KINDS: dict[ResultState, tuple[str, str]] = {
    ResultState.MET: ("pass", "none"),
    ResultState.PARTLY: ("review", "none"),
    ResultState.NOT_MET: ("fail", "error"),
    ResultState.NOT_CHECKED: ("fail", "warning"),
    ResultState.NOT_AUTOMATED: ("review", "none"),
    ResultState.NOT_APPLICABLE: ("notApplicable", "none"),
    ResultState.WAIVED: ("fail", "error"),  # and suppressed: SARIF's own word for a waiver
}
NOT_COMPARED = "Nobody has compared any value with a signed or purchased original of its source."


def render(run: CheckRun) -> str:
    """The document: one run of the tool."""
    ids = list(dict.fromkeys(r.control for r in run.results))
    places = {name: i for i, name in enumerate(ids)}
    first = {r.control: r for r in reversed(run.results)}
    titles, notes = words.titles(), words.notes()
    made = {
        "tool": {
            "driver": {
                "name": "hatang",
                "version": __version__,
                "rules": [_rule(first[c], titles.get(c, c), notes.get(c, "")) for c in ids],
            }
        },
        "language": language(),
        "invocations": [_invocation(run, places)],
        "results": [_result(r, places[r.control], titles.get(r.control, r.control)) for r in run.results],
        "properties": {
            "counts": run.counts(), "verifiedAgainstOriginal": False, "note": NOT_COMPARED,
            "sources": [{"number": n, "name": name, "read": read} for n, name, read in words.sources_read(run)],
        },
    }  # fmt: skip
    return json.dumps({"$schema": URI, "version": "2.1.0", "runs": [made]}, ensure_ascii=False, indent=1) + "\n"


def _rule(result: Result, title: str, note: str) -> dict[str, Any]:
    return {
        "id": result.control,
        "shortDescription": {"text": title},
        **({"fullDescription": {"text": note}} if note else {}),
        "properties": {"strength": result.strength, "verifiedAgainstOriginal": False},
    }


def _invocation(run: CheckRun, places: dict[str, int]) -> dict[str, Any]:
    lost = [r for r in run.results if r.state is ResultState.NOT_CHECKED]
    return {
        "executionSuccessful": not lost,
        "startTimeUtc": f"{run.started:%Y-%m-%dT%H:%M:%SZ}",
        "endTimeUtc": f"{run.finished:%Y-%m-%dT%H:%M:%SZ}",
        "toolExecutionNotifications": [
            {
                "level": "error",
                "message": {"text": words.explained(r)[0] or words.states()[r.state.value]},
                "associatedRule": {"id": r.control, "index": places[r.control]},
                "locations": [_location(r)],
            }
            for r in lost
        ],
    }


def _location(result: Result) -> dict[str, Any]:
    name = f"{result.system}/{result.scope}" if result.kind == "host" else result.system
    return {"logicalLocations": [{"name": result.scope, "fullyQualifiedName": name, "kind": result.kind}]}


def _result(result: Result, rule: int, title: str) -> dict[str, Any]:
    kind, level = KINDS[result.state]
    why, _lang = words.explained(result)
    value = words.demanded(result)
    said = [title, words.judged(result), f"{value} — {words.cited(result)}", why]
    found: dict[str, Any] = {
        "ruleId": result.control,
        "ruleIndex": rule,
        "kind": kind,
        "level": level,
        "message": {"text": ". ".join(s for s in said if s.strip(" —"))},
        "locations": [_location(result)],
        "partialFingerprints": {"hatangControlScope/v1": f"{result.control}@{result.system}/{result.scope}"},
        "properties": {
            "state": result.state.value, "trueState": result.true_state or result.state.value,
            "waiver": result.waiver, "value": result.value, "unit": result.unit, "ownValue": result.own_value,
            "source": result.source, "clause": result.clause, "mark": result.mark, "strength": result.strength,
            "securityLevel": result.level, "checks": list(result.checks), "verifiedAgainstOriginal": False,
        },
    }  # fmt: skip
    if result.state is ResultState.WAIVED:
        found["suppressions"] = [{"kind": "external", "status": "accepted", "justification": result.told}]
    return found


FORMAT = Format("sarif", "report.sarif", 4, render)
