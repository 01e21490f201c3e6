"""Bodies, as requests bring them in: recorded with the first one that names them, there once one was handed in."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hatang.errors import InputError
from hatang.model.agency import Agency, QuotaCeiling
from hatang.model.change import Difference
from hatang.model.lifecycle import UNDER_WAY, RequestKind, RequestState
from hatang.model.request import RequestFile
from hatang.registry import tables as t
from hatang.registry.cases import case_of
from hatang.registry.reorganisation_tables import AgencyChangeRow
from hatang.registry.unknown import unknown

# A request that stands here has brought nothing in: it was not handed in, or it was handed back.
BROUGHT_NOTHING = (RequestState.DRAFT, RequestState.RETURNED, RequestState.REJECTED)
BEGUN = (*UNDER_WAY, RequestState.FAILED, RequestState.ACTIVE, RequestState.REMOVED)


def take(session: Session, file: RequestFile) -> None:
    """The agency of a request, recorded when it is new. Raises InputError: it is known with another branch."""
    agency = file.agency
    row = session.get(t.AgencyRow, agency.code)
    if row is None:
        session.add(t.AgencyRow(code=agency.code, branch=agency.branch.value, spec=_before_approval(agency)))
        session.flush()
    elif row.branch != agency.branch.value and file.asked is not RequestKind.NEW_AGENCY:
        raise InputError(
            f"agency {agency.code} is known with branch {row.branch}, not {agency.branch.value}",
            where="agency.branch", do="correct the branch or the code",
        )  # fmt: skip


def come(session: Session, request: t.RequestRow, file: RequestFile) -> None:
    """An agency comes with its first system: it is what this request says. Raises InputError: it is there already."""
    agency = file.agency
    if brought := _brought_by(session, agency.code, request.id):
        raise InputError(
            f"agency {agency.code} is there already, by request {brought}",
            where="agency.code", do="ask for the system alone: kind: new-system; or correct the code",
        )  # fmt: skip
    row = session.get_one(t.AgencyRow, agency.code)
    row.branch, row.spec = agency.branch.value, _before_approval(agency)
    session.flush()


def _before_approval(agency: Agency) -> dict[str, Any]:
    """What the registry keeps of an agency whose ceiling nobody has approved yet."""
    return agency.model_copy(update={"ceiling": QuotaCeiling()}).model_dump(mode="json")


def _brought_by(session: Session, code: str, but: str) -> str:
    """The request by which an agency is there, besides this one: `id (kind)`; empty: none."""
    changed = select(AgencyChangeRow.request_id).where(AgencyChangeRow.new_code == code).order_by(AgencyChangeRow.id)
    if reorganisation := session.scalars(changed.limit(1)).first():
        return f"{reorganisation} (reorganise)"
    query = select(t.RequestRow).where(t.RequestRow.agency_code == code, t.RequestRow.id != but)
    for row in session.scalars(query.order_by(t.RequestRow.created_at, t.RequestRow.id)):
        if case_of(session, row).state not in BROUGHT_NOTHING:
            return f"{row.id} ({row.kind})"
    return ""


def of_code(session: Session, code: str) -> t.AgencyRow:
    """The row of a body. Raises UnknownNameError."""
    row = session.get(t.AgencyRow, code)
    if row is None:
        raise unknown("agency", code, session.scalars(select(t.AgencyRow.code)))
    return row


def as_asked(row: t.AgencyRow, request: t.RequestRow) -> Agency:
    """The agency as a request wants it: a change may bring another contact."""
    found = Agency.model_validate(row.spec)
    if request.kind != RequestKind.CHANGE:
        return found
    return found.model_copy(update={"contact": request.spec["agency"]["contact"]})


def differences(session: Session, request: t.RequestRow) -> list[Difference]:
    """What an agency that comes with its first system will be, for those who decide; none once that has begun."""
    if case_of(session, request).state in BEGUN:
        return []
    agency = Agency.model_validate(request.spec["agency"])
    ceiling = ", ".join(f"{field} {count}" for field, count in agency.ceiling.model_dump().items())
    told = {
        "code": agency.code, "name": agency.name.vi, "branch": agency.branch.value, "tier": agency.tier.value,
        "contact": agency.contact, "ceiling": ceiling,
    }  # fmt: skip
    return [Difference(f"agency.{field}", "", text, True) for field, text in told.items()]
