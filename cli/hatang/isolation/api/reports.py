"""A run as a table or as JSON."""

from __future__ import annotations

import io
import json

from hatang.isolation.api.found import Outcome, Run, Tried
from hatang.locale import _, language


def outcomes() -> dict[Outcome, str]:
    """How an operation ended, for people."""
    return {
        Outcome.REFUSED: _("refused"),
        Outcome.OPEN: _("let through"),
        Outcome.REVEALED: _("a name shown"),
        Outcome.UNCLEAR: _("unclear"),
        Outcome.UNTRIED: _("not tried"),
    }


def as_json(run: Run) -> str:
    """One JSON document, hatang.isolation-api/1."""
    return json.dumps(run.as_dict(), ensure_ascii=False, indent=2) + "\n"


def as_table(run: Run) -> str:
    """A line for each token, then what was not refused, then what was not tried."""
    from rich.console import Console
    from rich.table import Table

    out = io.StringIO()
    console = Console(file=out, width=200, highlight=False)
    words = outcomes()
    table = Table(_("Token"), *words.values(), box=None, pad_edge=False, header_style="bold")
    for asker in run.askers:
        counts = run.counts(asker.name)
        table.add_row(asker.shown, *(str(counts[o]) for o in words))
    console.print(table)
    for fault in run.faults:
        console.print(_line(fault, words), markup=False)
    untried = {(t.service, t.operation.name): t.why for t in run.tried if t.outcome is Outcome.UNTRIED}
    for (service, name), why in untried.items():
        console.print(f"{words[Outcome.UNTRIED]}: {service} {name}: {why}", markup=False)
    for trouble in run.troubles:
        console.print(f"{_('Trouble')}: {trouble}", markup=False)
    console.print(verdict(run), markup=False)
    return out.getvalue()


def _line(fault: Tried, words: dict[Outcome, str]) -> str:
    title = fault.operation.title.in_(language())
    what = f"{fault.asker}: {words[fault.outcome]}: {fault.service} {fault.operation.name} ({title}): {fault.call}"
    return f"{what} → {fault.status}" + (f": {fault.why}" if fault.why else "")


def verdict(run: Run) -> str:
    """The run in one line."""
    text = (
        _("the API keeps {system} apart: {tried} operations refused, no name shown; {s} s")
        if run.holds
        else _("the API does not keep {system} apart: {faults} of {tried} operations not refused; {s} s")
    )
    tried = [t for t in run.tried if t.outcome is not Outcome.UNTRIED]
    return text.format(system=run.system, tried=len(tried), faults=len(run.faults), s=run.seconds)


RENDERERS = {"table": as_table, "json": as_json}
