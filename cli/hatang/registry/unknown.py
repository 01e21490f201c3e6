"""The error for a name that the registry does not hold."""

from __future__ import annotations

from collections.abc import Iterable

from hatang.errors import UnknownNameError
from hatang.suggestions import did_you_mean


def unknown(kind: str, name: str, known: Iterable[str], shown_by: str = "") -> UnknownNameError:
    """Names near ones, or what shows all; without such a command, what there is."""
    there = sorted(known)
    otherwise = shown_by or f"known: {', '.join(there[:10])}"
    if not there and not shown_by:
        otherwise = f"no {kind} is known yet; begin with hatang request submit FILE"
    return UnknownNameError(f"no {kind} is called {name}", where="registry", do=did_you_mean(name, there, otherwise))
