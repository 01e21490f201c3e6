"""`hatang agency`: list, show; keys are in agency_keys."""

from __future__ import annotations

import click

from hatang.commands.agency_keys import key
from hatang.commands.app import App, emit_json, emit_table, examples, output_option
from hatang.locale import _, language


@click.group(
    "agency", help=_("Agencies and their domains."), epilog=examples("hatang agency list", "hatang agency show H99.05")
)
def command() -> None:
    """Commands about agencies."""


@command.command(
    "list", help=_("List agencies."), epilog=examples("hatang agency list", "hatang agency list --output json")
)
@output_option
@click.pass_obj
def list_agencies(app: App, output: str) -> None:
    """List agencies."""
    rows = app.desk.agencies()
    if output == "json":
        return emit_json("hatang.agencies/1", agencies=rows)
    return emit_table(
        [_("Code"), _("Name"), _("Branch"), _("Tier"), _("Systems")],
        [(r["code"], r["name"][language()], r["branch"], r["tier"], ", ".join(r["systems"])) for r in rows],
    )


@command.command(
    "show",
    help=_("Show one agency: branch, tier, quota ceiling, systems."),
    epilog=examples("hatang agency show H99.05", "hatang agency show H99.05 --output json"),
)
@click.argument("code")
@output_option
@click.pass_obj
def show(app: App, code: str, output: str) -> None:
    """Show an agency."""
    row = app.desk.agency(code)
    if output == "json":
        return emit_json("hatang.agency/1", agency=row)
    shown = {**row, "name": row["name"][language()], "systems": ", ".join(row["systems"])}
    return emit_table([_("Field"), _("Value")], list(shown.items()))


command.add_command(key)
