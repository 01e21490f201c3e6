"""`hatang control diff`: two levels, or two sources, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hatang.audit.values import short, shown, units
from hatang.commands.app import App, emit_json, examples
from hatang.commands.tables import emit, form_option
from hatang.locale import _, language

if TYPE_CHECKING:
    from hatang.catalogue.compare import LevelDifference, SourceDifference
    from hatang.model.control import Control, Resolved, SourceValues

CHANGES = {
    "added": _("added"),
    "dropped": _("dropped"),
    "stricter": _("stricter"),
    "looser": _("looser"),
    "other": _("other"),
}


@click.command(
    "diff",
    help=_("Compare two levels (values in force), or two sources (what each says); only what differs is shown."),
    epilog=examples(
        "hatang control diff --level 3 --level 4",
        "hatang control diff --source tcvn14423 --source qcvn12",
        "hatang control diff --source tcvn14423 --source qcvn12 --level 3 --output csv",
    ),
)
@click.option("--level", "levels", type=click.IntRange(1, 5), multiple=True, help=_("Security level."))
@click.option("--source", "keys", metavar="KEY", multiple=True, help=_("A source; its beginning is enough."))
@click.option("--document-storage", is_flag=True, help=_("QCVN 12:2026/BCA applies too."))
@form_option
@click.pass_obj
def diff(app: App, levels: tuple[int, ...], keys: tuple[str, ...], document_storage: bool, output: str) -> None:
    """Compare."""
    from hatang.catalogue import load
    from hatang.catalogue.compare import between_levels, between_sources, source_key
    from hatang.catalogue.sources import sources
    from hatang.errors import InputError
    from hatang.model.terms import Level, applying

    controls = list(load().controls.values())
    if len(levels) == 2 and not keys:
        one, other = Level(levels[0]), Level(levels[1])
        return _levels(between_levels(controls, one, other, applying(document_storage)), levels, output)
    if len(keys) == 2 and len(levels) <= 1:
        a, b = (source_key(k, controls, sources()) for k in keys)
        chosen = [Level(n) for n in levels] or list(Level)
        return _sources(between_sources(controls, a, b, chosen), (a, b), chosen, output)
    raise InputError(
        "diff compares two levels, or two sources", where="--level, --source",
        do="write --level 3 --level 4, or --source tcvn14423 --source qcvn12",
    )  # fmt: skip


def _levels(found: list[LevelDifference], levels: tuple[int, ...], output: str) -> None:
    if output == "json":
        rows: list[dict[str, Any]] = [
            {
                "control": d.control.id,
                "title": d.control.title.model_dump(),
                "change": d.change,
                "values": [d.one.model_dump(mode="json"), d.other.model_dump(mode="json")],
            }
            for d in found
        ]
        return emit_json("hatang.control-diff/1", levels=list(levels), total=len(rows), differences=rows)
    columns = {
        "control": _("Control"),
        "title": _("Title"),
        "one": _("Level {n}").format(n=levels[0]),
        "other": _("Level {n}").format(n=levels[1]),
        "change": _("Change"),
        "source": _("Source"),
    }
    return emit(
        output, columns,
        [
            (d.control.id, d.control.title.in_(language()), _in_force(d.control, d.one), _in_force(d.control, d.other),
             CHANGES[d.change], d.other.source or d.one.source)
            for d in found
        ],
    )  # fmt: skip


def _in_force(control: Control, found: Resolved) -> str:
    text = shown(found.value, found.unit.value, control.explained_words()) or "—"
    return f"{text} [{found.mark.value}]" if found.mark else text


def _sources(found: list[SourceDifference], keys: tuple[str, str], levels: list[Any], output: str) -> None:
    if output == "json":
        rows = [
            {
                "control": d.control.id,
                "title": d.control.title.model_dump(),
                "unit": d.control.unit.value,
                "stricter": d.stricter,
                "sources": [s.model_dump(mode="json") if s else None for s in (d.one, d.other)],
            }
            for d in found
        ]
        return emit_json(
            "hatang.control-diff/1",
            sources=list(keys),
            levels=[int(lv) for lv in levels],
            total=len(rows),
            differences=rows,
        )
    columns = {"control": _("Control"), "title": _("Title"), "unit": _("Unit"), "one": keys[0], "other": keys[1]}
    columns["stricter"] = _("Stricter")
    cells = [
        [
            d.control.id,
            d.control.title.in_(language()),
            units()[d.control.unit.value],
            _says(d.control, d.one, levels),
            _says(d.control, d.other, levels),
            d.stricter if d.stricter in keys else _("mixed"),
        ]
        for d in found
    ]
    return emit(output, columns, cells)


def _says(control: Control, source: SourceValues | None, levels: list[Any]) -> str:
    """What a source says at the levels; once where it says the same at all of them."""
    if source is None:
        return "—"
    cells = [short(source.values.at(lv), control.explained_words()) for lv in levels]
    text = cells[0] if len(set(cells)) == 1 else " / ".join(cells)
    return f"{text} [{source.mark.value}]" if text != "—" else text
