"""`hatang request` appraise, opinion, approve, return, reject: what others decide about a request.

On the local registry nobody is authenticated: who types the command names the person and the role, and answers for it.
A server (--url) knows the person by the token.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from hatang import digests
from hatang.commands.app import App, emit_json, examples, output_option
from hatang.locale import _

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
            click.option(
                "--by", default="", help=_("Who decides; recorded as named. A server knows it by your token.")
            ),
            click.argument("request_id", metavar="ID"),
        ]
        for option in options:
            command = option(command)
        return command

    return decorate


def _decide(
    app: App, request_id: str, act: str, by: str, role: str | None, note: str, *, plan: str = "", document: str = "",
    body: str = "",
) -> dict[str, Any]:  # fmt: skip
    return app.desk.decide(request_id, act, role=role, by=by, note=note, plan=plan, document=document, body=body)


def _told(row: dict[str, Any], output: str, text: str, **more: str) -> None:
    if output == "json":
        return emit_json("hatang.request/1", request=row)
    by = row["history"][-1]["by"]  # as the registry has it
    return click.echo(text.format(id=row["id"], by=by, system=row["system"], **more))


@click.command(
    "appraise",
    help=_("Record that the plan of a request was appraised, where its level demands that (Decree 331/2026, Art. 18)."),
    epilog=examples("hatang request appraise 3f2a77c01b9e --by nguoi-tham-dinh --note 'BC 5/2026'"),
)
@_who(BODIES)
@click.pass_obj
def appraise(app: App, request_id: str, by: str, role: str | None, note: str, output: str) -> None:
    """Appraise a request."""
    _told(_decide(app, request_id, "appraise", by, role, note), output, _("Request {id} is appraised by {by}."))


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
    digest = _digest(document)
    done = _decide(app, request_id, "opinion", by, role, note, document=digest)
    _told(done, output, _("Request {id}: the opinion in document {digest} is recorded."), digest=digest[:12])


def _digest(document: str) -> str:
    from hatang.errors import InputError
    from hatang.model.case import DIGEST

    if DIGEST.fullmatch(document):
        return document
    try:
        return digests.of_file(Path(document))
    except OSError as exc:
        raise InputError(
            f"cannot read {document}: {exc.strerror}", where="--document",
            do="name the file, or its SHA-256 in 64 hexadecimal digits",
        ) from exc  # fmt: skip


@click.command(
    "consent",
    help=_(
        "Record that an owner agrees to what a request about several systems does to its own. "
        "Each owner has its own person."
    ),
    epilog=examples("hatang request consent 3f2a77c01b9e --by nguoi-dai-dien --for 'UBND phuong vi du'"),
)
@_who(["owner"])
@click.option("--for", "owner", required=True, help=_("The owner, as the request names it."))
@click.pass_obj
def consent(app: App, request_id: str, by: str, role: str | None, note: str, owner: str, output: str) -> None:
    """Record an owner's consent."""
    done = _decide(app, request_id, "consent", by, role, note, body=owner)
    _told(done, output, _("Request {id}: {owner} agrees, by {by}."), owner=owner)


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
    done = _decide(app, request_id, "approve", by, role, note, plan=plan)
    text = _("Request {id}: plan {plan} is approved by {by}. Next: hatang system apply {system}")
    if done["kind"] == "interconnect":
        text = _("Request {id}: plan {plan} is approved by {by}. Next: hatang interconnect open {id}")
    elif not done["system"]:
        text = _("Request {id}: plan {plan} is approved by {by}. Next: hatang agency reorganise {id}")
    _told(done, output, text, plan=done["approved_plan"][:12])


@click.command(
    "return",
    help=_("Give a request back to its agency to correct it; the reason is required."),
    epilog=examples("hatang request return 3f2a77c01b9e --by nguoi-phe-duyet --note 'thieu so do'"),
)
@_who([*BODIES, "platform-engineer"])
@click.pass_obj
def give_back(app: App, request_id: str, by: str, role: str | None, note: str, output: str) -> None:
    """Return a request."""
    done = _negative(app, "return", request_id, by, role, note)
    _told(done, output, _("Request {id} is returned by {by}. Next: hatang request submit FILE, corrected"))


@click.command(
    "keep",
    help=_("Call a removal off before its purge has begun: the system stays, suspended. The reason is required."),
    epilog=examples("hatang request keep 3f2a77c01b9e --by nguoi-phe-duyet --note 'con can du lieu'"),
)
@_who(BODIES)
@click.pass_obj
def keep(app: App, request_id: str, by: str, role: str | None, note: str, output: str) -> None:
    """Keep a system that was to be removed."""
    done = _negative(app, "keep", request_id, by, role, note)
    _told(done, output, _("System {system} stays, suspended. Back by a request of kind resume."))


@click.command(
    "reject",
    help=_("Refuse a request for good; the reason is required."),
    epilog=examples("hatang request reject 3f2a77c01b9e --by nguoi-phe-duyet --note 'trung de nghi khac'"),
)
@_who(BODIES)
@click.pass_obj
def reject(app: App, request_id: str, by: str, role: str | None, note: str, output: str) -> None:
    """Reject a request."""
    _told(_negative(app, "reject", request_id, by, role, note), output, _("Request {id} is rejected by {by}."))


def _negative(app: App, act: str, request_id: str, by: str, role: str | None, note: str) -> dict[str, Any]:
    from hatang.errors import InputError

    if not note.strip():
        raise InputError("no reason is given", where="--note", do="say what is wrong, for the agency")
    return _decide(app, request_id, act, by, role, note)
