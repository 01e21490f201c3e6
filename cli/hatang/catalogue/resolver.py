"""The value in force: the strictest of the applicable sources wins, and the others are shown beside it."""

from __future__ import annotations

from collections.abc import Collection

from hatang.model.control import Combine, Considered, Control, Resolved, Value
from hatang.model.terms import Level

# The weakest mark decides what a report may say when two sources agree: a value is as sure as its best reading.
SURENESS = {"A": 0, "B2": 1, "B1": 2, "own": 3}


def resolve(control: Control, level: Level, applies: Collection[str] = ()) -> Resolved:
    """What a control demands at a level.

    Args:
        applies: kinds of system that narrow sources apply to, e.g. {"document_storage"}.
    """
    considered = tuple(
        Considered(source=name, value=s.values[level], mark=s.mark, clause=s.clause)
        for name, s in control.sources.items()
        if not s.applies_to or s.applies_to in applies
    )
    demanding = [c for c in considered if c.value is not None]
    if not demanding:
        return Resolved(
            control=control.id, value=None, unit=control.unit, source="", mark=None, clause="",
            strength=control.strength, considered=considered,
        )  # fmt: skip
    value = _strictest(control.combine, [c.value for c in demanding if c.value is not None])
    deciding = [c for c in demanding if c.value == value] or demanding
    first = min(deciding, key=lambda c: SURENESS[c.mark.value])
    return Resolved(
        control=control.id, value=value, unit=control.unit, source=first.source, mark=first.mark, clause=first.clause,
        strength=control.strength, considered=considered,
    )  # fmt: skip


def _strictest(rule: Combine, values: list[Value]) -> Value:
    if rule is Combine.ANY:
        return any(bool(v) for v in values)
    if rule is Combine.UNION:
        return tuple(sorted({item for v in values for item in (v if isinstance(v, tuple) else (str(v),))}))
    numbers = [v for v in values if isinstance(v, int)]
    return max(numbers) if rule is Combine.MAX else min(numbers)
