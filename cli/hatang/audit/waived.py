"""How reports for people tell of a waiver: beside the true state, never instead of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from hatang.locale import _, day


def beside(state: str, waiver: Mapping[str, Any] | None, is_waived: bool) -> str:
    """The true state in words, and beside it the waiver.

    Args:
        state: the true state, in words.
        waiver: the waiver as a report holds it.
        is_waived: whether it accepts an unmet control; else it is only shown.
    """
    if waiver is None:
        return state
    if ended := _ended().get(waiver["state"]):
        return f"{state} — {ended}"
    text = _("waived until {day}") if is_waived else _("waiver until {day}")
    return f"{state} — {text.format(day=day(date.fromisoformat(waiver['until'])))}"


def told(remark: str, waiver: Mapping[str, Any] | None) -> str:
    """What was found, and the waiver with its approver, or why it holds no longer."""
    if waiver is None:
        return remark
    if ended := _ended().get(waiver["state"]):
        text = f"{ended} ({waiver['id']}): {waiver['why']}"
    else:
        text = _("waived until {day} by waiver {id} ({scope}), approved by {by}; instead: {measure}").format(
            day=day(date.fromisoformat(waiver["until"])), id=waiver["id"], scope=waiver["scope"],
            by=waiver["approved_by"], measure=waiver["measure"],
        )  # fmt: skip
    return f"{remark} — {text}" if remark else text


def _ended() -> dict[str, str]:
    """States of waivers that hold no longer."""
    return {
        "expired": _("waiver expired"),
        "lapsed": _("waiver lapsed"),
        "revoked": _("waiver revoked"),
    }
