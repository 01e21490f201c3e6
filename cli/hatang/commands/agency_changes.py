"""`hatang agency` history, reorganise: what became of bodies, and carrying out what was decided about them."""

from __future__ import annotations

import click

from hatang.commands.app import App, emit_json, emit_table, examples, output_option, progress
from hatang.locale import _


@click.command(
    "history",
    help=_("What led to an agency and what became of it: old code, new code, from which day, by which document."),
    epilog=examples("hatang agency history H99.05", "hatang agency history H99.05 --output json"),
)
@click.argument("code")
@output_option
@click.pass_obj
def history(app: App, code: str, output: str) -> None:
    """Show the mapping of codes around one agency."""
    rows = app.desk.agency_history(code)
    if output == "json":
        return emit_json("hatang.agency-history/1", agency=code, changes=rows)
    if not rows:
        return click.echo(_("Agency {code} was never reorganised.").format(code=code))
    return emit_table(
        [_("From"), _("Kind"), _("Old code"), _("New code"), _("Systems"), _("Document"), _("Request")],
        [(r["day"], r["kind"], r["old"], r["new"], ", ".join(r["systems"]), r["document"], r["request_id"])
         for r in rows],
    )  # fmt: skip


@click.command(
    "reorganise",
    help=_(
        "Carry out an approved reorganisation: successors come, systems change hands, predecessors end. "
        "Killed or failed, it goes on where it was."
    ),
    epilog=examples("hatang agency reorganise 3f2a77c01b9e", "hatang agency reorganise 3f2a77c01b9e --output json"),
)
@click.argument("request_id", metavar="ID")
@output_option
@click.pass_obj
def reorganise(app: App, request_id: str, output: str) -> None:
    """Carry a reorganisation out."""
    from hatang.workflow.context import Context
    from hatang.workflow.reorganise import reorganise as run

    context = Context(app.settings, app.site, progress)
    result = run(context, request_id)
    if output == "json":
        return emit_json("hatang.reorganisation/1", request=request_id, steps=result)
    moved = sum(1 for step in result if step.startswith("hand over "))
    click.echo(_("Request {id} is carried out: {n} systems changed hands.").format(id=request_id, n=moved))
    return click.echo(_("Then add the successors' people to their groups; see docs/how-to/reorganise.md"))
