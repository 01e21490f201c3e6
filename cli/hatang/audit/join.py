"""Joins what tests said to controls and scopes. Pure: no host, no cloud, no file."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from hatang.audit.results import Result
from hatang.catalogue.strictest import is_demanded
from hatang.catalogue.ways import OF_SYSTEMS
from hatang.model.control import Control, Resolved, VerifiedBy
from hatang.model.terms import Level, ResultState

BESIDE = " — "  # between a control's note and what its checks say


@dataclass(frozen=True)
class Scope:
    """A host or a system, with the values in force for it."""

    name: str
    kind: str  # host, system
    system: str
    level: Level
    values: Mapping[str, Resolved]


@dataclass(frozen=True)
class Line:
    """What one test said about one scope."""

    control: str
    scope: str
    check: str
    outcome: str  # passed, failed, skipped, broken
    detail: str = ""
    seconds: float = 0.0


def checks_for(control: Control, kind: str) -> tuple[str, ...]:
    """The checks of a control that run on a host, or in cloud and registry for a system."""
    return tuple(c for c in control.checks if c.startswith(OF_SYSTEMS) == (kind == "system"))


def concerns(control: Control, kind: str) -> bool:
    """Whether a control is judged for hosts, or for systems. Each control is judged somewhere, some in both."""
    if kind == "host":
        return VerifiedBy.HOST in control.verified_by
    return any(way is not VerifiedBy.HOST for way in control.verified_by)


def join(
    controls: Iterable[Control], scopes: Sequence[Scope], lines: Iterable[Line], unreachable: Mapping[str, str]
) -> tuple[Result, ...]:
    """One result for each control and scope that it concerns.

    Args:
        unreachable: scopes that could not be reached, with the reason.
    """
    said: dict[tuple[str, str, str], Line] = {(x.control, x.scope, x.check): x for x in lines}
    found = []
    for control in controls:
        for scope in scopes:
            if not concerns(control, scope.kind):
                continue
            checks = checks_for(control, scope.kind)
            heard = [said.get((control.id, scope.name, c)) for c in checks]
            state, detail = _state(control, scope, checks, heard, unreachable.get(scope.name))
            found.append(_result(control, scope, state, detail, checks, [x for x in heard if x]))
    return tuple(found)


def _state(
    control: Control, scope: Scope, checks: Collection[str], heard: Sequence[Line | None], unreachable: str | None
) -> tuple[ResultState, str]:
    if not is_demanded(scope.values[control.id].value):
        return ResultState.NOT_APPLICABLE, "no applicable source demands it at this level"
    if not checks:
        return ResultState.NOT_AUTOMATED, ""
    if unreachable is not None:
        return ResultState.NOT_CHECKED, f"not reached: {unreachable}"
    lines = [x for x in heard if x]
    if failed := [x.detail for x in lines if x.outcome == "failed"]:
        return ResultState.NOT_MET, "; ".join(failed)
    if broken := [f"{x.check}: {x.detail}" for x in lines if x.outcome == "broken"]:
        return ResultState.NOT_CHECKED, "the check could not tell: " + "; ".join(broken)
    if len(lines) < len(checks):
        missing = sorted(set(checks) - {x.check for x in lines})
        return ResultState.NOT_CHECKED, f"the check gave no result: {', '.join(missing)}"
    skipped = [x.detail for x in lines if x.outcome == "skipped"]
    if len(skipped) == len(lines):
        return ResultState.NOT_AUTOMATED, "; ".join(skipped)
    said = "; ".join(x.detail for x in lines if x.detail)
    if scope.level in control.partial_at or skipped:
        note = control.note.en if control.note else ""
        return ResultState.PARTLY, BESIDE.join(x for x in (note, said) if x)
    return ResultState.MET, said


def _result(
    control: Control, scope: Scope, state: ResultState, detail: str, checks: tuple[str, ...], lines: Sequence[Line]
) -> Result:
    r = scope.values[control.id]
    return Result(
        control=control.id,
        scope=scope.name,
        kind=scope.kind,
        system=scope.system,
        level=int(scope.level),
        state=state,
        value=r.value,
        unit=r.unit.value,
        source=r.source,
        mark=r.mark.value if r.mark else "",
        clause=r.clause,
        strength=r.strength.value,
        verified_by=control.kind.value,
        own_value=f"{r.own_value.value} {r.own_value.unit.value}" if r.own_value and r.value else "",
        detail=detail,
        checks=checks,
        seconds=round(sum(x.seconds for x in lines), 3),
    )
