"""Requests follow their system: what was under way for it is finished when the system comes into a state."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from hatang.model.case import Event
from hatang.model.lifecycle import Act, Role, find
from hatang.registry import interconnecting
from hatang.registry import tables as t
from hatang.registry.cases import about, add, case_of


def follow_system(session: Session, name: str, state: str) -> None:
    """The system came into a state: requests that were under way for it are finished, or are taken away with it."""
    if state == "removed":
        interconnecting.end_all(session, name, f"system {name} is removed")
    acts = {Act.FINISH: Role.HATANG} | ({Act.DESTROY: Role.ENGINEER} if state == "removed" else {})
    for row in session.scalars(select(t.RequestRow).where(about(name)).order_by(t.RequestRow.id)).all():
        case = case_of(session, row)
        for act, role in acts.items():
            line = find(case.kind, case.state, act)
            if line and line.target.value == state:
                add(session, row, case, Event(act, role))
                break
