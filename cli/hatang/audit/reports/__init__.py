"""Report formats, one per file of this folder: a new format is a new file with a `FORMAT` in it.

The list is light: what a format needs is loaded when it renders.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

from hatang.audit.results import CheckRun


@dataclass(frozen=True)
class Format:
    """One format of reports.

    Args:
        name: what `--output` takes.
        file: name in the folder of a stored report; empty: for the screen only.
        order: place in lists.
        render: makes the text from a run whose texts are printable.
        whole: the same with all results, where `render` only counts some; None: it leaves nothing out.
    """

    name: str
    file: str
    order: int
    render: Callable[[CheckRun], str]
    whole: Callable[[CheckRun], str] | None = None


@cache
def formats() -> dict[str, Format]:
    """All formats by name, in their order."""
    modules = [importlib.import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__)]
    found: list[Format] = sorted((m.FORMAT for m in modules), key=lambda f: f.order)
    return {f.name: f for f in found}


def render(name: str, run: CheckRun, *, whole: bool = False) -> str:
    """The report in the format `name`. What hosts answered is made printable first, for all formats alike.

    Args:
        whole: show every result, also in a format that only counts some.

    Raises:
        KeyError: there is no such format.
    """
    from hatang.audit.printable import printable_result

    form = formats()[name]
    make = (form.whole if whole else None) or form.render
    return make(replace(run, results=tuple(printable_result(r) for r in run.results)))
