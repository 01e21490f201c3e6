"""`hatang agency`: list, show, destroy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hatang.commands.app import App, emit_json, emit_table, examples, output_option
from hatang.locale import _, language

if TYPE_CHECKING:
    from hatang.model.agency import Agency
    from hatang.registry import Registry


@click.group(
    "agency", help=_("Agencies and their domains."), epilog=examples("hatang agency list", "hatang agency show H99.05")
)
def command() -> None:
    """Commands about agencies."""


def _row(registry: Registry, agency: Agency) -> dict[str, Any]:
    return {
        "code": agency.code, "name": agency.name.model_dump(), "branch": agency.branch.value, "tier": agency.tier.value,
        "contact": agency.contact, "ceiling": agency.ceiling.model_dump(),
        "domain": agency.slug, "domain_id": registry.remote_ids("agency", agency.code).get("domain_id", ""),
        "systems": [s.spec.name for s in registry.systems() if s.agency.code == agency.code],
    }  # fmt: skip


@command.command(
    "list", help=_("List agencies."), epilog=examples("hatang agency list", "hatang agency list --output json")
)
@output_option
@click.pass_obj
def list_agencies(app: App, output: str) -> None:
    """List agencies."""
    from hatang.registry import Registry

    registry = Registry.open(app.settings.registry)
    rows = [_row(registry, a) for a in registry.agencies()]
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
    from hatang.registry import Registry

    registry = Registry.open(app.settings.registry)
    row = _row(registry, registry.agency(code))
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
    outcome = context.provisioner.destroy_agency(agency)
    if output == "json":
        return emit_json("hatang.agency-destroy/1", agency=code, changes=outcome.changes)
    return click.echo(_("The domain of agency {code} is gone.").format(code=code))
