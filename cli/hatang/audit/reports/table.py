"""The report as a table for the screen: one row for each system, control and state, with the hosts that share it."""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from hatang.audit import ways as ways_of
from hatang.audit import words
from hatang.audit.reports import Format
from hatang.audit.results import CheckRun, Result
from hatang.audit.totals import by_system
from hatang.audit.values import ways
from hatang.locale import _
from hatang.model.terms import ResultState

WIDTH = 160  # where there is no terminal
UNSEEN = (ResultState.NOT_AUTOMATED, ResultState.NOT_APPLICABLE)


def render(run: CheckRun) -> str:
    """Table, what went wrong, totals, and where the reports lie; what nothing was found about is only counted."""
    return _text(run, [r for r in run.results if _is_seen(r)])


def whole(run: CheckRun) -> str:
    """The same with every result in the table."""
    return _text(run, run.results)


def _is_seen(result: Result) -> bool:
    if result.state not in UNSEEN or result.waiver:
        return True
    return result.state is ResultState.NOT_AUTOMATED and bool(result.checks)  # a check that could not be made here


def _text(run: CheckRun, shown: Sequence[Result]) -> str:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    out = io.StringIO()
    width = shutil.get_terminal_size((WIDTH, 0)).columns if sys.stdout.isatty() else WIDTH
    table = Table(box=None, pad_edge=False)
    for column in (_("Control"), _("Demand"), _("Where"), _("Value"), _("State"), _("Source")):
        table.add_column(column)
    for row in _rows(shown):
        table.add_row(*(Text(cell) for cell in row))  # Text: what stands in square brackets is no markup
    Console(file=out, width=width).print(table)
    told = [*run.not_met(), *(r for r in run.results if r.state is ResultState.WAIVED)]
    lines = [f"{r.control} {r.scope}: {words.explained(r)[0]}" for r in told]
    lines += [_("interconnect {way}").format(way="  ".join(ways_of.cells(w))) for w in run.interconnects]
    lines += [_total(total) for total in by_system(r.as_dict() for r in run.results)]
    lines.append(words.not_compared())
    places = [run.stored] if isinstance(run.stored, str) else run.stored
    lines += [_("report: {folder}").format(folder=place) for place in dict.fromkeys(places) if place]
    return out.getvalue() + "\n".join(lines) + "\n"


def _total(total: Mapping[str, Any]) -> str:
    """One line that adds up: all controls of a system by state, those without a check by way of verifying."""
    parts = []
    for state, n in total["counts"].items():
        by = total["not_automated_by"].items() if state == "not-automated" else ()
        open_ones = ", ".join(f"{ways().get(way, way)} {m}" for way, m in by)
        if n:
            parts.append(f"{words.tallied()[state]}: {n}" + (f" ({open_ones})" if open_ones else ""))
    head = _("{system}, level {level}, {controls} controls").format(**total)
    return f"{head}: {', '.join(parts)}"


def _rows(results: Sequence[Result]) -> list[tuple[str, ...]]:
    titles, shared = words.titles(), dict[tuple[str, ...], list[str]]()
    for r in results:
        key = (r.system, r.control, words.demanded(r), words.judged(r), words.cited(r))
        shared.setdefault(key, []).append(r.scope)
    return [
        (control, titles.get(control, ""), ", ".join(scopes), value, state, source)
        for (_system, control, value, state, source), scopes in shared.items()
    ]


FORMAT = Format("table", "", 1, render, whole)
