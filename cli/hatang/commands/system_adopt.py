"""`hatang system adopt`: take in what an agency has on the cloud already."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hatang.commands.app import App, emit_json, emit_table, examples, output_option, progress
from hatang.commands.plans import counts, show_differences
from hatang.locale import _

if TYPE_CHECKING:
    from hatang.provision.adoption.adopter import Adoption
    from hatang.workflow.context import Context


@click.command(
    "adopt",
    help=_(
        "Take in a project that stands on the cloud already, as a system that is asked for. Changes nothing on the "
        "cloud; the next plan shows what differs. Killed, run it again."
    ),
    epilog=examples(
        "hatang system adopt mot-cua --project 3f2a9c… --dry-run",
        "hatang system adopt mot-cua --project 3f2a9c… --map adopt.yaml",
    ),
)
@click.argument("name")
@click.option("--project", default="", help=_("Id of the Keystone project."))
@click.option(
    "--map", "map_file", type=click.Path(path_type=Path), help=_("File that says what is what, where names do not.")
)
@click.option("--dry-run", is_flag=True, help=_("Only show what would be taken and what would differ."))
@click.option("--forget", is_flag=True, help=_("Take it out of hatang again, before any apply; the cloud stays."))
@output_option
@click.pass_obj
def adopt(
    app: App, name: str, project: str, map_file: Path | None, dry_run: bool, forget: bool, output: str
) -> None:  # fmt: skip
    """Adopt one system."""
    from hatang.errors import InputError
    from hatang.inputs.adoption import load_map
    from hatang.model.adoption import AdoptionMap
    from hatang.workflow import adoption
    from hatang.workflow.context import Context

    context = Context(app.settings, app.site, progress)
    if bool(project) == forget or (forget and (dry_run or map_file)):
        raise InputError("state either --project or --forget, and --dry-run and --map with --project only",
            where="--project, --forget", do=f"hatang system adopt {name} --project ID --dry-run")  # fmt: skip
    if forget:
        return _forget(context, name, output)
    given = load_map(map_file) if map_file else AdoptionMap()
    made = adoption.adopt(context, name, project, given, dry_run=dry_run)
    if output == "json":
        return emit_json("hatang.adoption/1", system=name, project=project, adopted=not dry_run, **_data(made))
    if made is not None:
        _show(made)
    if dry_run and made is not None:
        return click.echo(_("Nothing was changed. Without --dry-run this is taken in."))
    click.echo(_("System {name} is adopted; the cloud was not changed.").format(name=name))
    return click.echo(_("Next, for its approvers: hatang request plan ID (see: hatang request list)"))


def _forget(context: Context, name: str, output: str) -> None:
    from hatang.workflow import adoption

    known = adoption.forget(context, name)
    if output == "json":
        return emit_json("hatang.adoption/1", system=name, forgotten=known)
    text = _("System {name} is forgotten; its objects stay on the cloud.") if known else _("{name} was not adopted.")
    return click.echo(text.format(name=name))


def _data(made: Adoption | None) -> dict[str, object]:
    if made is None:
        return {"taken": [], "differences": [], "unknown": []}
    return {"taken": made.taken, "differences": made.differences, "unknown": made.unknown, "changes": made.plan.changes}


def _show(made: Adoption) -> None:
    emit_table(
        [_("Resource"), _("Name"), _("On the cloud"), _("Id")],
        [[r["type"], r["name"], r["on_cloud"], r["id"]] for r in made.taken],
    )
    if made.differences:
        click.echo(_("What the next apply would change, once it is approved:"))
        show_differences(made.plan)
    if made.unknown:
        click.echo(_("Unknown to hatang, and left as it is:"))
        for line in made.unknown:
            click.echo(f"  {line}")
    click.echo(_("{n} resources are taken in. Next plan: {changes}").format(
        n=len(made.taken), changes=counts(made.plan.changes)))  # fmt: skip
