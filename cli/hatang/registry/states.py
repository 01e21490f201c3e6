"""States that systems come into: requested, active, removed. A change is a new row; the newest counts."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from hatang.model.system import System
from hatang.registry import tables as t


def state_of(session: Session, name: str) -> str:
    """The state of a system."""
    newest = select(t.SystemStateRow.state).where(t.SystemStateRow.system == name).order_by(t.SystemStateRow.id.desc())
    return session.scalars(newest.limit(1)).first() or "requested"


def others_of(session: Session, row: t.SystemRow, *, with_addresses: bool = False) -> list[System]:
    """The other systems of an agency that are not removed; or of these only what has its addresses."""
    query = select(t.SystemRow).where(t.SystemRow.agency_code == row.agency_code, t.SystemRow.name != row.name)
    if with_addresses:
        query = query.where(t.SystemRow.name.in_(select(t.BlockRow.system)))
    rows = sorted(session.scalars(query), key=lambda r: r.name)  # not by the database: its locale would decide
    return [System.model_validate(r.spec) for r in rows if state_of(session, r.name) != "removed"]
