"""Removals: closed, waiting for the end of their grace period, purged. One transaction per use case, as `Registry`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from hatang.errors import RefusedError
from hatang.model.waiver import civil_day
from hatang.registry import quarantine
from hatang.registry import tables as t
from hatang.registry.following import follow_system
from hatang.registry.removal_tables import QuarantineRow, RemovalRow
from hatang.registry.states import state_of
from hatang.registry.store import Registry
from hatang.registry.tables import now


@dataclass(frozen=True)
class Removal:
    """A removal whose system is closed; `until`: from then on it may be purged."""

    request_id: str
    system: str
    closed_at: datetime
    until: datetime


class Removals:
    """The removals of a site."""

    def __init__(self, registry: Registry) -> None:
        self._reading, self._writing = registry._reading, registry._writing

    def closed(self, system: str, grace_days: int, at: datetime | None = None) -> Removal:
        """The system is closed for its removal; its grace period runs from the first time that this was said."""
        begun = at or now()
        with self._writing() as session:
            request = session.get_one(t.SystemRow, system).request_id
            row = session.get(RemovalRow, request)
            if row is None:
                until = begun + timedelta(days=grace_days)
                row = RemovalRow(request_id=request, system=system, closed_at=begun, until=until)
                session.add(row)
                session.flush()
            return Removal(row.request_id, row.system, row.closed_at, row.until)

    def of(self, system: str) -> Removal | None:
        """The removal that a system waits for; None: it is not closed for one."""
        with self._reading() as session:
            there = session.get(t.SystemRow, system)
            row = session.get(RemovalRow, there.request_id) if there else None
            if row is None or state_of(session, system) not in ("removing", "purging"):
                return None
            return Removal(row.request_id, row.system, row.closed_at, row.until)

    def begin_purge(self, system: str, at: datetime | None = None) -> Removal:
        """From now on the system is being deleted, and cannot be kept. Begun already: goes on.

        Raises:
            RefusedError: no removal of it is under way, it is not closed yet, or its grace period is not over.
        """
        with self._writing() as session:
            where, state = f"registry, system {system}", state_of(session, system)
            there = session.get(t.SystemRow, system)
            if there is None or state not in ("removing", "purging"):
                raise RefusedError(f"system {system} is {state}; no removal of it is under way", where=where,
                    do="a system goes by an approved request of kind remove (docs/how-to/remove.md)")  # fmt: skip
            row = session.get(RemovalRow, there.request_id)
            if row is None:
                raise RefusedError(f"system {system} is not closed yet", where=where,
                    do=f"close it first: hatang system apply {system}")  # fmt: skip
            if row.until > (at or now()):
                raise RefusedError(
                    f"the grace period of system {system} runs until {civil_day(row.until)}", where=where,
                    do=f"wait; or keep the system: hatang request keep {row.request_id} --by NAME --note REASON",
                )  # fmt: skip
            if state != "purging":
                session.add(t.SystemStateRow(system=system, state="purging"))
            return Removal(row.request_id, row.system, row.closed_at, row.until)

    def is_purged(self, system: str) -> bool:
        """Whether the last that became of a system is that it was removed by request, and deleted."""
        with self._reading() as session:
            there = session.get(t.SystemRow, system)
            if there is None or state_of(session, system) != "removed":
                return False
            return session.get(RemovalRow, there.request_id) is not None

    def finish(self, system: str, project_id: str, quarantine_days: int, at: datetime | None = None) -> datetime:
        """The system is gone; its addresses and names rest. Returns until when. Said before: the same answer."""
        with self._writing() as session:
            until = (at or now()) + timedelta(days=quarantine_days)
            quarantine.rest(session, system, project_id, until)
            if state_of(session, system) != "removed":
                session.add(t.SystemStateRow(system=system, state="removed"))
            follow_system(session, system, "removed")
            return session.get_one(QuarantineRow, system).until

    def resting(self) -> dict[str, datetime]:
        """Removed systems whose addresses and names rest, and until when."""
        with self._reading() as session:
            return {r.system: r.until for r in session.scalars(select(QuarantineRow)) if r.until > now()}
