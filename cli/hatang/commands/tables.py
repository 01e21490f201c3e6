"""Results as a table, JSON, Markdown or CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import click

from hatang.commands.app import emit_table
from hatang.locale import _

F = TypeVar("F", bound=Callable[..., Any])
FORMS = ("table", "json", "markdown", "csv")


def form_option(command: F) -> F:
    """`--output table|json|markdown|csv`; `text` is `table`, as elsewhere."""
    option: Any = click.option(
        "--output",
        type=click.Choice([*FORMS, "text"]),
        default="table",
        show_default=True,
        help=_("Form of the result; text is table."),
    )
    decorated: F = option(command)
    return decorated


def emit(output: str, columns: Mapping[str, str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows as a table, as Markdown or as CSV.

    Args:
        output: table, text, markdown or csv.
        columns: key of each column (CSV) and its heading (for people).
    """
    cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
    if output == "csv":
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([list(columns), *cells])
        click.echo(text.getvalue(), nl=False)
    elif output == "markdown":
        click.echo(markdown(list(columns.values()), cells), nl=False)
    else:
        emit_table(list(columns.values()), cells)


def markdown(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [_line(headings), _line(["---"] * len(headings)), *map(_line, rows)]
    return "\n".join(lines) + "\n"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(c.replace("|", "\\|").replace("\n", " ") for c in cells) + " |"
