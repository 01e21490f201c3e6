"""Which of several values is the strictest, and which sources decide it. Plain data: no model, so it loads at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from hatang.model.terms import UNSTATED

SURENESS = {"A": 0, "B2": 1, "B1": 2, "own": 3}


class Says(NamedTuple):
    """What one applicable source says; `value` None: it is silent."""

    source: str
    value: Any
    mark: str
    clause: str


class Decided(NamedTuple):
    """The value in force and what it rests on; `mark` empty: no source demands it."""

    value: Any
    source: str
    mark: str
    clause: str


def decide(combine: str, order: Sequence[str], considered: Sequence[Says]) -> Decided:
    """The strictest value.

    Where one source alone demands the value in force, it decides; the surest of several. Where only several
    together make it up, all of them are named, and the mark is that of the least sure. A value that was read
    counts before a demand without one.
    """
    demanding = [c for c in considered if c.value is not None]
    value = _strictest(combine, order, [c.value for c in demanding]) if demanding else None
    whole = sorted((c for c in demanding if _same(c.value, value)), key=lambda c: SURENESS[c.mark])
    deciding = whole[:1] or demanding
    return Decided(
        value,
        " + ".join(c.source for c in deciding),
        max((c.mark for c in deciding), key=SURENESS.__getitem__, default=""),
        " + ".join(c.clause for c in deciding),
    )


def is_demanded(value: Any) -> bool:
    """Whether a value in force demands anything. Nought does: it is a number."""
    return value is not None and value is not False


def takes_own(value: Any) -> bool:
    """Whether a value in force names no number, so that ours counts."""
    return value is True or value == UNSTATED


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, tuple | list) and isinstance(other, tuple | list):
        return set(one) == set(other)
    return bool(one == other)


def _strictest(combine: str, order: Sequence[str], values: Sequence[Any]) -> Any:
    if combine == "any":
        return any(values)
    values = [v for v in values if v != UNSTATED]
    if not values:
        return UNSTATED
    if combine == "union":
        return tuple(sorted({item for v in values for item in v}))
    if combine == "ordered":
        return max(values, key=order.index)
    return max(values) if combine == "max" else min(values)
