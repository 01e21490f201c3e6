"""`hatang review`: reviews, drills and documents that persons put on record, and what is due when."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hatang.commands.app import App, emit_json, emit_table, examples, output_option
from hatang.locale import _, day

if TYPE_CHECKING:
    from hatang.audit.kept import Duty
    from hatang.model.review import Interval, Review, ReviewScope

STATES = {
    "kept": _("on record"),
    "not-due": _("not due yet"),
    "missing": _("MISSING"),
    "overdue": _("OVERDUE"),
    "failed": _("DID NOT SUCCEED"),
}
KINDS = {"system": _("system"), "agency": _("agency"), "site": _("whole site")}
FILE = click.Path(path_type=Path, dir_okay=False)


@click.group(
    "review",
    help=_(
        "Reviews, drills and documents: put on record what was done for a control, and see what is due. hatang keeps "
        "name and digest of the document, not the document, and does not judge what it says."
    ),
    epilog=examples(
        "hatang review list --due",
        "hatang review record ACC-03 --system mot-cua --day 2026-11-20 --by nguoi-van-hanh --document bien-ban.pdf",
        "hatang review show 3f2a77c01b9e --document bien-ban.pdf",
        "hatang review withdraw 3f2a77c01b9e --by nguoi-van-hanh --reason 'The wrong file'",
    ),
)
def command() -> None:
    """Commands about reviews."""


@command.command(
    "record",
    help=_(
        "Put on record that a review, scan or drill was done, or that a document exists; for several controls at once "
        "where one document covers them. The same record again is the same one; a record cannot be changed, only "
        "withdrawn."
    ),
    epilog=examples(
        "hatang review record ACC-03 --system mot-cua --day 2026-11-20 --by nguoi-van-hanh --document bien-ban.pdf",
        "hatang review record BKP-01 --system mot-cua --day 2026-11-20 --by nguoi-van-hanh --document quy-dinh.pdf \\",
        "    --covers mot-cua-web --covers mot-cua-db",
        "hatang review record ACC-01 ACC-02 ACC-05 --site-wide --day 2026-11-20 --by nguoi-van-hanh --document qd.pdf",
        "hatang review record BKP-08 --agency H17.01 --day 2026-11-20 --by nguoi-van-hanh --document thu.pdf --failed",
    ),
)  # fmt: skip
@click.argument("controls", metavar="CONTROL…", nargs=-1, required=True)
@click.option("--system", metavar="NAME", help=_("For this system."))
@click.option("--agency", metavar="CODE", help=_("For all systems of this agency."))
@click.option("--site-wide", is_flag=True, help=_("For all systems of the site."))
@click.option(
    "--day", "on", required=True, metavar="YYYY-MM-DD", help=_("The day on which it was done; not later than today.")
)
@click.option("--by", required=True, help=_("Who did it, or answers for the document."))
@click.option(
    "--document", required=True, type=FILE, help=_("The minutes or the document: its name and digest are kept.")
)
@click.option("--note", default="", help=_("Number of the document, or a remark."))
@click.option("--failed", is_flag=True, help=_("It was tried, and did not succeed: the control is then not met."))
@click.option("--covers", multiple=True, metavar="HOST", help=_("A host that the document names; may be repeated."))
@output_option
@click.pass_obj
def record(
    app: App, controls: tuple[str, ...], system: str | None, agency: str | None, site_wide: bool, on: str, by: str,
    document: Path, note: str, failed: bool, covers: tuple[str, ...], output: str,
) -> None:  # fmt: skip
    """Put something on record."""
    from hatang.audit import recording
    from hatang.commands import typed
    from hatang.registry import Registry

    kind, name = _scope(system, agency, site_wide)
    found = recording.record(
        Registry.open(app.settings.registry), controls, kind, name, day=typed.day(on, "--day", "2026-11-20"), by=by,
        document=document, note=note, succeeded=not failed, covers=covers,
    )  # fmt: skip
    if output != "json":
        return click.echo("\n".join(map(_sentence, found)))
    if len(controls) == 1:
        return emit_json("hatang.review/1", review=_row(found[0]))
    return emit_json("hatang.review-records/1", reviews=[_row(r) for r in found])


@command.command(
    "list",
    help=_("List what must be on record for each system in its level: what is, what is due, what is missing."),
    epilog=examples(
        "hatang review list", "hatang review list --due", "hatang review list --overdue --system mot-cua",
        "hatang review list --output json",
    ),
)  # fmt: skip
@click.option("--system", "systems", multiple=True, metavar="NAME", help=_("Only this system; may be repeated."))
@click.option("--due", is_flag=True, help=_("Only what is due within 30 days, overdue or missing."))
@click.option("--overdue", is_flag=True, help=_("Only what is overdue, missing or did not succeed."))
@output_option
@click.pass_obj
def list_reviews(app: App, systems: tuple[str, ...], due: bool, overdue: bool, output: str) -> None:
    """List duties."""
    from hatang.audit.kept import duties
    from hatang.model.review import ReviewState
    from hatang.model.waiver import civil_day
    from hatang.registry import Registry
    from hatang.registry.tables import now

    registry, today = Registry.open(app.settings.registry), civil_day(now())
    fine = (ReviewState.KEPT, ReviewState.NOT_DUE)
    found = [
        d
        for d in duties(registry, [registry.system(s) for s in systems] or registry.systems())
        if (not due or d.standing.is_soon(today)) and (not overdue or d.standing.state not in fine)
    ]
    if output == "json":
        return emit_json("hatang.reviews/1", reviews=[_duty(d) for d in found])
    return emit_table(
        [_("System"), _("Control"), _("Demand"), _("Every"), _("State"), _("Last"), _("Due"), _("Record")],
        [
            (
                d.system, d.control.id, _title(d), _every(d.interval), STATES[d.standing.state.value],
                day(d.standing.last.day) if d.standing.last else "", day(d.standing.due) if d.standing.due else "",
                d.standing.last.id if d.standing.last else "",
            )
            for d in found
        ],
    )  # fmt: skip


@command.command(
    "records",
    help=_("List everything that was put on record, oldest first, withdrawn records too."),
    epilog=examples("hatang review records", "hatang review records --control ACC-03 --output json"),
)
@click.option("--control", metavar="ID", help=_("Only of this control."))
@output_option
@click.pass_obj
def records(app: App, control: str | None, output: str) -> None:
    """List records."""
    from hatang.catalogue import load
    from hatang.registry import Registry
    from hatang.registry.reviews import Reviews

    if control is not None:
        load().control(control)
    everything = Reviews(Registry.open(app.settings.registry)).reviews()
    found = [r for r in everything if control is None or r.control == control]
    if output == "json":
        return emit_json("hatang.review-records/1", reviews=[_row(r) for r in found])
    return emit_table(
        [_("Record"), _("Control"), _("Scope"), _("Day"), _("Person"), _("Document"), _("State")],
        [(r.id, r.control, _scope_text(r), day(r.day), r.by, r.document, _fate(r)) for r in found],
    )


@command.command(
    "show",
    help=_("Show one record; with a file, say whether it is the very document that was recorded (else exit code 1)."),
    epilog=examples("hatang review show 3f2a77c01b9e", "hatang review show 3f2a77c01b9e --document bien-ban.pdf"),
)
@click.argument("review_id", metavar="ID")
@click.option("--document", type=FILE, help=_("Compare this file with the recorded digest."))
@output_option
@click.pass_obj
def show(app: App, review_id: str, document: Path | None, output: str) -> int:
    """Show a record."""
    from hatang.audit.recording import digest
    from hatang.registry import Registry
    from hatang.registry.reviews import Reviews

    found = Reviews(Registry.open(app.settings.registry)).review(review_id)
    row = _row(found)
    if document is not None:
        row["same_document"] = digest(document) == found.sha256
    if output == "json":
        emit_json("hatang.review/1", review=row)
    else:
        emit_table([_("Field"), _("Value")], [(k, v) for k, v in row.items() if v not in ("", None, [])])
    return int(not row.get("same_document", True))


@command.command(
    "withdraw",
    help=_("Take a wrong record back. It stays readable and counts no longer; the control is judged without it."),
    epilog=examples("hatang review withdraw 3f2a77c01b9e --by nguoi-van-hanh --reason 'The wrong file'"),
)
@click.argument("review_id", metavar="ID")
@click.option("--by", required=True, help=_("Who takes it back."))
@click.option("--reason", required=True, help=_("Why it was wrong."))
@output_option
@click.pass_obj
def withdraw(app: App, review_id: str, by: str, reason: str, output: str) -> None:
    """Withdraw a record."""
    from hatang.registry import Registry
    from hatang.registry.reviews import Reviews

    found = Reviews(Registry.open(app.settings.registry)).withdraw(review_id, by, reason)
    return emit_json("hatang.review/1", review=_row(found)) if output == "json" else click.echo(_sentence(found))


def _scope(system: str | None, agency: str | None, site_wide: bool) -> tuple[ReviewScope, str]:
    """The one scope that was named. Raises InputError for none and for several."""
    from hatang.commands.typed import one_scope
    from hatang.model.review import ReviewScope

    options = {"--system": system, "--agency": agency, "--site-wide": "" if site_wide else None}
    kind, name = one_scope("a record", options)
    return ReviewScope(kind.removesuffix("-wide")), name


def _row(found: Review) -> dict[str, Any]:
    return {**found.model_dump(mode="json"), "state": _state(found)}


def _duty(found: Duty) -> dict[str, Any]:
    last, interval = found.standing.last, found.interval
    return {
        "system": found.system, "level": int(found.level), "control": found.control.id,
        "state": found.standing.state.value,
        "interval": {"months": interval.months, "days": interval.days} if interval else None,
        "due": found.standing.due.isoformat() if found.standing.due else None,
        "owner": found.control.evidence.owner.value if found.control.evidence else None,
        "checked_by": list(found.control.checks), "last": _row(last) if last else None,
    }  # fmt: skip


def _state(found: Review) -> str:
    return "withdrawn" if found.withdrawn_at else "lapsed" if found.removed_at else "recorded"


def _fate(found: Review) -> str:
    words = {"withdrawn": _("withdrawn"), "lapsed": _("its system was removed"), "recorded": _("recorded")}
    return words[_state(found)]


def _title(found: Duty) -> str:
    from hatang.locale import language

    return found.control.title.in_(language())


def _every(interval: Interval | None) -> str:
    from hatang.audit.values import units

    if interval is None:
        return ""
    return f"{interval.months} {units()['months']}" if interval.months else f"{interval.days} {units()['days']}"


def _scope_text(found: Review) -> str:
    kind = KINDS[found.scope_kind.value]
    return kind if found.scope_kind.value == "site" else f"{kind} {found.scope}"


def _sentence(found: Review) -> str:
    return _("Record {id} of {control} for {scope}, {day}, {document} (sha256 {digest}…): {state}.").format(
        id=found.id, control=found.control, scope=_scope_text(found), day=day(found.day), document=found.document,
        digest=found.sha256[:12], state=_fate(found),
    )  # fmt: skip
