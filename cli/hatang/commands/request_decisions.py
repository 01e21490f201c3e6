"""`hatang request` appraise, opinion, approve, return, reject: what others decide about a request.

On the local registry nobody is authenticated: who types the command names the person and the role, and answers for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from hatang.commands.app import App, emit_json, examples, output_option
from hatang.commands.request_rows import row
from hatang.locale import _

if TYPE_CHECKING:
    from hatang.model.case import Event
    from hatang.registry import RequestRecord

F = TypeVar("F", bound=Callable[..., Any])
BODIES = ["specialised-unit", "other-unit", "owner"]


def _who(roles: list[str]) -> Callable[[F], F]:
    """`ID --by --as --note --output`."""

    def decorate(command: F) -> F:
        options: list[Any] = [
            output_option,
            click.option("--note", default="", help=_("Number of the decision, or a reason.")),
            click.option(
                "--as", "role", type=click.Choice(roles), help=_("In which role; without it, the one that must decide.")
            ),
            click.option("--by", required=True, help=_("Who decides; recorded as named, not authenticated.")),
            click.argument("request_id", metavar="ID"),
        ]
        for option in options:
            command = option(command)
        return command

    return decorate


def _record(app: App, request_id: str, make: Callable[[RequestRecord], Event]) -> RequestRecord:
    from hatang.registry import Registry

    registry = Registry.open(app.settings.registry)
    return registry.act(request_id, make(registry.request(request_id)))


def _told(record: RequestRecord, output: str, text: str) -> None:
    if output == "json":
        return emit_json("hatang.request/1", request=row(record))
    return click.echo(text)


@click.command(
    "appraise",
    help=_("Record that the plan of a request was appraised, where its level demands that (Decree 331/2026, Art. 18)."),
    epilog=examples("hatang request appraise 3f2a77c01b9e --by nguoi-tham-dinh --note 'BC 5/2026'"),
)
@_who(BODIES[:2])
@click.pass_obj
def appraise(app: App, request_id: str, by: str, role: str | None, note: str, output: str) -> None:
    """Appraise a request."""
    from hatang.model.case import Event
    from hatang.model.lifecycle import Act, Role

    def make(r: RequestRecord) -> Event:
        own = Role(role) if role else r.case.demand.appraiser or Role.SPECIALISED
        return Event(Act.APPRAISE, own, by, plan=r.case.planned.plan if r.case.planned else "", note=note)

    record = _record(app, request_id, make)
    _told(record, output, _("Request {id} is appraised by {by}.").format(id=record.id, by=by))


@click.command(
    "opinion",
    help=_("Record the opinion of the Ministry of Public Security (levels 4 and 5) by the digest of its document."),
    epilog=examples("hatang request opinion 3f2a77c01b9e --by nguoi-ghi-nhan --document y-kien.pdf"),
)
@_who(BODIES[:2])
@click.option("--document", required=True, help=_("File of the document, or its SHA-256."))
@click.pass_obj
def opinion(app: App, request_id: str, by: str, role: str | None, note: str, document: str, output: str) -> None:
    """Record an outside opinion."""
    from hatang.model.case import Event
    from hatang.model.lifecycle import Act, Role

    digest = _digest(document)
    own = Role(role) if role else Role.SPECIALISED
    record = _record(app, request_id, lambda r: Event(Act.OPINION, own, by, document=digest, note=note))
    _told(record, output, _("Request {id}: the opinion in document {digest} is recorded.").format(
        id=record.id, digest=digest[:12]))  # fmt: skip


def _digest(document: str) -> str:
    from hatang.errors import InputError
    from hatang.model.case import DIGEST

    if DIGEST.fullmatch(document):
        return document
    try:
        return hashlib.sha256(Path(document).read_bytes()).hexdigest()
    except OSError as exc:
        raise InputError(
            f"cannot read {document}: {exc.strerror}", where="--document",
            do="name the file, or its SHA-256 in 64 hexadecimal digits",
        ) from exc  # fmt: skip


@click.command(
    "approve",
    help=_("Approve the plan of a request. The requester may not, nor who appraised it."),
    epilog=examples(
        "hatang request approve 3f2a77c01b9e --by nguoi-phe-duyet --note 'QD 12/2026'",
        "hatang request approve 3f2a77c01b9e --by nguoi-phe-duyet --plan 5d41402abc4b",
    ),
)
@_who(BODIES)
@click.option("--plan", default="", help=_("Digest of the plan that was read, or its beginning; another is refused."))
@click.pass_obj
def approve(app: App, request_id: str, by: str, role: str | None, note: str, plan: str, output: str) -> None:
    """Approve a request."""
    from hatang.errors import RefusedError
    from hatang.model.case import Event
    from hatang.model.lifecycle import Act, Role

    def make(r: RequestRecord) -> Event:
        newest = r.case.planned.plan if r.case.planned else ""
        if newest == "":
            raise RefusedError(f"request {r.id} has no plan yet", where=f"registry, request {r.id}",
                do=f"a plan is what is approved: hatang request plan {r.id}")  # fmt: skip
        read = newest if not plan or newest.startswith(plan) else plan
        return Event(Act.APPROVE, Role(role) if role else r.case.demand.approver, by, plan=read, note=note)

    record = _record(app, request_id, make)
    _told(record, output, _("Request {id}: plan {plan} is approved by {by}. Next: hatang system apply {system}").format(
        id=record.id, plan=row(record)["approved_plan"][:12], by=by, system=record.system))  # fmt: skip


@click.command(
    "return",
    help=_("Give a request back to its agency to correct it; the reason is required."),
    epilog=examples("hatang request return 3f2a77c01b9e --by nguoi-phe-duyet --note 'thieu so do'"),
)
@_who([*BODIES, "platform-engineer"])
@click.pass_obj
def give_back(app: App, request_id: str, by: str, role: str | None, note: str, output: str) -> None:
    """Return a request."""
    record = _negative(app, "return", request_id, by, role, note)
    _told(record, output, _("Request {id} is returned by {by}. Next: hatang request submit FILE, corrected").format(
        id=record.id, by=by))  # fmt: skip


@click.command(
    "reject",
    help=_("Refuse a request for good; the reason is required."),
    epilog=examples("hatang request reject 3f2a77c01b9e --by nguoi-phe-duyet --note 'trung de nghi khac'"),
)
@_who(BODIES)
@click.pass_obj
def reject(app: App, request_id: str, by: str, role: str | None, note: str, output: str) -> None:
    """Reject a request."""
    record = _negative(app, "reject", request_id, by, role, note)
    _told(record, output, _("Request {id} is rejected by {by}.").format(id=record.id, by=by))


def _negative(app: App, act: str, request_id: str, by: str, role: str | None, note: str) -> RequestRecord:
    from hatang.errors import InputError
    from hatang.model.case import Event
    from hatang.model.lifecycle import Act, Role

    if not note.strip():
        raise InputError("no reason is given", where="--note", do="say what is wrong, for the agency")
    return _record(
        app, request_id, lambda r: Event(Act(act), Role(role) if role else r.case.demand.approver, by, note=note)
    )
