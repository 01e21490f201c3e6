"""Ways between systems as the workflow and the commands see them. One transaction per use case, as `Registry`."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from hatang.model.case import Event
from hatang.model.interconnect import Interconnect
from hatang.model.lifecycle import UNDER_WAY, Act, RequestKind, RequestState, Role
from hatang.registry import interconnecting
from hatang.registry import tables as t
from hatang.registry.cases import add, case_of, record_of
from hatang.registry.interconnect_tables import InterconnectRow
from hatang.registry.records import RequestRecord
from hatang.registry.store import Registry
from hatang.registry.unknown import unknown


@dataclass(frozen=True)
class Way:
    """A way that was asked for; `begun`: it was carried out, or that was begun."""

    request: RequestRecord
    interconnect: Interconnect | None  # None: a draft, nothing is resolved
    begun: bool
    reason: str
    legal_ground: str

    @property
    def state(self) -> str:
        """Where it stands: that of its request; once it is open: open, expired, ended, lapsed."""
        if not self.begun or self.interconnect is None:
            return self.request.state.value if self.request.state is not RequestState.REMOVED else "ended"
        if why := self.interconnect.lapsed:
            return why.split()[0] if why.startswith(("ended", "expired")) else "lapsed"
        return "open" if self.request.state is RequestState.ACTIVE else self.request.state.value


class Interconnects:
    """The ways of a site."""

    def __init__(self, registry: Registry) -> None:
        self._reading, self._writing = registry._reading, registry._writing

    def all(self) -> list[Way]:
        """Every way that was asked for, oldest first."""
        with self._reading() as session:
            query = select(t.RequestRow).where(t.RequestRow.kind == RequestKind.INTERCONNECT.value)
            rows = session.scalars(query.order_by(t.RequestRow.created_at, t.RequestRow.id))
            return [self._way(session, row) for row in rows]

    def one(self, request_id: str) -> Way:
        """One of them. Raises UnknownNameError."""
        with self._reading() as session:
            row = session.get(t.RequestRow, request_id)
            if row is None or row.kind != RequestKind.INTERCONNECT.value:
                ids = select(t.RequestRow.id).where(t.RequestRow.kind == RequestKind.INTERCONNECT.value)
                raise unknown("interconnect", request_id, session.scalars(ids))
            return self._way(session, row)

    def finish(self, request_id: str) -> None:
        """It is open at both ends: the request is fulfilled. Said before, or ended meanwhile: nothing more."""
        with self._writing() as session:
            row = session.get_one(t.RequestRow, request_id)
            case = case_of(session, row)
            if case.state in UNDER_WAY:
                add(session, row, case, Event(Act.FINISH, Role.HATANG))

    def end_expired(self, request_id: str) -> None:
        """Write down that nobody wants it any more, of itself. Said before: nothing more."""
        with self._writing() as session:
            row = session.get_one(t.RequestRow, request_id)
            made = interconnecting.resolved(session, row)
            case = case_of(session, row)
            if made.lapsed and case.state is not RequestState.REMOVED:
                add(session, row, case, Event(Act.END, Role.HATANG, note=made.lapsed))

    @staticmethod
    def _way(session: Session, row: t.RequestRow) -> Way:
        spec = row.spec
        made = interconnecting.resolved(session, row) if spec["interconnect"] else None
        begun = session.get(InterconnectRow, row.id) is not None
        return Way(record_of(session, row), made, begun, spec["reason"], spec["legal_ground"])
