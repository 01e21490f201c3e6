"""`hatang control`: the catalogue of controls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from hatang.audit.values import owners, short, shown, strengths, units, ways
from hatang.catalogue.groups import GROUPS
from hatang.commands.app import App, emit_json, examples, output_option
from hatang.commands.control_diff import diff
from hatang.commands.control_sources import deadlines, list_sources
from hatang.commands.tables import emit, form_option
from hatang.locale import _, language
from hatang.model.terms import applying

if TYPE_CHECKING:
    from hatang.model.control import Control

LEVELS = click.IntRange(1, 5)
MARKS = ("A", "B2", "B1", "own")


@click.group(
    "control",
    help=_("Read the catalogue of controls."),
    epilog=examples("hatang control list --level 3", "hatang control show ACC-06 --level 3"),
)
def command() -> None:
    """Commands about controls."""


for _child in (diff, list_sources, deadlines):
    command.add_command(_child)


@command.command(
    "list",
    help=_("List controls, with the value in force at a level. As CSV without a level: one line for each source."),
    epilog=examples(
        "hatang control list --level 3 --document-storage",
        "hatang control list --kind cloud --output json",
        "hatang control list --group logs --mark B1 --output markdown",
        "hatang control list --output csv > controls.csv",
    ),
)
@click.option("--level", type=LEVELS, help=_("Security level."))
@click.option("--document-storage", is_flag=True, help=_("QCVN 12:2026/BCA applies too."))
@click.option("--demanded", is_flag=True, help=_("Only what is demanded at that level."))
@click.option("--kind", "--verified-by", type=click.Choice(list(ways())), help=_("Only controls verified in this way."))
@click.option("--group", type=click.Choice(list(GROUPS)), help=_("Only controls of this group."))
@click.option("--automated/--not-automated", default=None, help=_("Only controls with a check, or without."))
@click.option("--source", metavar="KEY", help=_("Only controls that this source demands; its beginning is enough."))
@click.option("--mark", type=click.Choice(MARKS), help=_("Only controls with a value that was read so."))
@form_option
def list_controls(level: int | None, document_storage: bool, demanded: bool, output: str, **asked: Any) -> None:
    """List controls."""
    from hatang.catalogue import load
    from hatang.catalogue.resolver import resolve
    from hatang.catalogue.strictest import is_demanded
    from hatang.errors import InputError
    from hatang.model.terms import Level

    if demanded and not level:
        raise InputError("--demanded needs a level", where="--demanded", do="add --level 1 to 5")
    rows = []
    for c in _chosen(list(load().controls.values()), **asked):
        row = c.model_dump(mode="json")
        if level:
            row["resolved"] = resolve(c, Level(level), applying(document_storage)).model_dump(mode="json")
            if demanded and not is_demanded(row["resolved"]["value"]):
                continue
        rows.append(row)
    if output == "json":
        return emit_json("hatang.controls/1", level=level, total=len(rows), controls=rows)
    if output == "csv" and not level:
        return _emit_sources(rows)
    columns = {"id": _("Control"), "title": _("Title"), "strength": _("Strength"), "verified_by": _("Verified by")}
    columns["checks"] = _("Checks")
    cells: list[list[object]] = [
        [r["id"], r["title"][language()], strengths()[r["strength"]], ", ".join(r["verified_by"]), len(r["checks"])]
        for r in rows
    ]
    if level:
        columns |= {"value": _("Value"), "source": _("Source"), "mark": _("Mark"), "clause": _("Clause")}
        cells = [[*c, *_in_force(r)] for c, r in zip(cells, rows, strict=True)]
    return emit(output, columns, cells)


def _chosen(
    controls: Sequence[Control], *, kind: str | None, group: str | None, automated: bool | None, source: str | None,
    mark: str | None,
) -> list[Control]:  # fmt: skip
    """The controls that pass all filters. Raises UnknownNameError, InputError."""
    from hatang.catalogue.compare import source_key
    from hatang.catalogue.groups import group_of
    from hatang.catalogue.sources import sources

    key = source_key(source, controls, sources()) if source else None
    return [
        c for c in controls
        if (kind is None or kind in [v.value for v in c.verified_by])
        and (group is None or group_of(c.id) == group)
        and (automated is None or c.is_automated == automated)
        and (key is None or key in c.sources)
        and (mark is None or mark in [s.mark.value for s in c.sources.values()])
    ]  # fmt: skip


def _in_force(row: dict[str, Any]) -> list[object]:
    found = row["resolved"]
    value = shown(found["value"], found["unit"], row["words"]) or _("not demanded")
    return [value, found["source"], found["mark"] or "", found["clause"]]


def _emit_sources(rows: Sequence[dict[str, Any]]) -> None:
    """Nothing lost: each source of each control on a line, levels side by side."""
    plain = ("id", "unit", "strength", "combine")
    columns = [*plain, "title_vi", "title_en", "verified_by", "checks"]
    columns += ["source", "clause", "mark", "applies_to", "L1", "L2", "L3", "L4", "L5", "remarks"]
    cells = []
    for r in rows:
        head = [*(r[k] for k in plain), r["title"]["vi"], r["title"]["en"], " ".join(r["verified_by"])]
        for name, s in r["sources"].items():
            values = [" + ".join(v) if isinstance(v, list) else v for v in s["values"].values()]
            values = [{True: "yes", None: ""}.get(v, v) if v is None or v is True else v for v in values]
            remarks = " ".join(_remark(x) for x in s["remarks"])
            checks = " ".join(r["checks"])
            cells.append([*head, checks, name, s["clause"], s["mark"], s["applies_to"], *values, remarks])
    emit("csv", {c: c for c in columns}, cells)


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

    row = quick.row(control, level, applying(document_storage))
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


def _lines(row: dict[str, Any]) -> list[str]:
    lang, words = language(), row["words"]
    unit = units().get(row["unit"], row["unit"])
    lines = [
        f"{row['id']}  {row['title'][lang]}",
        "",
        f"  {_('strength')}: {strengths()[row['strength']]}; {_('unit')}: {unit}",
    ]
    for name, source in row["sources"].items():
        only = f" ({_('only')}: {source['applies_to']})" if source["applies_to"] else ""
        lines.append(f"  {name}{only} [{source['mark']}] {source['clause']}")
        lines.append("      " + "  ".join(f"{lv} {short(v, words)}" for lv, v in source["values"].items()))
        lines += [f"      {_remark(x)}" for x in source["remarks"]]
    if found := row.get("resolved"):
        decided = f" — {found['source']} [{found['mark']}] {found['clause']}" if found["source"] else ""
        lines += ["", f"  {_('in force')}: {shown(found['value'], found['unit'], words) or _('not demanded')}{decided}"]
    if own := row["own_value"]:
        number = f"{own['value']} {units().get(own['unit'], own['unit'])}"
        lines.append(f"  {_('our number, the law gives none')}: {number} — {own['why'][lang]}")
    return [*lines, *_proof(row, lang), f"  {_('No value was compared with a signed original.')}"]


def _remark(remark: dict[str, Any]) -> str:
    levels = ", ".join(f"L{n}" for n in remark["levels"])
    return (f"{levels}: " if levels else "") + str(remark["text"][language()])


def _proof(row: dict[str, Any], lang: str) -> list[str]:
    """How it is verified and brought about, and what is left open."""
    lines = ["", f"  {_('verified by')}: {', '.join(ways()[w] for w in row['verified_by'])}"]
    if document := row["evidence"]:
        months = document["interval"]
        every = _("as the value in force has it") if months == "value" else f"{months} {units()['months']}"
        lines.append(f"  {_('document')}: {document['document'][lang]} ({every}; {owners()[document['owner']]})")
    if row["outside_reason"]:
        lines.append(f"  {_('outside because')}: {row['outside_reason'][lang]}")
    lines.append(f"  {_('checks')}: {', '.join(row['checks']) or _('none: not checked automatically')}")
    done = [n for n in (row["implemented_by"]["role"], row["implemented_by"]["stack"]) if n]
    lines.append(f"  {_('implemented by')}: {', '.join(done) or _('nothing')}")
    if row["partial_at"]:
        lines.append(f"  {_('checks prove a part only, at levels')}: {', '.join(map(str, row['partial_at']))}")
    if row["note"]:
        lines.append(f"  {_('note')}: {row['note'][lang]}")
    return lines
