"""Requests, agencies and systems as JSON: the same whether a command prints them or the server sends them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hatang.catalogue.deadlines import deadline
from hatang.model.waiver import civil_day

if TYPE_CHECKING:
    from hatang.catalogue.deadlines import Deadline
    from hatang.registry.overview import AgencyLine, SystemLine
    from hatang.registry.records import RequestRecord


def request_row(request: RequestRecord) -> dict[str, Any]:
    """A request: where it stands, who decides, what was done to it."""
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
        "document_storage": request.document_storage, "data_of": list(request.data_of),
        "owners": list(case.owners), "missing": case.missing(),
        "deadline": _deadline(deadline(case)),
        "approvals": [
            {"by": a.approved_by, "note": a.note, "at": a.created_at.isoformat(), "plan": a.plan}
            for a in request.approvals
        ],
        "history": [
            {
                "act": e.act.value, "role": e.role.value, "by": e.person, "to": e.target.value, "plan": e.plan,
                "document": e.document, "step": e.step, "note": e.note,
                "body": e.body, "at": e.at.isoformat(),
            }
            for e in case.events
        ],
    }  # fmt: skip


def _deadline(found: Deadline | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "awaits": found.awaits, "since": found.since.isoformat(), "working_days": found.days,
        "until": found.until.isoformat() if found.until else None, "unknown_year": found.unknown_year,
        "overdue": found.overdue(civil_day(datetime.now(UTC))),
    }  # fmt: skip


def is_late(row: dict[str, Any]) -> bool:
    """Whether the time limit of a request is over, or cannot be told since a year's holidays are not known."""
    return bool(row["deadline"]) and row["deadline"]["overdue"] is not False


def agency_row(line: AgencyLine) -> dict[str, Any]:
    """An agency: branch, tier, contact, quota ceiling, systems."""
    agency = line.agency
    return {
        "code": agency.code, "name": agency.name.model_dump(), "branch": agency.branch.value, "tier": agency.tier.value,
        "contact": agency.contact, "ceiling": agency.ceiling.model_dump(), "domain": agency.slug,
        "domain_id": line.domain_id, "systems": list(line.systems), "ended": line.ended,
    }  # fmt: skip


def system_row(line: SystemLine) -> dict[str, Any]:
    """A system: agency, level, state, hosts."""
    return {
        "name": line.name, "agency": line.agency, "branch": line.branch, "level": line.level, "state": line.state,
        "request": line.request_id, "hosts": list(line.hosts),
    }  # fmt: skip
