"""`hatang worker`: carries out what is queued; `hatang worker list`: who does what."""

from __future__ import annotations

import click

from hatang.commands.app import App, emit_json, emit_table, examples, output_option, progress
from hatang.locale import _


@click.group(
    "worker",
    invoke_without_command=True,
    help=_(
        "Carry out what is queued (hatang system apply NAME --queue) until SIGTERM; then the step under way is "
        "finished and the rest left to other workers. With the registry on PostgreSQL any number of workers on several "
        "machines share the work; what a killed one had under way, another goes on with within 40 s."
    ),
    epilog=examples("hatang worker", "hatang worker --drain", "hatang worker list --output json"),
)
@click.option("--drain", is_flag=True, help=_("End when nothing is left to do; exit code 4 when a run failed."))
@click.pass_context
def command(ctx: click.Context, drain: bool) -> int | None:
    """Work, unless a subcommand is named."""
    if ctx.invoked_subcommand is not None:
        return None
    from hatang.errors import StepError
    from hatang.workflow.worker import Worker

    app: App = ctx.obj
    progress(_("Site {name}.").format(name=app.site.name))  # a fault in its description is said now, not by every run
    failed = Worker(app.settings, progress).run(drain=drain)
    return StepError.exit_code if failed and drain else 0


@command.command(
    "list",
    help=_("List the workers of the last days: which live, and what each does."),
    epilog=examples("hatang worker list", "hatang worker list --output json"),
)
@output_option
@click.pass_obj
def list_workers(app: App, output: str) -> None:
    """List workers."""
    from hatang.registry.workers import Workers

    found = Workers(app.settings.registry).all()
    if output == "json":
        rows = [
            {
                "id": w.id, "machine": w.machine, "pid": w.pid, "state": w.state, "doing": w.doing,
                "started_at": w.started_at.isoformat(timespec="seconds"), "last_beat_s": round(w.age_s, 1),
            }
            for w in found
        ]  # fmt: skip
        return emit_json("hatang.workers/1", workers=rows)
    titles = [_("Worker"), _("Machine"), "PID", _("State"), _("Works on"), _("Last beat, seconds ago")]
    return emit_table(titles, [(w.id, w.machine, w.pid, w.state, w.doing, round(w.age_s)) for w in found])
