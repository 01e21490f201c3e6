"""`hatang request`: validate, submit, approve, list, show."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hatang.commands.app import App, emit_json, emit_table, examples, output_option
from hatang.locale import _

if TYPE_CHECKING:
    from hatang.registry import RequestRecord


@click.group(
    "request",
    help=_("Requests of agencies: validate, submit, approve."),
    epilog=examples(
        "hatang request validate inventories/example/requests/one-stop.yaml",
        "hatang request submit inventories/example/requests/one-stop.yaml",
        "hatang request list --state submitted",
    ),
)
def command() -> None:
    """Commands about requests."""


def _row(request: RequestRecord) -> dict[str, Any]:
    return {
        "id": request.id, "system": request.system, "agency": request.agency_code, "state": request.state.value,
        "requested_by": request.requested_by, "created_at": request.created_at.isoformat(),
        "approvals": [
            {"by": a.approved_by, "note": a.note, "at": a.created_at.isoformat()} for a in request.approvals
        ],
    }  # fmt: skip


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
    from hatang.inputs import load_request

    site = app.site if app.settings.site_file else None
    found = [(f, load_request(f, site)[0]) for f in files]
    if output == "json":
        return emit_json("hatang.valid-requests/1", files=[{"file": str(f), "system": r.system.name} for f, r in found])
    for file, request in found:
        click.echo(_("{file}: right. System {system}, level {level}, agency {agency}.").format(
            file=file, system=request.system.name, level=int(request.system.level),
            agency=request.agency.code))  # fmt: skip
    if site is None:
        click.echo(_("Not compared with a site; name one with --site."), err=True)
    return None


@command.command(
    "submit",
    help=_("Record a request. The same file again is the same request."),
    epilog=examples("hatang request submit request.yaml", "hatang request submit request.yaml --dry-run"),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help=_("Check only; record nothing."))
@output_option
@click.pass_obj
def submit(app: App, file: Path, dry_run: bool, output: str) -> None:
    """Submit a request."""
    from hatang.inputs import load_request
    from hatang.registry import Registry

    request, text = load_request(file, app.site)
    if dry_run and output == "json":
        return emit_json("hatang.request/1", request=None, valid=True, system=request.system.name)
    if dry_run:
        return click.echo(_("{file}: right; nothing was recorded.").format(file=file))
    record = Registry.open(app.settings.registry).submit(request, text, app.site)
    if output == "json":
        return emit_json("hatang.request/1", request=_row(record))
    click.echo(_("Request {id} for system {system}: {state}.").format(
        id=record.id, system=record.system, state=record.state.value))  # fmt: skip
    return click.echo(_("Next, by somebody else: hatang request approve {id} --by NAME").format(id=record.id))


@command.command(
    "approve",
    help=_("Approve a request. The requester may not."),
    epilog=examples("hatang request approve 3f2a77c01b9e --by nguoi-phe-duyet --note 'QD 12/2026'"),
)
@click.argument("request_id", metavar="ID")
@click.option("--by", required=True, help=_("Who approves."))
@click.option("--note", default="", help=_("Number of the decision, or a reason."))
@output_option
@click.pass_obj
def approve(app: App, request_id: str, by: str, note: str, output: str) -> None:
    """Approve a request."""
    from hatang.registry import Registry

    registry = Registry.open(app.settings.registry)
    registry.approve(request_id, by, note)
    record = registry.request(request_id)
    if output == "json":
        return emit_json("hatang.request/1", request=_row(record))
    return click.echo(_("Request {id} is approved by {by}. Next: hatang system apply {system}").format(
        id=record.id, by=by, system=record.system))  # fmt: skip


@command.command(
    "list",
    help=_("List requests, oldest first."),
    epilog=examples("hatang request list", "hatang request list --state submitted"),
)
@click.option(
    "--state", type=click.Choice(["submitted", "approved", "active", "removed"]), help=_("Only of this state.")
)
@output_option
@click.pass_obj
def list_requests(app: App, state: str | None, output: str) -> None:
    """List requests."""
    from hatang.model.request import RequestState
    from hatang.registry import Registry

    rows = [_row(r) for r in Registry.open(app.settings.registry).requests(RequestState(state) if state else None)]
    if output == "json":
        return emit_json("hatang.requests/1", requests=rows)
    return emit_table(
        [_("Request"), _("System"), _("Agency"), _("State"), _("Requested by"), _("Approved by")],
        [
            (
                r["id"],
                r["system"],
                r["agency"],
                r["state"],
                r["requested_by"],
                ", ".join(a["by"] for a in r["approvals"]),
            )
            for r in rows
        ],
    )


@command.command(
    "show",
    help=_("Show one request with its approvals."),
    epilog=examples("hatang request show 3f2a77c01b9e", "hatang request show 3f2a77c01b9e --output json"),
)
@click.argument("request_id", metavar="ID")
@output_option
@click.pass_obj
def show(app: App, request_id: str, output: str) -> None:
    """Show a request."""
    from hatang.registry import Registry

    row = _row(Registry.open(app.settings.registry).request(request_id))
    if output == "json":
        return emit_json("hatang.request/1", request=row)
    emit_table([_("Field"), _("Value")], [(k, v) for k, v in row.items() if k != "approvals"])
    return emit_table([_("Approved by"), _("Note"), _("At")], [(a["by"], a["note"], a["at"]) for a in row["approvals"]])
