"""What differs between two levels, or between two sources."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from hatang.catalogue.resolver import resolve
from hatang.catalogue.strictest import Says, decide
from hatang.errors import InputError, UnknownNameError
from hatang.model.control import Control, Resolved, SourceValues
from hatang.model.terms import Level
from hatang.suggestions import did_you_mean


class LevelDifference(NamedTuple):
    """A control whose value in force is another at the second level."""

    control: Control
    one: Resolved
    other: Resolved
    change: str  # added, dropped, stricter, looser, other


class SourceDifference(NamedTuple):
    """A control of which two sources say different things."""

    control: Control
    one: SourceValues | None
    other: SourceValues | None
    stricter: str  # key of the source that is stricter wherever they differ; mixed


def between_levels(
    controls: Iterable[Control], one: Level, other: Level, applies: Collection[str] = ()
) -> list[LevelDifference]:
    """Controls whose value in force differs between two levels; rule of the strictest source as in `resolve`."""
    found = []
    for control in controls:
        a, b = resolve(control, one, applies), resolve(control, other, applies)
        if a.value != b.value:
            found.append(LevelDifference(control, a, b, _change(control, a.value, b.value)))
    return found


def between_sources(
    controls: Iterable[Control], one: str, other: str, levels: Collection[Level] = tuple(Level)
) -> list[SourceDifference]:
    """Controls of which two sources say different things at one of the levels.

    Args:
        one, other: keys of sources.yaml.
    """
    found = []
    for control in controls:
        a, b = control.sources.get(one), control.sources.get(other)
        pairs = [(a.values.at(lv) if a else None, b.values.at(lv) if b else None) for lv in levels]
        changes = {_change(control, x, y) for x, y in pairs if x != y}
        if changes:
            found.append(SourceDifference(control, a, b, _stricter(changes, one, other)))
    return found


def _stricter(changes: set[str], one: str, other: str) -> str:
    if changes <= {"added", "stricter"}:
        return other
    return one if changes <= {"dropped", "looser"} else "mixed"


def _change(control: Control, one: Any, other: Any) -> str:
    if one is None or other is None:
        return "added" if one is None else "dropped"
    decided = decide(control.combine.value, control.order, [Says("1", one, "A", "1"), Says("2", other, "A", "2")])
    return {"1": "looser", "2": "stricter"}.get(decided.source, "other")


def source_key(asked: str, controls: Iterable[Control], known: Collection[str]) -> str:
    """The key of a source from its beginning; those that controls cite come first.

    Raises:
        UnknownNameError: no source begins so.
        InputError: several do.
    """
    if asked in known:
        return asked
    cited = {name for c in controls for name in c.sources if name.startswith(asked)}
    found = sorted(cited) or [name for name in known if name.startswith(asked)]
    if not found:
        do = did_you_mean(asked, known, "hatang control sources shows all")
        raise UnknownNameError(f"no source is called {asked}", where="--source", do=do)
    if len(found) > 1:
        raise InputError(
            f"several sources begin with {asked}", where="--source", do=f"write one of {', '.join(found)}"
        )  # fmt: skip
    return found[0]
