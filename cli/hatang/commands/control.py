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
    from hatang.catalogue import quick

    row = quick.row(control, level, _applies(document_storage))
    if output == "json":
        return emit_json("hatang.control/1", control=row)
    return click.echo("\n".join(_lines(row)))


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


def _lines(row: dict[str, Any]) -> list[str]:
    lang = language()
    lines = [
        f"{row['id']}  {row['title'][lang]}",
        "",
        f"  {_('strength')}: {row['strength']}; {_('unit')}: {row['unit']}",
    ]
    for name, source in row["sources"].items():
        only = f" ({_('only')}: {source['applies_to']})" if source["applies_to"] else ""
        lines.append(f"  {name}{only} [{source['mark']}] {source['clause']}")
        lines.append("      " + "  ".join(f"{lv} {_cell(v)}" for lv, v in source["values"].items()))
    if found := row.get("resolved"):
        decided = f" — {found['source']} [{found['mark']}] {found['clause']}" if found["source"] else ""
        lines += ["", f"  {_('in force')}: {_value(found)}{decided}"]
    if own := row["own_value"]:
        lines.append(f"  {_('our number, the law gives none')}: {own['value']} {own['unit']} — {own['why'][lang]}")
    lines += ["", f"  {_('verified by')}: {', '.join(row['verified_by'])}"]
    lines.append(f"  {_('checks')}: {', '.join(row['checks']) or _('none: not checked automatically')}")
    done = [n for n in (row["implemented_by"]["role"], row["implemented_by"]["stack"]) if n]
    lines.append(f"  {_('implemented by')}: {', '.join(done) or _('nothing')}")
    if row["partial_at"]:
        lines.append(f"  {_('checks prove a part only, at levels')}: {', '.join(map(str, row['partial_at']))}")
    if row["note"]:
        lines.append(f"  {_('note')}: {row['note'][lang]}")
    return [*lines, f"  {_('No value was compared with a signed original.')}"]


def _cell(value: Any) -> str:
    if value is None:
        return "—"
    if isinstance(value, bool):
        return "✓" if value else "✗"
    return "+".join(value) if isinstance(value, list) else str(value)
