"""`hatang agency`: list, show, destroy; keys are in agency_keys, reorganisations in agency_changes."""

from __future__ import annotations

from datetime import date, datetime

import click

from hatang.commands.agency_changes import history, reorganise
from hatang.commands.agency_keys import key
from hatang.commands.app import App, emit_json, emit_table, examples, output_option
from hatang.locale import _, language

AS_OF = click.option(
    "--as-of", type=click.DateTime(["%Y-%m-%d"]), help=_("As it was on this day, YYYY-MM-DD.")
)  # fmt: skip


def _day(as_of: datetime | None) -> date | None:
    return as_of.date() if as_of else None


@click.group(
    "agency", help=_("Agencies and their domains."), epilog=examples("hatang agency list", "hatang agency show H99.05")
)
def command() -> None:
    """Commands about agencies."""


@command.command(
    "list", help=_("List agencies."), epilog=examples("hatang agency list", "hatang agency list --as-of 2026-06-30")
)
@AS_OF
@output_option
@click.pass_obj
def list_agencies(app: App, as_of: datetime | None, output: str) -> None:
    """List agencies."""
    rows = app.desk.agencies(_day(as_of))
    if output == "json":
        return emit_json("hatang.agencies/1", agencies=rows)
    return emit_table(
        [_("Code"), _("Name"), _("Branch"), _("Tier"), _("Systems"), _("Ended")],
        [(r["code"], r["name"][language()], r["branch"], r["tier"], ", ".join(r["systems"]), r["ended"]) for r in rows],
    )


@command.command(
    "show",
    help=_("Show one agency: branch, tier, quota ceiling, systems."),
    epilog=examples("hatang agency show H99.05", "hatang agency show H99.05 --as-of 2026-06-30"),
)
@click.argument("code")
@AS_OF
@output_option
@click.pass_obj
def show(app: App, code: str, as_of: datetime | None, output: str) -> None:
    """Show an agency."""
    day = _day(as_of)
    row = app.desk.agency_then(code, day) if day else app.desk.agency(code)
    if output == "json":
        return emit_json("hatang.agency/1", agency=row)
    shown = {**row, "name": row["name"][language()], "systems": ", ".join(row["systems"])}
    return emit_table([_("Field"), _("Value")], list(shown.items()))


@command.command(
    "destroy",
    help=_("Remove the domain of an agency that has no system any more. What the registry knows of it stays."),
    epilog=examples("hatang agency destroy H99.05 --yes"),
)
@click.argument("code")
@click.option("--yes", is_flag=True, help=_("Confirm: the agency's domain with its groups and users is deleted."))
@output_option
@click.pass_obj
def destroy(app: App, code: str, yes: bool, output: str) -> None:
    """Destroy the domain of an agency."""
    from hatang.commands.app import progress
    from hatang.errors import RefusedError
    from hatang.registry.acts import note
    from hatang.workflow.context import Context

    context = Context(app.settings, app.site, progress)
    agency = context.registry.agency(code)
    there = [s.spec.name for s in context.registry.systems() if s.agency.code == code and s.state != "removed"]
    if there:
        raise RefusedError(f"agency {code} still has {', '.join(there)}", where=f"registry, agency {code}",
            do="remove its systems first (docs/how-to/remove.md)")  # fmt: skip
    if not yes:
        raise RefusedError(f"the domain of agency {code} would be deleted", where=f"agency {code}",
            do=f"hatang agency destroy {code} --yes")  # fmt: skip
    note(context.registry, "agency.destroy", {"agency": code})  # before it, so that a killed run is told of too
    outcome = context.provisioner.destroy_agency(agency)
    if output == "json":
        return emit_json("hatang.agency-destroy/1", agency=code, changes=outcome.changes)
    return click.echo(_("The domain of agency {code} is gone.").format(code=code))


for other in (key, history, reorganise):
    command.add_command(other)
