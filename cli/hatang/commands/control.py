"""`hatang control`: the catalogue of controls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hatang.commands.app import App, emit_json, emit_table, examples, output_option
from hatang.locale import _, language

if TYPE_CHECKING:
    from hatang.model.control import Control, Resolved

LEVELS = click.IntRange(1, 5)
WAYS = ("host", "cloud", "stack-policy", "registry", "evidence", "outside")


@click.group(
    "control",
    help=_("Read the catalogue of controls."),
    epilog=examples("hatang control list --level 3", "hatang control show ACC-06 --level 3"),
)
def command() -> None:
    """Commands about controls."""


def _applies(document_storage: bool) -> tuple[str, ...]:
    return ("document_storage",) if document_storage else ()


@command.command(
    "list",
    help=_("List controls, with the value in force at a level."),
    epilog=examples(
        "hatang control list --level 3 --document-storage", "hatang control list --verified-by cloud --output json"
    ),
)
@click.option("--level", type=LEVELS, help=_("Security level."))
@click.option("--document-storage", is_flag=True, help=_("QCVN 12:2026/BCA applies too."))
@click.option("--verified-by", type=click.Choice(WAYS), help=_("Only controls verified in this way."))
@output_option
@click.pass_obj
def list_controls(app: App, level: int | None, document_storage: bool, verified_by: str | None, output: str) -> None:
    """List controls."""
    from hatang.catalogue import load
    from hatang.catalogue.resolver import resolve
    from hatang.model.terms import Level

    rows = []
    for c in load().controls.values():
        if verified_by and verified_by not in [v.value for v in c.verified_by]:
            continue
        found = resolve(c, Level(level), _applies(document_storage)) if level else None
        rows.append(_row(c, found))
    if output == "json":
        return emit_json("hatang.controls/1", level=level, total=len(rows), controls=rows)
    columns = [_("Control"), _("Title"), _("Strength"), _("Verified by"), _("Check")]
    cells = [(r["id"], r["title"][language()], r["strength"], ", ".join(r["verified_by"]), _has(r)) for r in rows]
    if not level:
        return emit_table(columns, cells)
    more = [(_value(r["resolved"]), f"{r['resolved']['source']} [{r['resolved']['mark'] or '-'}]") for r in rows]
    return emit_table([*columns, _("Value"), _("Source")], [(*a, *b) for a, b in zip(cells, more, strict=True)])


@command.command(
    "show",
    help=_("Show one control: what each source asks for, how sure that is, what is done and how it is proven."),
    epilog=examples("hatang control show ACC-06 --level 3", "hatang control show LOG-10 --output json"),
)
@click.argument("control")
@click.option("--level", type=LEVELS, help=_("The value in force at this level."))
@click.option("--document-storage", is_flag=True, help=_("QCVN 12:2026/BCA applies too."))
@output_option
@click.pass_obj
def show(app: App, control: str, level: int | None, document_storage: bool, output: str) -> None:
    """Show one control."""
    from hatang.catalogue import show_control
    from hatang.catalogue.resolver import resolve
    from hatang.model.terms import Level

    found = show_control(control)
    resolved = resolve(found, Level(level), _applies(document_storage)) if level else None
    if output == "json":
        return emit_json("hatang.control/1", control=_row(found, resolved))
    return click.echo("\n".join(_lines(found, resolved)))


@command.command(
    "lint",
    help=_("Look for faults in the catalogue: sources, units, roles, checks that do not exist or that nobody claims."),
    epilog=examples("hatang control lint"),
)
@output_option
def lint(output: str) -> int:
    """Lint the catalogue."""
    from hatang.catalogue.linter import faults

    found = faults()
    if output == "json":
        emit_json("hatang.control-faults/1", faults=[f.as_dict() for f in found])
    else:
        for fault in found:
            click.echo(f"{fault}\n")
        click.echo(_("{n} faults").format(n=len(found)))
    return int(bool(found))


def _row(control: Control, resolved: Resolved | None) -> dict[str, Any]:
    row = control.model_dump(mode="json")
    if resolved is not None:
        row["resolved"] = resolved.model_dump(mode="json")
    return row


def _has(row: dict[str, Any]) -> str:
    return _("yes") if row["checks"] else _("none")


def _value(resolved: dict[str, Any]) -> str:
    value = resolved["value"]
    if value is None:
        return _("not demanded")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return ", ".join(value) if isinstance(value, list) else f"{value} {resolved['unit']}"


def _lines(control: Control, resolved: Resolved | None) -> list[str]:
    lang = language()
    rows = [f"{control.id}  {control.title.in_(lang)}", ""]
    rows.append(f"  {_('strength')}: {control.strength.value}; {_('unit')}: {control.unit}")
    for name, source in control.sources.items():
        values = "  ".join(f"{lv} {_cell(v)}" for lv, v in source.values)
        only = f" ({_('only')}: {source.applies_to})" if source.applies_to else ""
        rows.append(f"  {name}{only} [{source.mark.value}] {source.clause}")
        rows.append(f"      {values}")
    if resolved is not None:
        row = resolved.model_dump(mode="json")
        decided = f" — {row['source']} [{row['mark']}] {row['clause']}" if row["source"] else ""
        rows += ["", f"  {_('in force')}: {_value(row)}{decided}"]
    if control.own_value:
        own = control.own_value
        rows.append(f"  {_('our number, the law gives none')}: {own.value} {own.unit} — {own.why.in_(lang)}")
    rows += ["", f"  {_('verified by')}: {', '.join(v.value for v in control.verified_by)}"]
    rows.append(f"  {_('checks')}: {', '.join(control.checks) or _('none: not checked automatically')}")
    done = [n for n in (control.implemented_by.role, control.implemented_by.stack) if n]
    rows.append(f"  {_('implemented by')}: {', '.join(done) or _('nothing')}")
    if control.partial_at:
        rows.append(
            f"  {_('checks prove a part only, at levels')}: {', '.join(str(int(x)) for x in control.partial_at)}"
        )
    if control.note:
        rows.append(f"  {_('note')}: {control.note.in_(lang)}")
    rows.append(f"  {_('No value was compared with a signed original.')}")
    return rows


def _cell(value: Any) -> str:
    if value is None:
        return "—"
    if isinstance(value, bool):
        return "✓" if value else "✗"
    return "+".join(value) if isinstance(value, tuple) else str(value)
