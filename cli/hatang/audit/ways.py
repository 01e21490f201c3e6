"""Interconnects of checked systems as reports show them: what passes between systems is no result of any control."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from hatang.locale import _

if TYPE_CHECKING:
    from hatang.registry import SystemRecord


def noted(records: Iterable[SystemRecord]) -> tuple[dict[str, Any], ...]:
    """Interconnects in force, and those that are over and that nobody has ended, by id."""
    found = {w.id: w for r in records for w in r.ways if not w.lapsed.startswith("ended")}
    return tuple({**w.model_dump(mode="json"), "told": w.told} for _id, w in sorted(found.items()))


def columns() -> list[str]:
    """Titles of a table of them."""
    return [_("Request"), _("What passes"), _("Until"), _("State")]


def cells(way: dict[str, Any]) -> list[str]:
    """One row of it."""
    over = _("OVER: {why}; close it: hatang interconnect end {id}")
    state = over.format(why=way["lapsed"], id=way["id"]) if way["lapsed"] else _("in force")
    return [way["id"], way["told"], way["until"], state]
