"""The report as a table for the screen: one row for each system, control and state, with the hosts that share it."""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Sequence

from hatang.audit import words
from hatang.audit.reports import Format
from hatang.audit.results import CheckRun, Result
from hatang.locale import _
from hatang.model.terms import ResultState

WIDTH = 160  # where there is no terminal


def render(run: CheckRun) -> str:
    """Table, what went wrong, counts, and where the reports lie."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    out = io.StringIO()
    width = shutil.get_terminal_size((WIDTH, 0)).columns if sys.stdout.isatty() else WIDTH
    table = Table(box=None, pad_edge=False)
    for column in (_("Control"), _("Demand"), _("Where"), _("Value"), _("State"), _("Source")):
        table.add_column(column)
    for row in _rows(run.results):
        table.add_row(*(Text(cell) for cell in row))  # Text: what stands in square brackets is no markup
    Console(file=out, width=width).print(table)
    told = [*run.not_met(), *(r for r in run.results if r.state is ResultState.WAIVED)]
    lines = [f"{r.control} {r.scope}: {words.explained(r)[0]}" for r in told]
    lines.append(", ".join(f"{words.tallied()[s]}: {n}" for s, n in run.counts().items() if n))
    lines.append(words.not_compared())
    places = [run.stored] if isinstance(run.stored, str) else run.stored
    lines += [_("report: {folder}").format(folder=place) for place in dict.fromkeys(places) if place]
    return out.getvalue() + "\n".join(lines) + "\n"


def _rows(results: Sequence[Result]) -> list[tuple[str, ...]]:
    titles, shared = words.titles(), dict[tuple[str, ...], list[str]]()
    for r in results:
        key = (r.system, r.control, words.demanded(r), words.judged(r), words.cited(r))
        shared.setdefault(key, []).append(r.scope)
    return [
        (control, titles.get(control, ""), ", ".join(scopes), value, state, source)
        for (_system, control, value, state, source), scopes in shared.items()
    ]


FORMAT = Format("table", "", 1, render)
