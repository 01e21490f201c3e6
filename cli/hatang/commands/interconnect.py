"""`hatang interconnect`: list, show, open, end. They are asked for and approved as requests (hatang request)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hatang.commands.app import App, emit_json, emit_table, examples, output_option, progress
from hatang.locale import _

if TYPE_CHECKING:
    from hatang.registry.interconnects import Way
    from hatang.workflow.context import Context


@click.group(
    "interconnect",
    help=_(
        "Interconnects: narrow ways from one system to another of the same branch, approved by both owners, until a "
        "day. Asked for by a request of kind interconnect."
    ),
    epilog=examples(
        "hatang request submit interconnect.yaml",
        "hatang interconnect list",
        "hatang interconnect open 3f2a77c01b9e",
        "hatang interconnect end 3f2a77c01b9e --by NAME --for 'OWNER' --reason 'no longer needed'",
    ),
)
def command() -> None:
    """Commands about interconnects."""


@command.command(
    "list",
    help=_("List interconnects, oldest first: what passes, until when, and whether what is over is still there."),
    epilog=examples("hatang interconnect list", "hatang interconnect list --output json"),
)
@click.option("--system", help=_("Only those of this system."))
@output_option
@click.pass_obj
def list_ways(app: App, system: str | None, output: str) -> None:
    """List interconnects."""
    context = _context(app)
    handed_in = [w for w in _known(context).all() if w.interconnect is not None]
    rows = [r for r in (row(context, w) for w in handed_in) if system in (None, *r["systems"])]
    if output == "json":
        return emit_json("hatang.interconnects/1", interconnects=rows)
    return emit_table(
        [_("Request"), _("From"), _("To"), _("Passes"), _("Until"), _("State"), _("In the cloud")],
        [(r["id"], *(_place(r[end]) for end in ("from", "to")), _passes(r), r["until"], r["state"],
          ", ".join(r["in_cloud"])) for r in rows],
    )  # fmt: skip


@command.command(
    "show",
    help=_("Show one interconnect: addresses, why, until when, where it is in the cloud."),
    epilog=examples("hatang interconnect show 3f2a77c01b9e", "hatang interconnect show 3f2a77c01b9e --output json"),
)
@click.argument("request_id", metavar="ID")
@output_option
@click.pass_obj
def show(app: App, request_id: str, output: str) -> None:
    """Show an interconnect."""
    context = _context(app)
    found = row(context, _known(context).one(request_id))
    if output == "json":
        return emit_json("hatang.interconnect/1", interconnect=found)
    shown = {
        **{k: found[k] for k in ("id", "state", "lapsed")}, "from": _place(found["from"]), "to": _place(found["to"]),
        "passes": _passes(found), "until": found["until"], "reason": found["reason"],
        "legal ground": found["legal_ground"], "in the cloud": ", ".join(found["in_cloud"]) or "-",
    }  # fmt: skip
    emit_table([_("Field"), _("Value")], list(shown.items()))
    return click.echo(_("Who decided what: hatang request show {id}").format(id=request_id))


@command.command(
    "open",
    help=_(
        "Open an approved interconnect at both systems: routes, rules, firewalls of the hosts. Killed or failed, it "
        "goes on where it was."
    ),
    epilog=examples("hatang interconnect open 3f2a77c01b9e", "hatang interconnect open 3f2a77c01b9e --output json"),
)
@click.argument("request_id", metavar="ID")
@output_option
@click.pass_obj
def open_way(app: App, request_id: str, output: str) -> None:
    """Open an interconnect."""
    from hatang.workflow.interconnect import open_interconnect

    context = _context(app)
    steps = open_interconnect(context, request_id)
    found = row(context, _known(context).one(request_id))
    if output == "json":
        return emit_json("hatang.interconnect/1", interconnect=found, steps=steps)
    text = _("Interconnect {id} is open until {until}: {source} → {target}, {passes}. Prove it: hatang isolation prove")
    return click.echo(text.format(
        id=request_id, until=found["until"], source=_place(found["from"]), target=_place(found["to"]),
        passes=_passes(found),
    ))  # fmt: skip


@command.command(
    "end",
    help=_(
        "End an interconnect and close it at both systems. Before its last day an owner (--for) or the specialised "
        "unit ends it, with a reason; one that is over of itself needs neither. --expired closes all that are over; a "
        "timer runs it each day. Exit code 4 when one could not be closed."
    ),
    epilog=examples(
        "hatang interconnect end 3f2a77c01b9e --by NAME --for 'OWNER' --reason 'no longer needed'",
        "hatang interconnect end 3f2a77c01b9e",
        "hatang interconnect end --expired",
    ),
)
@click.argument("request_id", metavar="ID", required=False)
@click.option("--expired", is_flag=True, help=_("All that are over, instead of one."))
@click.option("--by", default="", help=_("Who ends it."))
@click.option("--for", "owner", default="", help=_("The owner for whom; without it the specialised unit ends it."))
@click.option("--reason", default="", help=_("Why it ends."))
@output_option
@click.pass_obj
def end(app: App, request_id: str | None, expired: bool, by: str, owner: str, reason: str, output: str) -> int | None:
    """End an interconnect, or all that are over."""
    from hatang.errors import InputError
    from hatang.workflow.interconnect import end_interconnect

    if expired == bool(request_id) or (expired and (by or owner or reason)):
        raise InputError(
            "it is not clear what is to end", where="ID, --expired",
            do="name one interconnect, or write --expired alone for all that are over",
        )  # fmt: skip
    if not request_id:
        return _end_expired(app, output)
    context = _context(app)
    steps = end_interconnect(context, request_id, by=by, owner=owner, reason=reason)
    found = row(context, _known(context).one(request_id))
    if output == "json":
        emit_json("hatang.interconnect/1", interconnect=found, steps=steps)
        return None
    click.echo(_closed(found))
    return None


def _end_expired(app: App, output: str) -> int:
    from hatang.errors import StepError
    from hatang.workflow.interconnect import end_over

    context = _context(app)
    closed, failed = end_over(context)
    rows = [row(context, _known(context).one(i)) for i in closed]
    if output == "json":
        errors = [{"id": i, **exc.as_dict()} for i, exc in failed.items()]
        emit_json("hatang.interconnects-ended/1", interconnects=rows, failed=errors)
    else:
        for found in rows:
            click.echo(_closed(found))
        for request_id, exc in failed.items():
            click.echo(_("Interconnect {id} could not be closed: {why}").format(id=request_id, why=exc), err=True)
        if not closed and not failed:
            click.echo(_("No interconnect is over and still there."))
    return StepError.exit_code if failed else 0


def _closed(found: dict[str, Any]) -> str:
    return _("Interconnect {id} is over ({why}), and closed at both systems.").format(
        id=found["id"], why=found["lapsed"] or found["state"])  # fmt: skip


def row(context: Context, way: Way) -> dict[str, Any]:
    """An interconnect as JSON. Raises InputError: a draft, of which nothing is resolved."""
    from hatang.errors import InputError
    from hatang.workflow.ways import in_cloud

    made, request = way.interconnect, way.request
    if made is None:
        do = "hand it in: hatang request submit FILE"
        raise InputError(f"interconnect {request.id} is a draft", where="ID", do=do)
    systems = [made.source.system, made.destination.system]
    return {
        "id": request.id, "agency": request.agency_code, "state": way.state, "lapsed": made.lapsed, "systems": systems,
        "from": made.source.model_dump(mode="json"), "to": made.destination.model_dump(mode="json"),
        "protocol": made.protocol, "ports": list(made.ports), "until": made.until.isoformat(), "reason": way.reason,
        "legal_ground": way.legal_ground, "in_cloud": [s for s in systems if request.id in in_cloud(context, s)],
    }  # fmt: skip


def _place(end: dict[str, Any]) -> str:
    return f"{end['system']}/{end['zone']} {', '.join(end['networks'])}"


def _passes(found: dict[str, Any]) -> str:
    return f"{found['protocol']} {', '.join(map(str, found['ports']))}"


def _context(app: App) -> Context:
    from hatang.workflow.context import Context

    return Context(app.settings, app.site, progress)


def _known(context: Context) -> Any:
    from hatang.registry.interconnects import Interconnects

    return Interconnects(context.registry)
