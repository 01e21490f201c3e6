"""`hatang journal`: what was asked, decided and done, and whether anybody changed it afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hatang.commands.app import App, emit_json, emit_table, examples, output_option
from hatang.locale import _

if TYPE_CHECKING:
    from hatang.journal.verify import Verified

FAULTS = {
    "altered": _("altered"),
    "foreign": _("foreign"),
    "missing": _("entries before it are missing"),
    "reordered": _("not in its place"),
    "broken-chain": _("does not follow the entry before it"),
    "anchor": _("differs from the anchor"),
    "record-altered": _("the registry's record was altered"),
    "record-missing": _("the registry's record is gone"),
    "not-written": _("a record without an entry"),
    "unknown-file": _("a file that no entry names"),
}
FILE = click.Path(path_type=Path, dir_okay=False)


@click.group(
    "journal",
    help=_(
        "The journal: one signed entry for every request, decision, plan, change, hardening and check, each naming the "
        "one before it. Entries are only ever added."
    ),
    epilog=examples(
        "hatang journal list --act request.approve",
        "hatang journal verify",
        "hatang journal anchor --file moc-2026-11.json",
        "hatang journal export --file nhat-ky.jsonl",
        "hatang journal verify --file nhat-ky.jsonl --anchor moc-2026-11.json",
    ),
)
@click.pass_obj
def command(app: App) -> None:
    """Commands about the journal. Those that only read leave it as it is."""
    app.keeps_journal = False


@command.command(
    "list",
    help=_("List entries, oldest first."),
    epilog=examples("hatang journal list", "hatang journal list --act system.apply --output json"),
)
@click.option("--act", metavar="ACT", help=_("Only of this act, such as request.approve."))
@output_option
@click.pass_obj
def list_entries(app: App, act: str | None, output: str) -> None:
    """List entries."""
    found = _verified(app, None, (), "")
    rows = [e for e in found.entries if act is None or e.act == act]
    if output == "json":
        return emit_json("hatang.journal/1", entries=[vars(e) for e in rows])
    columns = [_("No."), _("Time"), _("Act"), _("Actor"), _("What")]
    return emit_table(columns, [(e.number, e.at, e.act, e.actor or "hatang", _what(e.facts)) for e in rows])


@command.command(
    "verify",
    help=_(
        "Read every entry: is it unaltered, in its place, signed by a key of the journal, and does the registry still "
        "say the same? Exit code 1 when anything is wrong."
    ),
    epilog=examples(
        "hatang journal verify",
        "hatang journal verify --anchor moc-2026-11.json",
        "hatang journal verify --artefact .hatang/site/checks/20261120T081500/report.json",
        "hatang journal verify --file nhat-ky.jsonl --root 0123456789abcdef0123456789abcdef",
    ),
)
@click.option("--file", type=FILE, help=_("An exported journal instead of the registry's; no registry is needed."))
@click.option("--anchor", "anchors", type=FILE, multiple=True, help=_("What the journal was on an earlier day."))
@click.option("--root", default="", metavar="ID", help=_("The journal must begin with this key."))
@click.option(
    "--artefact",
    "artefacts",
    type=FILE,
    multiple=True,
    help=_("A plan, log, report, request or document: which entries name it, byte by byte as it is?"),
)
@output_option
@click.pass_obj
def verify(
    app: App, file: Path | None, anchors: tuple[Path, ...], root: str, artefacts: tuple[Path, ...], output: str
) -> int:  # fmt: skip
    """Verify."""
    from hatang.journal import files
    from hatang.journal.verify import compare_files

    digests = {str(f): files.digest(f) for f in artefacts}
    found = _verified(app, file, anchors, root)
    named = compare_files(found, digests)
    if output == "json":
        emit_json(
            "hatang.journal-verify/1", holds=found.holds, entries=len(found.entries), keys=list(found.keys),
            artefacts=named,
            findings=[{"number": f.number, "fault": f.fault.value, "detail": f.detail} for f in found.findings],
        )  # fmt: skip
        return 0 if found.holds else 1
    for name, numbers in named.items():
        for n in numbers:
            click.echo(_("{file}: entry {n}").format(file=name, n=n))
    if not found.entries and found.holds:
        click.echo(_("The journal is empty."))
    elif found.holds:
        first = next(iter(found.keys))
        said = _("{n} entries hold, from key {key}.").format(n=len(found.entries), key=first)
        click.echo(said if anchors else said + " " + _("Without an anchor nobody can tell whether the end is there."))
    else:
        rows = [(f.number or "–", FAULTS[f.fault], f.detail) for f in found.findings]
        emit_table([_("No."), _("Fault"), _("Detail")], rows)
    return 0 if found.holds else 1


@command.command(
    "anchor",
    help=_(
        "Write what the journal is now into a small file. Keep it where nobody of the site can change it: later it "
        "shows whether the journal before it is still the same."
    ),
    epilog=examples("hatang journal anchor --file moc-2026-11.json"),
)
@click.option("--file", type=FILE, required=True, help=_("File to write."))
@click.pass_obj
def anchor(app: App, file: Path) -> None:
    """Write an anchor."""
    from hatang.errors import InputError, RefusedError
    from hatang.journal import anchors
    from hatang.journal.verify import Fault

    found = _verified(app, None, (), "")
    if any(f.fault is not Fault.NOT_WRITTEN for f in found.findings):  # that one concerns no entry
        raise RefusedError(
            "the journal does not hold; an anchor would say that it does", where="registry, journal",
            do="see what is wrong: hatang journal verify",
        )  # fmt: skip
    if not found.entries:
        raise InputError("the journal is empty", where="registry, journal", do="make an anchor after the first act")
    made = anchors.make(found.entries[-1].number, found.last_digest, next(iter(found.keys)))
    anchors.save(made, file)
    click.echo(_("entry {n}, {digest}: {file}").format(n=made.number, digest=made.digest, file=file))


@command.command(
    "export",
    help=_("Write the whole journal into a file, one entry per line, to be verified on another machine."),
    epilog=examples("hatang journal export --file nhat-ky.jsonl"),
)
@click.option("--file", type=FILE, required=True, help=_("File to write."))
@click.pass_obj
def export(app: App, file: Path) -> None:
    """Write the journal."""
    from hatang.journal import files
    from hatang.registry import Registry
    from hatang.registry.journal import JournalRows

    rows = JournalRows(Registry.open(app.settings.registry)).all()
    files.save(rows, file)
    click.echo(_("{n} entries: {file}").format(n=len(rows), file=file))


@command.command(
    "rotate",
    help=_("Sign with a new key from now on. The old key signs the entry that names it, and is removed."),
    epilog=examples("hatang journal rotate"),
)
@click.pass_obj
def rotate(app: App) -> None:
    """Rotate the key."""
    from hatang.journal.journal import Journal
    from hatang.registry import Registry

    name = Journal(app.settings, Registry.open(app.settings.registry)).rotate()
    click.echo(_("new entries are signed by key {key}").format(key=name))


def _verified(app: App, file: Path | None, anchor_files: tuple[Path, ...], root: str) -> Verified:
    from hatang.journal import anchors, files
    from hatang.journal.verify import compare_records
    from hatang.journal.verify import verify as read

    kept = [anchors.load(f) for f in anchor_files]
    if file is not None:
        return read(files.load(file), kept, root)
    from hatang.registry import Registry
    from hatang.registry.journal import JournalRows

    rows, records = JournalRows(Registry.open(app.settings.registry)).with_records()
    found = read(rows, kept, root)
    compare_records(found, records)
    return found


def _what(facts: Any) -> str:
    return ", ".join(f"{k} {v}" for k, v in facts.items() if k != "public_key" and v not in (None, ""))
