"""Values as they were typed: days, the one scope of several, files that will be written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path

import click

from hatang.errors import InputError
from hatang.locale import _

report_file_option = click.option(
    "--report-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help=_("Write the report to this file instead of the screen; a file that is there is replaced."),
)


def day(text: str, option: str, example: str) -> date:
    """A day. Raises InputError."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise InputError(f"{text!r} is no day", where=option, do=f"write YYYY-MM-DD, such as {example}") from None


def one_scope(what: str, options: Mapping[str, str | None]) -> tuple[str, str]:
    """The one option that was given, without its dashes, and its value; None: not given. Raises InputError."""
    given = [(option, value) for option, value in options.items() if value is not None]
    if len(given) != 1:
        raise InputError(f"{what} has one scope, not {len(given)}", where=", ".join(options), do="give one of them")
    return given[0][0].removeprefix("--"), given[0][1]


def can_write(file: Path) -> None:
    """Raises InputError where a report could not be written."""
    import os

    if not file.absolute().parent.is_dir():
        raise InputError("there is no such folder", where=str(file.parent), do="make it, or name another file")
    if not os.access(file if file.exists() else file.absolute().parent, os.W_OK):
        raise InputError("this file cannot be written", where=str(file), do="name another file")


def show_report(text: str, file: Path | None) -> None:
    """Print a report, or write it to a file and say so."""
    if file:
        file.write_text(text, encoding="utf-8")
        click.echo(_("report: {folder}").format(folder=file))
    else:
        click.echo(text.encode(), nl=False)  # bytes: documents say that they are UTF-8, whatever the locale is
