"""`hatang drift`: cloud against state, hosts against the baseline, over all systems."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from hatang.commands.app import App, emit_json, emit_table, examples, output_option, progress
from hatang.commands.awake import awake
from hatang.locale import _

if TYPE_CHECKING:
    from hatang.workflow.drift import Finding


@click.command(
    "drift",
    help=_(
        "Find what is not as it was left: the cloud against the engine's state, hosts and cloud against the controls. "
        "One line for each finding, with who may put it right. Changes nothing without --repair. Exit code 1 when "
        "something is found, or is left after the repair."
    ),
    epilog=examples("hatang drift", "hatang drift --system mot-cua --output json", "hatang drift --repair"),
)
@click.option("--system", "systems", multiple=True, metavar="NAME", help=_("Only this system; may be repeated."))
@click.option("--repair", is_flag=True, help=_("Put back what was approved, by each system's workflow; look again."))
@output_option
@click.pass_obj
def command(app: App, systems: tuple[str, ...], repair: bool, output: str) -> int:
    """Look, repair, look again."""
    from hatang.workflow import drift
    from hatang.workflow.context import Context

    context = Context(app.settings, app.site, progress)
    registry = context.registry
    records = [registry.system(s) for s in dict.fromkeys(systems)] or registry.systems()
    awake(registry, [h for r in records for h in registry.hosts(r.spec.name)])  # says whose hosts are left out
    found = drift.look(context, records)
    before, troubles = found, {}
    if repair and any(f.repairable for f in found):
        troubles = drift.repair(context, found)
        found = drift.look(context, [registry.system(n) for n in sorted({f.system for f in found})])
    repaired = [f for f in before if f not in found]
    if output == "json":
        emit_json(
            "hatang.drift/1", systems=[r.spec.name for r in records], findings=[asdict(f) for f in found],
            repaired=[asdict(f) for f in repaired], troubles=troubles,
        )  # fmt: skip
    else:
        _show(found, len(records), len(repaired), troubles)
    return int(bool(found))


def _show(found: list[Finding], systems: int, repaired: int, troubles: dict[str, str]) -> None:
    if found:
        emit_table(
            [_("System"), _("Place"), _("Scope"), _("Finding"), _("Who may repair"), _("Remedy")],
            [(f.system, f.place, f.scope, f.what, f.who, f.do) for f in found],
        )
    for name, what in troubles.items():
        click.echo(_("{name} was not repaired: {what}").format(name=name, what=what), err=True)
    if repaired:
        click.echo(_("{n} findings are repaired.").format(n=repaired))
    click.echo(_("{n} findings in {systems} systems.").format(n=len(found), systems=systems))
