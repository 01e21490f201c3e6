"""States that systems come into: requested, active, removed. A change is a new row; the newest counts."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Select, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from hatang.model.lifecycle import RequestState
from hatang.model.system import System
from hatang.registry import tables as t
from hatang.registry.reorganisation_tables import AgencyChangeRow, HandoverRow
from hatang.registry.request_tables import RequestEventRow


def state_of(session: Session, name: str) -> str:
    """The state of a system."""
    newest = select(t.SystemStateRow.state).where(t.SystemStateRow.system == name).order_by(t.SystemStateRow.id.desc())
    return session.scalars(newest.limit(1)).first() or "requested"


def others_of(session: Session, row: t.SystemRow, *, with_addresses: bool = False) -> list[System]:
    """The other systems of an agency, neither removed nor rejected; or all of these that have addresses."""
    query = select(t.SystemRow).where(t.SystemRow.agency_code == row.agency_code, t.SystemRow.name != row.name)
    if with_addresses:
        query = query.where(t.SystemRow.name.in_(select(t.BlockRow.system)))
    rows = sorted(session.scalars(query), key=lambda r: r.name)  # not by the database: its locale would decide
    states = {r.name: state_of(session, r.name) for r in rows}
    return [
        System.model_validate(r.spec)
        for r in rows
        if states[r.name] != "removed"
        and (with_addresses or states[r.name] != "requested" or not _is_rejected(session, r.request_id))
    ]


def newest_of(request_id: str | InstrumentedAttribute[str]) -> Select[tuple[str]]:
    """Asks for the state that a request came into last."""
    e = RequestEventRow
    return select(e.target).where(e.request_id == request_id).order_by(e.number.desc()).limit(1)


def _is_rejected(session: Session, request_id: str) -> bool:
    return session.scalar(newest_of(request_id)) == RequestState.REJECTED


def ended(session: Session) -> dict[str, date]:
    """Codes of bodies that are no more, and from which day on: they became others and did not stay themselves."""
    stayed: dict[tuple[str, str], bool] = {}
    days: dict[str, date] = {}
    c = AgencyChangeRow
    rows = session.execute(select(c.request_id, c.old_code, c.new_code, c.day)).tuples()
    for request, old, new, day in rows:
        stayed[request, old] = stayed.get((request, old), False) or old == new
        if not stayed[request, old]:
            days[old] = day
    return {old: days[old] for (_request, old), there in stayed.items() if not there}


def home_of(session: Session, row: t.SystemRow) -> str:
    """Code of the body in whose domain the project of a system was made, and is for good: Keystone moves none.

    A system that was removed and made again has a new project, in the domain of the body that asked for it then.
    """
    query = select(HandoverRow.old_code, HandoverRow.created_at).where(HandoverRow.system == row.name)
    rows = session.execute(query.order_by(HandoverRow.id)).tuples().all()
    if not rows:
        return row.agency_code
    removed = select(t.SystemStateRow.created_at).where(
        t.SystemStateRow.system == row.name, t.SystemStateRow.state == "removed"
    )
    last = session.scalars(removed.order_by(t.SystemStateRow.id.desc()).limit(1)).first()
    return next((old for old, at in rows if last is None or at > last), row.agency_code)
