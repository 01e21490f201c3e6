"""A request as the registry keeps it: acts are added, the case is read back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from hatang.model.case import Case, Event
from hatang.model.lifecycle import Act, RequestKind, RequestState, Role
from hatang.model.terms import Level
from hatang.model.waiver import person_key
from hatang.registry import tables as t
from hatang.registry.records import RequestRecord
from hatang.registry.request_tables import RequestEventRow


def add(session: Session, row: t.RequestRow, case: Case, event: Event) -> None:
    """Record an act. Raises RefusedError, InputError: the rules forbid it."""
    done = case.after(event).events[-1]
    session.add(
        RequestEventRow(
            request_id=row.id, number=len(case.events), act=done.act.value, role=done.role.value,
            actor=" ".join(done.person.split()), actor_key=person_key(done.person),
            requester_key=person_key(row.requested_by), target=done.target.value, plan=done.plan, intent=done.intent,
            document=done.document, step=done.step, note=done.note, body=done.body,
            created_at=done.at,
        )
    )  # fmt: skip
    session.flush()


def about(system: str) -> ColumnElement[bool]:
    """Requests for this system; a reorganisation and an interconnect name none."""
    named: ColumnElement[bool] = t.RequestRow.spec["system"]["name"].as_string() == system
    return named


def case_of(session: Session, row: t.RequestRow) -> Case:
    """A request with its history."""
    query = select(RequestEventRow).where(RequestEventRow.request_id == row.id).order_by(RequestEventRow.number)
    return _case(row, session.scalars(query))


def _case(row: Any, history: Iterable[Any]) -> Case:
    events = tuple(
        Event(
            Act(e.act), Role(e.role), e.actor, e.plan, e.intent, e.document, e.step, e.note, e.body,
            RequestState(e.target), e.created_at,
        )
        for e in history
    )  # fmt: skip
    level = max(row.spec["system"]["level"] or 0, row.spec.get("from_level", 0))
    known, owners = Level(level) if level else None, tuple(row.spec.get("owners", ()))
    return Case(row.id, RequestKind(row.kind), row.requested_by, known, row.operates, events, owners)


def record_of(session: Session, row: t.RequestRow) -> RequestRecord:
    """A request as the registry gives it out."""
    return _record(row, case_of(session, row))


def record_from(row: Any, history: Iterable[Any]) -> RequestRecord:
    """A request as the registry gives it out, from its row and its acts in their order; the columns are enough."""
    return _record(row, _case(row, history))


def _record(row: Any, case: Case) -> RequestRecord:
    assert case.state is not None, "a request is recorded with its first act"
    system = row.spec["system"]["name"]
    return RequestRecord(
        row.id, system, row.agency_code, row.requested_by, case.state, row.created_at, row.kind, case,
        row.spec["system"].get("document_storage", False), tuple((row.spec.get("data_loss") or {}).get("hosts", ())),
    )  # fmt: skip
