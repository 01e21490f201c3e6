"""States that systems come into: requested, active, removed. A change is a new row; the newest counts."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from hatang.registry import tables as t
from hatang.registry.reorganisation_tables import AgencyChangeRow, HandoverRow


def state_of(session: Session, name: str) -> str:
    """The state of a system."""
    newest = select(t.SystemStateRow.state).where(t.SystemStateRow.system == name).order_by(t.SystemStateRow.id.desc())
    return session.scalars(newest.limit(1)).first() or "requested"


def others_of(session: Session, row: t.SystemRow, *, with_addresses: bool = False) -> list[t.SystemRow]:
    """The other systems of an agency that are not removed; or of these only what has its addresses."""
    query = select(t.SystemRow).where(t.SystemRow.agency_code == row.agency_code, t.SystemRow.name != row.name)
    if with_addresses:
        query = query.where(t.SystemRow.name.in_(select(t.BlockRow.system)))
    rows = sorted(session.scalars(query), key=lambda r: r.name)  # not by the database: its locale would decide
    return [r for r in rows if state_of(session, r.name) != "removed"]


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
