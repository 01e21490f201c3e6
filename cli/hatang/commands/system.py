"""`hatang system`: plan, apply, status, list, destroy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hatang.commands import second_word
from hatang.commands.app import App, emit_json, emit_table, examples, output_option, progress
from hatang.commands.plans import counts, show_differences
from hatang.commands.system_adopt import adopt
from hatang.locale import _

if TYPE_CHECKING:
    from hatang.workflow.context import Context


@click.group(
    "system",
    help=_("Systems: plan, apply, status, destroy."),
    epilog=examples("hatang system list", "hatang system plan mot-cua", "hatang system apply mot-cua"),
)
def command() -> None:
    """Commands about systems."""


def _context(app: App) -> Context:
    from hatang.workflow.context import Context

    return Context(app.settings, app.site, progress)


command.add_command(adopt)


@command.command(
    "list",
    help=_("List all systems: agency, level, state, hosts."),
    epilog=examples("hatang system list", "hatang system list --output json"),
)
@output_option
@click.pass_obj
def list_systems(app: App, output: str) -> None:
    """List systems."""
    rows = app.desk.systems()
    if output == "json":
        return emit_json("hatang.systems/1", systems=rows)
    titles = [_("System"), _("Agency"), _("Branch"), _("Level"), _("State"), _("Hosts")]
    columns = ("name", "agency", "branch", "level", "state", "hosts")
    return emit_table(titles, [[", ".join(r[c]) if c == "hosts" else r[c] for c in columns] for r in rows])


@command.command(
    "plan",
    help=_("Show what apply would do. Changes nothing in the cloud, but removes what a killed run left half made."),
    epilog=examples("hatang system plan mot-cua", "hatang system plan mot-cua --exit-code --output json"),
)
@click.argument("name")
@click.option("--exit-code", is_flag=True, help=_("Exit with 1 when there is a difference."))
@output_option
@click.pass_obj
def plan(app: App, name: str, exit_code: bool, output: str) -> int:
    """Plan one system."""
    from hatang.registry.acts import note
    from hatang.workflow import lock, steps
    from hatang.workflow.approval import target

    context = _context(app)
    steps.validate_record(context, target(context, name))
    with lock.exclusive(app.settings, name):
        steps.allocated(context, name)
        made = context.provisioner.plan_system(target(context, name))
    note(context.registry, "system.plan", {"system": name, "changes": made.changes}, {f"plan of {name}": made.file})
    if output == "json":
        emit_json(
            "hatang.plan/1",
            system=name,
            digest=made.digest,
            file=str(made.file),
            changes=made.changes,
            steps=made.differences(),
        )
    else:
        show_differences(made)
        click.echo(_("Plan {digest}: {changes}").format(digest=made.digest[:12], changes=counts(made.changes)))
    return 1 if exit_code and made.differences() else 0


@command.command(
    "apply",
    help=_(
        "Bring a system up, or carry out what is approved for it: plan, apply, harden, check. "
        "Killed or failed, it goes on where it was."
    ),
    epilog=examples(
        "hatang system apply mot-cua",
        "hatang system apply mot-cua --queue",
        "hatang system apply mot-cua --output json",
    ),
)
@click.argument("name")
@click.option("--restart", is_flag=True, help=_("Give up the unfinished run and begin with the first step."))
@click.option("--queue", is_flag=True, help=_("Do not run it here: leave it to a worker (hatang worker)."))
@click.option(
    "--data-of", default="", help=_("Confirm, with the system's name, that data volumes go with the change (BKP-13).")
)
@output_option
@click.pass_obj
def apply(app: App, name: str, restart: bool, queue: bool, data_of: str, output: str) -> None:
    """Apply one system."""
    context = _context(app)
    second_word.for_a_change(context, name, data_of, f"hatang system apply {name}{' --queue' if queue else ''}")
    if queue:
        if restart:
            raise click.UsageError(_("--restart and --queue exclude each other."))
        return _enqueue(context, name, output)
    from hatang.workflow.tenant import apply_system

    result = apply_system(context, name, restart=restart)
    if output == "json":
        return emit_json("hatang.apply/1", system=name, steps=result)
    if "settle" in result and "until" in result["settle"]:
        click.echo(_("System {name} is closed, and can be kept until {until}: hatang request keep ID").format(
            name=name, until=result["settle"]["until"]))  # fmt: skip
        return click.echo(_("Then: hatang system purge {name}").format(name=name))
    if "settle" in result:
        click.echo(_("System {name} is suspended: nothing of it is reachable, nothing of it is lost. "
            "Resources: {changes}.").format(name=name, changes=counts(result["apply"]["changes"])))  # fmt: skip
        return click.echo(_("Back by a request of kind resume; see: hatang system status {name}").format(name=name))
    click.echo(
        _("System {name} is active. Resources: {changes}. Checks: {counts}.").format(
            name=name, changes=counts(result["apply"]["changes"]), counts=counts(_controls(result["check"]))
        )
    )
    click.echo(_("Next: hatang check --system {name}   |   hatang system status {name}").format(name=name))
    return None


def _enqueue(context: Context, name: str, output: str) -> None:
    from hatang.workflow import jobs
    from hatang.workflow.approval import require_decision, target

    require_decision(context, target(context, name))  # what nobody has approved would fail in the worker's hands
    job, new = jobs.enqueue(context.settings, name)
    if output == "json":
        return emit_json("hatang.job/1", system=name, job=job.id, state=job.state, worker=job.worker, new=new)
    text = _("System {name} is queued as {job}.") if new else _("System {name} is in the queue already, as {job}.")
    click.echo(text.format(name=name, job=job.id))
    return click.echo(_("Workers: hatang worker list   |   hatang system status {name}").format(name=name))


def _controls(check: dict[str, Any]) -> dict[str, int]:
    """Controls by state, or results, where the step ran before controls were counted."""
    found = (check.get("controls") or check)["counts"]
    return {state: n for state, n in found.items() if n}


@command.command(
    "status",
    help=_("Where a system stands, step by step, and why it waits."),
    epilog=examples("hatang system status mot-cua", "hatang system status mot-cua --output json"),
)
@click.argument("name")
@output_option
@click.pass_obj
def status(app: App, name: str, output: str) -> None:
    """Status of one system."""
    found: dict[str, Any] = app.desk.status(name)
    if output == "json":
        return emit_json("hatang.system-status/1", **found)
    click.echo(_("System {name}: {state}, level {level}, agency {agency}").format(**found))
    emit_table(
        [_("Step"), _("State"), _("Seconds"), _("Detail")],
        [(s["name"], s["state"], s["seconds"] or "", s["detail"].split("\n")[0]) for s in found["steps"]],
    )
    for published in found["public_addresses"]:
        click.echo(_("Reached from the Internet: {host} at {address}, HTTPS").format(**published))
    for way in found["interconnects"]:
        over = _("OVER: {why}; close it: hatang interconnect end {id}").format(why=way["lapsed"], id=way["id"])
        told = _("Interconnect {id}: {what}, until {until}").format(**way)
        click.echo(f"{told}. {over}" if way["lapsed"] else told)
    if found["waits_for"]:
        click.echo(_("Waits for: {what}").format(what=found["waits_for"]))
    return None


@command.command(
    "destroy",
    help=_("Remove a system and all its data from the cloud. Killed, it goes on where it was."),
    epilog=examples("hatang system destroy mot-cua --yes"),
)
@click.argument("name")
@click.option("--yes", is_flag=True, help=_("Confirm: servers, volumes and networks of the system are deleted."))
@click.option(
    "--data-of", default="", help=_("Confirm once more, with the system's name, that its data go too (BKP-13).")
)
@output_option
@click.pass_obj
def destroy(app: App, name: str, yes: bool, data_of: str, output: str) -> None:
    """Destroy one system."""
    from hatang.errors import RefusedError
    from hatang.workflow.tenant import destroy_system

    context = _context(app)
    record = context.registry.system(name)
    if record.state in ("removing", "purging"):
        raise RefusedError(f"a removal of system {name} is under way by request {record.request_id}",
            where=f"registry, system {name}", do=f"see where it stands: hatang system status {name}")  # fmt: skip
    if not yes:
        raise RefusedError(
            f"system {name} of agency {record.agency.code} would be deleted with its data",
            where=f"system {name}",
            do=f"hatang system destroy {name} --yes",
        )
    second_word.for_all(record, data_of, f"hatang system destroy {name} --yes")
    result = destroy_system(context, name)
    if output == "json":
        return emit_json("hatang.destroy/1", system=name, steps=result)
    return click.echo(
        _("System {name} is removed: {changes}.").format(name=name, changes=counts(result["destroy"]["changes"]))
    )


@command.command(
    "purge",
    help=_(
        "Delete a system whose removal was approved and whose grace period is over, in every service, and list each "
        "service until it holds nothing. Killed, it goes on where it was."
    ),
    epilog=examples("hatang system purge mot-cua --yes", "hatang system purge mot-cua --yes --data-of mot-cua"),
)
@click.argument("name")
@click.option("--yes", is_flag=True, help=_("Confirm: everything of the system is deleted, whoever made it."))
@click.option(
    "--data-of", default="", help=_("Confirm once more, with the system's name, that its data go too (BKP-13).")
)
@output_option
@click.pass_obj
def purge(app: App, name: str, yes: bool, data_of: str, output: str) -> None:
    """Purge one system."""
    from hatang.errors import RefusedError
    from hatang.workflow.tenant import purge_system

    context = _context(app)
    record = context.registry.system(name)
    words = f"hatang system purge {name} --yes"
    if not yes:
        raise RefusedError(f"everything of system {name} of agency {record.agency.code} would be deleted",
            where=f"system {name}", do=words)  # fmt: skip
    second_word.for_all(record, data_of, words)
    result = purge_system(context, name)
    if output == "json":
        return emit_json("hatang.purge/1", system=name, steps=result)
    click.echo(_("System {name} is gone: {held}. Nothing is left in {n} services.").format(
        name=name, held=counts({k: n for k, n in result["count"]["held"].items() if n}),
        n=len(result["empty"]["left"])))  # fmt: skip
    return click.echo(_("Its addresses and names rest until {until}.").format(until=result["rest"]["until"]))
