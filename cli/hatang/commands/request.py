"""`hatang request`: validate, submit, plan, list, show; decisions and seals are in files of their own."""

from __future__ import annotations

from pathlib import Path

import click

from hatang.commands.app import App, emit_json, emit_table, examples, output_option
from hatang.commands.request_decisions import appraise, approve, consent, give_back, keep, opinion, reject
from hatang.commands.request_rows import show_list, show_one
from hatang.commands.request_seal import key, seal
from hatang.locale import _

# Told here too: the table of states need not be loaded for a help page. A test compares them.
STATES = [
    "draft", "submitted", "returned", "approved", "rejected", "planned", "provisioning", "active", "changing",
    "suspended", "removing", "removed", "failed",
]  # fmt: skip


@click.group(
    "request",
    help=_("Requests of agencies: validate, submit, plan, decide."),
    epilog=examples(
        "hatang request validate inventories/example/requests/one-stop.yaml",
        "hatang request submit inventories/example/requests/one-stop.yaml",
        "hatang request list --state submitted",
    ),
)
def command() -> None:
    """Commands about requests."""


@command.command(
    "validate",
    help=_("Check request files; nothing is recorded. Every fault is named with file, line, field and remedy."),
    epilog=examples("hatang request validate request.yaml", "hatang request validate *.yaml --output json"),
)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@output_option
@click.pass_obj
def validate(app: App, files: tuple[Path, ...], output: str) -> None:
    """Check files."""
    from hatang.inputs.seals import load_any

    site = app.site if app.settings.site_file else None
    found = [(f, load_any(f, site)[0]) for f in files]
    if output == "json":
        return emit_json("hatang.valid-requests/1", files=[{"file": str(f), "system": r.system_name} for f, r in found])
    for file, request in found:
        if request.kind == "interconnect":
            click.echo(_("{file}: right. Interconnect, asked by agency {agency}.").format(
                file=file, agency=request.agency_code))  # fmt: skip
            continue
        if not request.system_name:
            click.echo(_("{file}: right. Reorganisation, asked by agency {agency}.").format(
                file=file, agency=request.agency_code))  # fmt: skip
            continue
        click.echo(_("{file}: right. System {system}, agency {agency}: {kind}.").format(
            file=file, system=request.system_name, kind=request.kind, agency=request.agency_code))  # fmt: skip
    if site is None:
        click.echo(_("Not compared with a site; name one with --site."), err=True)
    return None


@command.command(
    "submit",
    help=_("Record a request, sealed or not. The same file again is the same request."),
    epilog=examples(
        "hatang request submit request.yaml",
        "hatang request submit request.yaml --draft",
        "hatang request submit request.yaml --dry-run",
    ),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help=_("Check only; record nothing."))
@click.option("--draft", is_flag=True, help=_("Record it without handing it in; the same file without this does."))
@output_option
@click.pass_obj
def submit(app: App, file: Path, dry_run: bool, draft: bool, output: str) -> None:
    """Submit a request."""
    if dry_run:
        return _try(app, file, output)
    row = app.desk.submit(file, draft=draft)
    if output == "json":
        return emit_json("hatang.request/1", request=row)
    text = _("Request {id} for system {system}: {state}.") if row["system"] else _("Request {id}, {kind}: {state}.")
    click.echo(text.format(**row))
    if draft:
        return click.echo(_("Next: hatang request submit {file}").format(file=file))
    if app.settings.url:
        return click.echo(_("Next: hatang request show {id}").format(**row))
    return click.echo(_("Next: hatang request plan {id}").format(**row))


def _try(app: App, file: Path, output: str) -> None:
    """Check a request file, on an agency's machine without the site."""
    from hatang.inputs.seals import load_any

    request = load_any(file, None if app.settings.url and not app.settings.site_file else app.site)[0]
    if output == "json":
        return emit_json("hatang.request/1", request=None, valid=True, system=request.system_name)
    return click.echo(_("{file}: right; nothing was recorded.").format(file=file))


@command.command(
    "plan",
    help=_("Make the plan that is approved: what the cloud would become, judged by the rules. Changes nothing there."),
    epilog=examples("hatang request plan 3f2a77c01b9e", "hatang request plan 3f2a77c01b9e --output json"),
)
@click.argument("request_id", metavar="ID")
@output_option
@click.pass_obj
def plan(app: App, request_id: str, output: str) -> None:
    """Plan a request."""
    from dataclasses import asdict

    from hatang.commands.app import progress
    from hatang.commands.effects import in_words
    from hatang.commands.plans import counts, show_steps
    from hatang.desk.rows import request_row
    from hatang.provision.effects import effects
    from hatang.workflow.approval import plan_request
    from hatang.workflow.context import Context

    context = Context(app.settings, app.site, progress)
    kind = context.registry.request(request_id).kind
    if kind == "reorganise":
        from hatang.workflow.reorganise import plan_reorganisation as make
    elif kind == "interconnect":
        from hatang.workflow.interconnect import plan_interconnect as make
    else:
        make = plan_request
    record, made = make(context, request_id)
    found = effects(made.differences())
    if output == "json":
        return emit_json(
            "hatang.request-plan/1", request=request_row(record), digest=made.digest, changes=made.changes,
            effects=[asdict(e) for e in found], steps=made.differences(),
        )  # fmt: skip
    changes = [asdict(d) for d in context.registry.changes(request_id)]
    for sentence in in_words(changes, found, record.document_storage):
        click.echo(sentence)
    show_steps(made.differences())
    click.echo(_("Plan {digest}: {changes}").format(digest=made.digest[:12], changes=counts(made.changes)))
    need = record.case.demand
    for owner in record.case.owners:
        click.echo(_("Then: hatang request consent {id} --by NAME --for '{owner}'").format(id=record.id, owner=owner))
    if need.opinion:
        click.echo(_("Then: hatang request opinion {id} --by NAME --document FILE").format(id=record.id))
    if need.appraiser:
        click.echo(_("Then, by {role}: hatang request appraise {id} --by NAME").format(
            role=need.appraiser.value, id=record.id))  # fmt: skip
    return click.echo(_("Then, by {role}: hatang request approve {id} --by NAME").format(
        role=need.approver.value, id=record.id))  # fmt: skip


@command.command(
    "list",
    help=_("List requests, oldest first, with the time limit that runs."),
    epilog=examples("hatang request list", "hatang request list --state submitted", "hatang request list --overdue"),
)
@click.option("--state", type=click.Choice(STATES), help=_("Only of this state."))
@click.option(
    "--overdue", is_flag=True,
    help=_("Only those whose time limit is over, or cannot be told since a year's holidays are not known."),
)  # fmt: skip
@output_option
@click.pass_obj
def list_requests(app: App, state: str | None, overdue: bool, output: str) -> None:
    """List requests."""
    rows = app.desk.requests(state, overdue=overdue)
    if output == "json":
        return emit_json("hatang.requests/1", requests=rows)
    return show_list(rows)


@command.command(
    "show",
    help=_("Show one request: who decides, what was done, its plan and its time limit."),
    epilog=examples("hatang request show 3f2a77c01b9e", "hatang request show 3f2a77c01b9e --output json"),
)
@click.argument("request_id", metavar="ID")
@output_option
@click.pass_obj
def show(app: App, request_id: str, output: str) -> None:
    """Show a request."""
    from dataclasses import asdict

    from hatang.commands.effects import in_words
    from hatang.commands.plans import show_steps
    from hatang.provision.effects import effects

    shown, steps = app.desk.request(request_id)
    if shown["plan"] and steps is None:
        click.echo(_("The steps of plan {digest} are not on this machine.").format(digest=shown["plan"][:12]), err=True)
    if output == "json":
        found = None if steps is None else [asdict(e) for e in effects(steps)]
        return emit_json("hatang.request/1", request=shown, effects=found, steps=steps)
    show_one(shown)
    if shown["changes"]:
        rows = [(d["field"], d["old"] or "-", d["new"]) for d in shown["changes"]]
        emit_table([_("Field"), _("Is"), _("Shall be")], rows)
    for sentence in in_words(shown["changes"], effects(steps or []), shown["document_storage"]):
        click.echo(sentence)
    return show_steps(steps) if steps is not None else None


for other in (appraise, opinion, consent, approve, give_back, reject, keep, seal, key):
    command.add_command(other)
