"""Reorganisations as the workflow carries them out. One transaction per use case, as `Registry`."""

from __future__ import annotations

from hatang.model.case import Event
from hatang.model.lifecycle import UNDER_WAY, Act, Role
from hatang.registry import reorganising
from hatang.registry import tables as t
from hatang.registry.arrangement import Arrangement
from hatang.registry.cases import add, case_of
from hatang.registry.store import Registry


class Reorganisations:
    """The reorganisations of a site."""

    def __init__(self, registry: Registry) -> None:
        self._reading, self._writing = registry._reading, registry._writing

    def arrangement(self, request_id: str) -> Arrangement:
        """What a reorganisation does, as it was resolved when it was handed in."""
        with self._reading() as session:
            return Arrangement.of(session.get_one(t.RequestRow, request_id).spec)

    def begin_agencies(self, request_id: str) -> None:
        """Bodies that come are known from now on. Said before: nothing more."""
        with self._writing() as session:
            reorganising.begin_agencies(session, Arrangement.of(session.get_one(t.RequestRow, request_id).spec))

    def hand_over(self, request_id: str, system: str) -> None:
        """A system is its successor's from now on. Said before: nothing more."""
        with self._writing() as session:
            made = Arrangement.of(session.get_one(t.RequestRow, request_id).spec)
            reorganising.hand_over(session, request_id, made, system)

    def finish(self, request_id: str) -> None:
        """Predecessors have ended, the mapping of codes stands, the request is fulfilled. Said before: nothing more."""
        with self._writing() as session:
            row = session.get_one(t.RequestRow, request_id)
            reorganising.end_agencies(session, request_id, Arrangement.of(row.spec))
            case = case_of(session, row)
            if case.state in UNDER_WAY:
                add(session, row, case, Event(Act.FINISH, Role.HATANG))
