"""Results by control: one state for each control of a system, whatever number of hosts it was judged on.

So the totals of a system add up to the number of controls, and what no check covers is counted by its way of verifying.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from hatang.model.terms import ResultState

S = ResultState
GOOD = {S.MET, S.PARTLY}
WORST_FIRST = (S.NOT_MET, S.NOT_CHECKED, S.WAIVED)


def of_control(states: Collection[ResultState]) -> ResultState:
    """The state of a control that was judged in several places: the worst, and never better than what is proven.

    Args:
        states: at least one.
    """
    found = set(states)
    for bad in WORST_FIRST:
        if bad in found:
            return bad
    if len(found) > 1:
        found.discard(S.NOT_APPLICABLE)
    if len(found) == 1:
        return found.pop()
    return S.PARTLY if found & GOOD else S.NOT_AUTOMATED


def by_system(results: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """For each system: its controls by state, and those that are not checked automatically by way of verifying.

    Args:
        results: as in the report (docs/reference/check-report.md).
    """
    judged: dict[tuple[str, int], dict[str, list[Mapping[str, Any]]]] = {}
    for r in results:
        judged.setdefault((r["system"], r["level"]), {}).setdefault(r["control"], []).append(r)
    return [_total(system, level, controls) for (system, level), controls in judged.items()]


def _total(system: str, level: int, controls: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    states = {c: of_control([S(r["state"]) for r in rows]) for c, rows in controls.items()}
    counts = Counter(s.value for s in states.values())
    open_ones = Counter(controls[c][0]["verified_by"] for c, s in states.items() if s is S.NOT_AUTOMATED)
    return {
        "system": system,
        "level": level,
        "controls": len(states),
        "counts": {s.value: counts.get(s.value, 0) for s in S},
        "not_automated_by": dict(sorted(open_ones.items())),
    }
