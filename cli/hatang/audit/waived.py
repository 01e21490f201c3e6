"""How reports for people tell of a waiver: beside the true state, never instead of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from hatang.commands.app import day
from hatang.locale import _

ENDED = {
    "expired": _("waiver expired"),
    "lapsed": _("waiver lapsed"),
    "revoked": _("waiver revoked"),
}


def beside(state: str, waiver: Mapping[str, Any] | None, is_waived: bool) -> str:
    """The true state in words, and beside it the waiver.

    Args:
        state: the true state, in words.
        waiver: the waiver as a report holds it.
        is_waived: whether it accepts an unmet control; else it is only shown.
    """
    if waiver is None:
        return state
    if ended := ENDED.get(waiver["state"]):
        return f"{state} — {ended}"
    text = _("waived until {day}") if is_waived else _("waiver until {day}")
    return f"{state} — {text.format(day=day(date.fromisoformat(waiver['until'])))}"


def line(result: Mapping[str, Any]) -> str:
    """One line about a result that is not met: control, where, what was found, and the waiver with its approver."""
    text = f"{result['control']} {result['scope']}: {result['detail']}"
    waiver = result.get("waiver")
    if waiver is None:
        return text
    if ended := ENDED.get(waiver["state"]):
        return f"{text} — {ended} ({waiver['id']}): {waiver['why']}"
    until = day(date.fromisoformat(waiver["until"]))
    told = _("waived until {day} by waiver {id} ({scope}), approved by {by}; instead: {measure}").format(
        day=until, id=waiver["id"], scope=waiver["scope"], by=waiver["approved_by"], measure=waiver["measure"]
    )
    return f"{text} — {told}"
