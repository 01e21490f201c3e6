"""`hatang control sources`, `hatang control deadlines`: the law behind the catalogue, and what falls due when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import click

from hatang.commands.app import App, emit_json, examples
from hatang.commands.tables import emit, form_option
from hatang.locale import _, language

if TYPE_CHECKING:
    from hatang.catalogue.sources import Deadline, Source
    from hatang.registry import SystemRecord

READ = {
    "original": _("original"),
    "reproduction": _("public copy"),
    "paraphrase": _("paraphrase"),
    "mention": _("only mentioned"),
}


@click.command(
    "sources",
    help=_("List laws, decrees, standards: how long they hold, how they were read, how many controls cite them."),
    epilog=examples("hatang control sources", "hatang control sources --cited --output json"),
)
@click.option("--cited", is_flag=True, help=_("Only those that a control cites."))
@form_option
def list_sources(cited: bool, output: str) -> None:
    """List sources."""
    from hatang.catalogue import load
    from hatang.catalogue.sources import sources

    controls = load().controls.values()
    count = {key: sum(key in c.sources for c in controls) for key in sources()}
    found = {key: s for key, s in sources().items() if count[key] or not cited}
    if output == "json":
        rows = [{"key": key, "controls": count[key], **s.model_dump(mode="json")} for key, s in found.items()]
        return emit_json("hatang.sources/1", total=len(rows), sources=rows)
    columns = {
        "key": _("Source"), "number": _("Number"), "name": _("Name"), "in_force": _("In force from"),
        "in_force_until": _("Until"), "read": _("Read"), "marks": _("Marks"), "controls": _("Controls"),
    }  # fmt: skip
    return emit(output, columns, [(k, *_source(s), count[k]) for k, s in found.items()])


def _source(source: Source) -> tuple[str, ...]:
    marks = " ".join(m.value for m in source.marks)
    read = f"{READ[source.read.how]}, {source.read.readers}" if source.read.readers else READ[source.read.how]
    until = source.in_force_until or (_("replaced") if source.replaced_by else "")
    return source.number, source.name.in_(language()), source.in_force or _("not known"), until, read, marks


@click.command(
    "deadlines",
    help=_("What falls due when, and for which systems of the registry. Yearly ones are shown with their next day."),
    epilog=examples("hatang control deadlines", "hatang control deadlines --on 2027-06-01 --output csv"),
)
@click.option("--on", "today", metavar="YYYY-MM-DD", help=_("The day from which to look; today when left out."))
@click.option("--past", is_flag=True, help=_("Also what fell due before."))
@form_option
@click.pass_obj
def deadlines(app: App, today: str | None, past: bool, output: str) -> None:
    """List deadlines."""
    from hatang.catalogue.sources import sources

    day = _day(today)
    records = _systems(app)
    rows = [
        _row(key, source, due, due.next(day), day, records)
        for key, source in sources().items()
        for due in source.deadlines
        if past or due.next(day) >= day
    ]
    rows.sort(key=lambda r: (r["day"], r["source"]))
    if output == "json":
        return emit_json("hatang.deadlines/1", on=day.isoformat(), registry=records is not None, deadlines=rows)
    columns = {
        "day": _("Day"), "days_left": _("Days left"), "what": _("What"), "source": _("Source"), "clause": _("Clause"),
        "mark": _("Mark"), "systems": _("Systems"), "condition": _("Only"),
    }  # fmt: skip
    cells = [
        (
            r["day"] + (_(" (yearly)") if r["yearly"] else ""), r["days_left"], r["what"][language()], r["number"],
            r["clause"], r["mark"], _concerned(r), (r["condition"] or {}).get(language(), ""),
        )
        for r in rows
    ]  # fmt: skip
    return emit(output, columns, cells)


def _day(text: str | None) -> date:
    from hatang.errors import InputError

    try:
        return date.fromisoformat(text) if text else datetime.now().astimezone().date()
    except ValueError:
        raise InputError(f"{text} is no day", where="--on", do="write it as 2027-06-30") from None


def _systems(app: App) -> list[SystemRecord] | None:
    """Systems of the registry; None where there is no registry yet. Makes none."""
    file = app.settings.registry_file
    if file and not file.is_file():
        return None
    from hatang.registry import Registry

    return list(Registry.open(app.settings.registry).systems())


def _row(
    key: str, source: Source, due: Deadline, day: date, today: date, records: Sequence[SystemRecord] | None
) -> dict[str, Any]:
    concerned = None
    if due.concerns == "systems" and records is not None:
        concerned = [r.spec.name for r in records if _is_concerned(source, due, r)]
    return {
        "day": day.isoformat(),
        "yearly": len(due.day) == len("MM-DD"),
        "days_left": (day - today).days,
        "what": due.what.model_dump(),
        "source": key,
        "number": source.number,
        "clause": due.clause,
        "mark": due.mark.value,
        "concerns": due.concerns,
        "levels": [int(lv) for lv in due.levels],
        "applies_to": source.applies_to,
        "systems": concerned,
        "condition": due.condition.model_dump() if due.condition else None,
    }


def _is_concerned(source: Source, due: Deadline, record: SystemRecord) -> bool:
    fits = not source.applies_to or source.applies_to in record.spec.sources
    return fits and (not due.levels or record.spec.level in due.levels)


def _concerned(row: dict[str, Any]) -> str:
    """Systems by name; without a registry, which kind they are."""
    if row["concerns"] == "site":
        return _("the site")
    if row["systems"] is not None:
        return ", ".join(row["systems"]) or _("none here")
    levels = ", ".join(map(str, row["levels"]))
    return _("level {levels}").format(levels=levels) if levels else _("all")
