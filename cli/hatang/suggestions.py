"""The remedy for a name that does not exist: those that are near it. Every part of hatang may use it."""

from __future__ import annotations

from collections.abc import Callable, Iterable


def did_you_mean(
    name: str, known: Iterable[str], otherwise: str, *, most: int = 3, written: Callable[[str], str] = str
) -> str:
    """The remedy (`do`) of an error about an unknown name.

    Args:
        name: what was given.
        known: the names that exist.
        otherwise: the remedy where none of them is near.
        most: how many to name.
        written: how the user writes a known name.
    """
    import difflib  # here: most commands end well

    close = difflib.get_close_matches(name, sorted(known), most)
    return f"did you mean {', '.join(written(c) for c in close)}?" if close else otherwise
