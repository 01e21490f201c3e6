"""The value in force: the strictest of the applicable sources wins, and the others are shown beside it."""

from __future__ import annotations

from collections.abc import Collection

from hatang.model.control import Combine, Considered, Control, Resolved, Value
from hatang.model.terms import Level

SURENESS = {"A": 0, "B2": 1, "B1": 2, "own": 3}


def resolve(control: Control, level: Level, applies: Collection[str] = ()) -> Resolved:
    """What a control demands at a level.

    Where one source alone demands the value in force, it decides; the surest of several. Where only several
    together make it up, all of them are named, and the mark is that of the least sure.

    Args:
        applies: kinds of system that narrow sources apply to, e.g. {"document_storage"}.
    """
    considered = tuple(
        Considered(source=name, value=s.values.at(level), mark=s.mark, clause=s.clause)
        for name, s in control.sources.items()
        if not s.applies_to or s.applies_to in applies
    )
    demanding = [c for c in considered if c.value is not None]
    value = _strictest(control, [c.value for c in demanding if c.value is not None]) if demanding else None
    whole = sorted((c for c in demanding if _same(c.value, value)), key=lambda c: SURENESS[c.mark.value])
    deciding = whole[:1] or demanding
    return Resolved(
        control=control.id,
        value=value,
        unit=control.unit,
        source=" + ".join(c.source for c in deciding),
        mark=max((c.mark for c in deciding), key=lambda m: SURENESS[m.value], default=None),
        clause=" + ".join(c.clause for c in deciding),
        strength=control.strength,
        considered=considered,
        own_value=control.own_value,
    )


def _same(one: Value | None, other: Value | None) -> bool:
    if isinstance(one, tuple) and isinstance(other, tuple):
        return set(one) == set(other)
    return one == other


def _strictest(control: Control, values: list[Value]) -> Value:
    rule = control.combine
    if rule is Combine.ANY:
        return any(bool(v) for v in values)
    if rule is Combine.UNION:
        return tuple(sorted({item for v in values if isinstance(v, tuple) for item in v}))
    if rule is Combine.ORDERED:
        return max((str(v) for v in values), key=control.order.index)
    numbers = [v for v in values if isinstance(v, int)]
    return max(numbers) if rule is Combine.MAX else min(numbers)
