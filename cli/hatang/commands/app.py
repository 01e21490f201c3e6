"""What commands share: settings, loaded when first asked for, and the rendering of results.

stdout carries the result only; progress and warnings go to stderr. JSON keys are never translated.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import click

from hatang.errors import HatangError, RegistryError
from hatang.locale import _

if TYPE_CHECKING:
    from hatang.desk.local import LocalDesk
    from hatang.desk.remote import RemoteDesk
    from hatang.model.site import Site
    from hatang.registry import Registry
    from hatang.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])


class App:
    """The object that Click passes to commands."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        self.keeps_journal = True  # commands about the journal itself set it to False
        self._before = _opened()
        self._writes = self._before.writes if self._before else 0

    @cached_property
    def settings(self) -> Settings:
        """Settings of this run. Raises SettingsError."""
        from hatang import settings

        return settings.load(**self.options)

    @cached_property
    def site(self) -> Site:
        """The site's description. Raises InputErrors with file, line and field."""
        from hatang.inputs import load_site

        return load_site(self.settings.site_file, self.settings.cache)

    def write_journal(self) -> None:
        """Entries for what was done, if anything was.

        Raises:
            RegistryError: this command did something, and it has no entry. What it did stays.
        """
        registry = _opened()
        if not self.keeps_journal or registry is None or registry is self._before:
            return  # the command met no registry
        from hatang.registry.pending import has_pending

        did_something = registry.writes != self._writes
        try:
            if has_pending(registry):
                from hatang.journal.journal import Journal

                Journal(self.settings, registry).catch_up()
        except HatangError as exc:
            if not did_something:  # others did, and this command came to its end
                progress(_("warning: the journal cannot be written: {why}").format(why=exc))
                return
            raise RegistryError(
                f"what was done is on record, but has no entry in the journal: {exc.what}", where=exc.where,
                do=f"{exc.do}; then any command writes the entry",
            ) from exc  # fmt: skip

    @cached_property
    def desk(self) -> LocalDesk | RemoteDesk:
        """Where requests are handed in and asked about: the server that --url names, or the local registry."""
        if url := self.settings.url:
            from hatang.desk.remote import RemoteDesk

            return RemoteDesk(url, self.settings.ca_file)
        from hatang.desk.local import LocalDesk

        return LocalDesk(self.settings, lambda: self.site)


def _opened() -> Registry | None:
    """The registry that was opened last, without loading what belongs to one."""
    store = sys.modules.get("hatang.registry.store")
    return store.Registry.latest if store else None


def output_option(command: F) -> F:
    """`--output text|json`."""
    option: Any = click.option(
        "--output",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help=_("Form of the result."),
    )
    decorated: F = option(command)
    return decorated


def emit_json(schema: str, **data: Any) -> None:
    """Print one JSON document; `schema` names its kind and version, e.g. hatang.systems/1."""
    click.echo(json.dumps({"schema": schema, **data}, ensure_ascii=False, indent=2, default=str))


def emit_table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str = "") -> None:
    """Print rows as a table; plain columns when stdout is not a terminal."""
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else 160)
    table = Table(*columns, title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    console.print(table)


def progress(text: str) -> None:
    """A line about what is going on, to stderr."""
    click.echo(text, err=True)


def examples(*lines: str) -> str:
    """Epilog with examples; every command has one."""
    return "\b\n" + _("Examples:") + "\n" + "\n".join(f"  {line}" for line in lines)
