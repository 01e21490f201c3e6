"""Values, units and words of controls as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hatang.locale import _, language
from hatang.model.terms import UNSTATED


def units() -> dict[str, str]:
    """Units of values."""
    return {
        "yes/no": _("yes or no"),
        "seconds": _("seconds"),
        "minutes": _("minutes"),
        "hours": _("hours"),
        "days": _("days"),
        "months": _("months"),
        "interval": _("interval"),
        "characters": _("characters"),
        "kinds of characters": _("kinds of characters"),
        "passwords": _("passwords"),
        "failures": _("failures"),
        "connections": _("connections"),
        "layers": _("layers"),
        "classes": _("classes"),
        "ways": _("ways"),
        "kilometres": _("kilometres"),
        "percent": _("percent"),
        "zones": _("zones"),
        "directions": _("directions"),
        "separation": _("separation"),
        "degree": _("degree"),
        "kinds of logs": _("kinds of logs"),
        "kinds of data": _("kinds of data"),
        "fields": _("fields"),
    }


def strengths() -> dict[str, str]:
    """How binding a requirement is."""
    return {
        "must": _("must"),
        "must-or-equivalent": _("must, or its equal"),
        "advice": _("advice"),
    }


def ways() -> dict[str, str]:
    """Ways of verifying a control."""
    return {
        "host": _("on hosts"),
        "cloud": _("in the cloud"),
        "stack-policy": _("by a rule on stacks"),
        "registry": _("in the registry"),
        "evidence": _("by a document"),
        "outside": _("outside this tool"),
    }


def owners() -> dict[str, str]:
    """Who keeps a document."""
    return {
        "owner": _("owner of the system"),
        "operator": _("operator of the system"),
        "security-unit": _("security unit"),
        "platform": _("operator of the data centre"),
    }


def shown(value: Any, unit: str, words: Mapping[str, Mapping[str, str]] | None = None) -> str:
    """A value with its unit; empty where nothing is demanded.

    Args:
        words: what values that are words mean, in both languages, as in the control.
    """
    if value is None or isinstance(value, bool):
        return {True: _("yes"), False: _("no"), None: ""}[value]
    if value == UNSTATED:
        return _("demanded, no value named")
    if isinstance(value, list | tuple):
        return ", ".join(word(v, words) for v in value)
    return word(value, words) if isinstance(value, str) else f"{value} {units().get(unit, unit)}"


def short(value: Any, words: Mapping[str, Mapping[str, str]] | None = None) -> str:
    """A value for a narrow cell."""
    if value is None:
        return "—"
    if isinstance(value, bool):
        return "✓" if value else "✗"
    if value == UNSTATED:
        return "✓?"
    return " + ".join(word(v, words) for v in value) if isinstance(value, list | tuple) else word(value, words)


def word(value: Any, words: Mapping[str, Mapping[str, str]] | None) -> str:
    """A word of a value in the language in use."""
    return (words or {}).get(str(value), {}).get(language(), str(value))
