"""`hatang doctor`: every prerequisite and part, its version, whether it is real, and what to do."""

from __future__ import annotations

import click

from hatang.commands.app import App, emit_json, emit_table, examples, output_option
from hatang.locale import _


@click.command(
    "doctor",
    help=_("List every prerequisite and part with its version, its state (real, missing, fake) and a remedy. "
           "Exit code 1 when something that is needed is missing."),
    epilog=examples("hatang doctor", "hatang --state .hatang/demo doctor", "hatang doctor --output json"),
)  # fmt: skip
@click.option("--explain", is_flag=True, help=_("Say what each part is for."))
@output_option
@click.pass_obj
def command(app: App, explain: bool, output: str) -> int:
    """Show the state of every part."""
    from hatang.doctor import examine

    found = examine(app.settings)
    lacking = [f.name for f in found if f.is_lacking]
    if output == "json":
        emit_json("hatang.doctor/1", ok=not lacking, lacking=lacking, parts=[f.as_dict() for f in found])
        return 1 if lacking else 0
    emit_table(
        [_("Group"), _("Part"), _("State"), _("Version"), _("Detail"), _("Remedy")],
        [
            (_(f.group), f.name, _(f.state.value), f.version, _told(f.about if explain else f.detail), _told(f.remedy))
            for f in found
        ],
    )
    if lacking:
        click.echo(_("Needed and missing: {names}").format(names=", ".join(lacking)), err=True)
    return 1 if lacking else 0


def _told(text: str) -> str:
    """A text of a part in the language in use; what holds facts of this machine stays as it is."""
    return _(text) if text else ""
