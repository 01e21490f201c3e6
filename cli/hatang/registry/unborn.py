"""Systems that were asked for and refused: they hold nothing."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from hatang.model.lifecycle import BIRTH, Act
from hatang.registry import addresses, names
from hatang.registry import tables as t
from hatang.registry.cases import about
from hatang.registry.request_tables import RequestEventRow
from hatang.registry.states import state_of


def let_go(session: Session, row: t.RequestRow) -> None:
    """A request for a new system was rejected: addresses and server names kept for it are free again.

    Not where a run had begun for a system of this name: something of it may be on the cloud.
    """
    name = row.spec["system"]["name"]
    if state_of(session, name) == "requested" and not _begun(session, row.agency_code, name):
        addresses.release(session, name)
        names.release(session, name)


def _begun(session: Session, agency: str, name: str) -> bool:
    r, e = t.RequestRow, RequestEventRow
    query = select(r.id).join(e, e.request_id == r.id).where(e.act == Act.BEGIN.value, r.kind.in_(BIRTH))
    return session.scalars(query.where(r.agency_code == agency, about(name)).limit(1)).first() is not None
