"""How a request is shown: its row, who decides, its history, its time limit."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hatang.commands.app import emit_table
from hatang.locale import _

if TYPE_CHECKING:
    from hatang.catalogue.deadlines import Deadline
    from hatang.registry import RequestRecord


def row(request: RequestRecord) -> dict[str, Any]:
    """A request as JSON."""
    from hatang.catalogue.deadlines import deadline

    case, need = request.case, request.case.demand
    return {
        "id": request.id, "kind": request.kind, "system": request.system, "agency": request.agency_code,
        "state": request.state.value, "requested_by": request.requested_by,
        "created_at": request.created_at.isoformat(),
        "plan": case.planned.plan if case.planned else "", "approved_plan": case.approval.plan if case.approval else "",
        "demand": {
            "approver": need.approver.value, "appraiser": need.appraiser.value if need.appraiser else "",
            "opinion": need.opinion, "clause": need.clause,
        },
        "missing": case.missing(),
        "deadline": _deadline(deadline(case)),
        "approvals": [
            {"by": a.approved_by, "note": a.note, "at": a.created_at.isoformat(), "plan": a.plan}
            for a in request.approvals
        ],
        "history": [
            {
                "act": e.act.value, "role": e.role.value, "by": e.person, "to": e.target.value, "plan": e.plan,
                "document": e.document, "step": e.step, "note": e.note, "at": e.at.isoformat(),
            }
            for e in case.events
        ],
    }  # fmt: skip


def _deadline(found: Deadline | None) -> dict[str, Any] | None:
    from hatang.model.waiver import civil_day

    if found is None:
        return None
    return {
        "awaits": found.awaits, "since": found.since.isoformat(), "working_days": found.days,
        "until": found.until.isoformat() if found.until else None, "unknown_year": found.unknown_year,
        "overdue": found.overdue(civil_day(datetime.now(UTC))),
    }  # fmt: skip


def until(shown: dict[str, Any]) -> str:
    """The time limit of a row in a few words."""
    limit = shown["deadline"]
    if limit is None:
        return ""
    if limit["unknown_year"]:
        return _("{awaits}: {days} working days from {since}; holidays of {year} are not known").format(
            awaits=limit["awaits"], days=limit["working_days"], since=limit["since"], year=limit["unknown_year"]
        )
    told = _("{awaits} until {until}, overdue") if limit["overdue"] else _("{awaits} until {until}")
    return told.format(**limit)


def show_list(rows: list[dict[str, Any]]) -> None:
    """Requests as a table."""
    titles = [_("Request"), _("Kind"), _("System"), _("Agency"), _("State")]
    emit_table(
        [*titles, _("Requested by"), _("Approved by"), _("Limit")],
        [
            (
                r["id"], r["kind"], r["system"], r["agency"], r["state"], r["requested_by"],
                ", ".join(a["by"] for a in r["approvals"]), until(r),
            )
            for r in rows
        ],
    )  # fmt: skip


def show_one(shown: dict[str, Any]) -> None:
    """One request with who decides and what was done."""
    need = shown["demand"]
    fields = {k: shown[k] for k in ("id", "kind", "system", "agency", "state", "requested_by", "created_at")}
    fields |= {
        "plan": shown["plan"], "approved plan": shown["approved_plan"], "appraiser": need["appraiser"] or "-",
        "approver": f"{need['approver']} ({need['clause']})", "missing": "; ".join(shown["missing"]) or "-",
        "limit": until(shown) or "-",
    }  # fmt: skip
    emit_table([_("Field"), _("Value")], list(fields.items()))
    emit_table(
        [_("Act"), _("As"), _("By"), _("To"), _("Plan"), _("Note"), _("At")],
        [
            (e["act"], e["role"], e["by"], e["to"], e["plan"][:12], " ".join([e["step"], e["note"]]).strip(), e["at"])
            for e in shown["history"]
        ],
    )
