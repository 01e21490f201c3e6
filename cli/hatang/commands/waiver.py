"""`hatang waiver`: approved, expiring exceptions to one control for one scope."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hatang.commands.app import App, emit_json, emit_table, examples, output_option
from hatang.locale import _, day

if TYPE_CHECKING:
    from hatang.audit.waivers import Standing
    from hatang.model.waiver import ScopeKind

STATES = {
    "proposed": _("proposed"),
    "valid": _("valid"),
    "expired": _("expired"),
    "lapsed": _("lapsed"),
    "revoked": _("revoked"),
}
KINDS = {"host": _("host"), "system": _("system"), "agency": _("agency")}


@click.group(
    "waiver",
    help=_(
        "Waivers: accept for a time that one control is not met, with a reason, a compensating measure and an "
        "approver. A waiver never makes a control met."
    ),
    epilog=examples(
        "hatang waiver propose AUT-13 --system mot-cua --until 2027-03-31 --by nguoi-van-hanh \\",
        "    --reason 'The old client locks itself out' --measure 'Log in through the bastion only'",
        "hatang waiver approve 3f2a77c01b9e --by nguoi-phe-duyet --note 'QD 12/2026'",
        "hatang waiver list --state valid",
        "hatang waiver revoke 3f2a77c01b9e --by nguoi-phe-duyet --reason 'No longer needed'",
    ),
)
def command() -> None:
    """Commands about waivers."""


@command.command(
    "propose",
    help=_(
        "Propose a waiver of one control for one host, one system, or all systems of one agency. It has no effect "
        "until somebody else approves it. The same proposal again is the same waiver."
    ),
    epilog=examples(
        "hatang waiver propose AUT-13 --host mot-cua-web --until 2027-03-31 --by nguoi-van-hanh \\",
        "    --reason 'The old client locks itself out' --measure 'Log in through the bastion only'",
        "hatang waiver propose LOG-10 --agency H17.01 --until 2027-01-31 --by nguoi-van-hanh \\",
        "    --reason 'The disks for longer logs are ordered' --measure 'Logs are copied out every week'",
    ),
)
@click.argument("control")
@click.option("--host", metavar="NAME", help=_("For this host."))
@click.option("--system", metavar="NAME", help=_("For this system with all its hosts."))
@click.option("--agency", metavar="CODE", help=_("For all systems of this agency."))
@click.option("--reason", required=True, help=_("Why the control cannot be met."))
@click.option("--measure", required=True, help=_("The compensating measure: what is done instead."))
@click.option(
    "--until",
    required=True,
    metavar="YYYY-MM-DD",
    help=_("The last day on which it holds: after today, at most 365 days ahead."),
)
@click.option("--by", required=True, help=_("Who proposes it; may not approve it."))
@output_option
@click.pass_obj
def propose(
    app: App, control: str, host: str | None, system: str | None, agency: str | None, reason: str, measure: str,
    until: str, by: str, output: str,
) -> None:  # fmt: skip
    """Propose a waiver."""
    from hatang.audit import waivers
    from hatang.commands import typed
    from hatang.registry import Registry

    kind, name = _scope(host, system, agency)
    found = waivers.propose(
        Registry.open(app.settings.registry), control, kind, name, reason=reason, measure=measure, by=by,
        until=typed.day(until, "--until", "2027-03-31"),
    )  # fmt: skip
    if output == "json":
        return emit_json("hatang.waiver/1", waiver=_row(found))
    click.echo(_sentence(found))
    return click.echo(_("Next, by somebody else: hatang waiver approve {id} --by NAME").format(id=found.waiver.id))


@command.command(
    "approve",
    help=_("Approve a waiver. The proposer may not; nor can one be approved that has expired or lapsed."),
    epilog=examples("hatang waiver approve 3f2a77c01b9e --by nguoi-phe-duyet --note 'QD 12/2026'"),
)
@click.argument("waiver_id", metavar="ID")
@click.option("--by", required=True, help=_("Who approves."))
@click.option("--note", default="", help=_("Number of the decision, or a reason."))
@output_option
@click.pass_obj
def approve(app: App, waiver_id: str, by: str, note: str, output: str) -> None:
    """Approve a waiver."""
    from hatang.audit import waivers
    from hatang.registry import Registry

    found = waivers.approve(Registry.open(app.settings.registry), waiver_id, by, note)
    return emit_json("hatang.waiver/1", waiver=_row(found)) if output == "json" else click.echo(_sentence(found))


@command.command(
    "revoke",
    help=_("End a waiver before its last day, or withdraw a proposal. The control counts as not met again."),
    epilog=examples("hatang waiver revoke 3f2a77c01b9e --by nguoi-phe-duyet --reason 'The client was replaced'"),
)
@click.argument("waiver_id", metavar="ID")
@click.option("--by", required=True, help=_("Who ends it."))
@click.option("--reason", required=True, help=_("Why it ends."))
@output_option
@click.pass_obj
def revoke(app: App, waiver_id: str, by: str, reason: str, output: str) -> None:
    """Revoke a waiver."""
    from hatang.audit import waivers
    from hatang.registry import Registry
    from hatang.registry.waivers import Waivers

    registry = Registry.open(app.settings.registry)
    Waivers(registry).revoke(waiver_id, by, reason)
    found = waivers.one(registry, waiver_id)
    return emit_json("hatang.waiver/1", waiver=_row(found)) if output == "json" else click.echo(_sentence(found))


@command.command(
    "list",
    help=_("List waivers, oldest first, with what each is worth today."),
    epilog=examples(
        "hatang waiver list", "hatang waiver list --state valid --control AUT-13", "hatang waiver list --output json"
    ),
)
@click.option("--state", type=click.Choice(list(STATES)), help=_("Only of this state."))
@click.option("--control", metavar="ID", help=_("Only of this control."))
@output_option
@click.pass_obj
def list_waivers(app: App, state: str | None, control: str | None, output: str) -> None:
    """List waivers."""
    from hatang.audit import waivers
    from hatang.registry import Registry

    found = [
        s
        for s in waivers.standings(Registry.open(app.settings.registry))
        if (state is None or s.state.value == state) and (control is None or s.waiver.control == control)
    ]
    if output == "json":
        return emit_json("hatang.waivers/1", waivers=[_row(s) for s in found])
    return emit_table(
        [_("Waiver"), _("Control"), _("Scope"), _("Until"), _("State"), _("Proposed by"), _("Approved by"), _("Why")],
        [
            (
                s.waiver.id, s.waiver.control, _scope_text(s), day(s.waiver.expires_on), STATES[s.state.value],
                s.waiver.proposed_by, s.waiver.approved_by, s.why,
            )
            for s in found
        ],
    )  # fmt: skip


@command.command(
    "show",
    help=_("Show one waiver: reason, measure, persons, and the demand that it is pinned to. Read it before approving."),
    epilog=examples("hatang waiver show 3f2a77c01b9e", "hatang waiver show 3f2a77c01b9e --output json"),
)
@click.argument("waiver_id", metavar="ID")
@output_option
@click.pass_obj
def show(app: App, waiver_id: str, output: str) -> None:
    """Show a waiver."""
    from hatang.audit import waivers
    from hatang.registry import Registry

    found = waivers.one(Registry.open(app.settings.registry), waiver_id)
    if output == "json":
        return emit_json("hatang.waiver/1", waiver=_row(found))
    row = _row(found)
    emit_table([_("Field"), _("Value")], [(k, v) for k, v in row.items() if k != "pins" and v])
    return emit_table(
        [_("Level"), _("Value"), _("Strength"), _("Source"), _("Clause"), _("Identity")],
        [
            (
                p["level"], f"{p['value']} {p['unit']}", p["strength"], p["source"], p["clause"], p["digest"][:12],
            )
            for p in row["pins"]
        ],
    )  # fmt: skip


def _scope(host: str | None, system: str | None, agency: str | None) -> tuple[ScopeKind, str]:
    """The one scope that was named. Raises InputError for none and for several."""
    from hatang.commands.typed import one_scope
    from hatang.model.waiver import ScopeKind

    kind, name = one_scope("a waiver", {"--host": host, "--system": system, "--agency": agency})
    return ScopeKind(kind), name


def _row(found: Standing) -> dict[str, Any]:
    w = found.waiver
    return {
        "id": w.id, "state": found.state.value, "why": found.why, "control": w.control,
        "scope_kind": w.scope_kind.value, "scope": w.scope, "until": w.expires_on.isoformat(),
        "reason": w.reason, "measure": w.measure,
        "proposed_by": w.proposed_by, "proposed_at": w.proposed_at.isoformat(),
        "approved_by": w.approved_by, "approved_at": w.approved_at.isoformat() if w.approved_at else None,
        "note": w.note,
        "revoked_by": w.revoked_by, "revoked_at": w.revoked_at.isoformat() if w.revoked_at else None,
        "revoked_why": w.revoked_why,
        "pins": [
            {"level": int(p.level), "applies": list(p.applies), "digest": p.demand.digest}
            | p.demand.model_dump(mode="json")
            for p in w.pins
        ],
    }  # fmt: skip


def _scope_text(found: Standing) -> str:
    return f"{KINDS[found.waiver.scope_kind.value]} {found.waiver.scope}"


def _sentence(found: Standing) -> str:
    text = _("Waiver {id} of {control} for {scope}, until {day}: {state}.").format(
        id=found.waiver.id, control=found.waiver.control, scope=_scope_text(found), day=day(found.waiver.expires_on),
        state=STATES[found.state.value],
    )  # fmt: skip
    return f"{text} {found.why}".strip()
