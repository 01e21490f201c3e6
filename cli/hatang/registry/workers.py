"""The workers of a site: who lives and what each does; and the mark and proof of what all must share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, select, update

from hatang.registry import database, sessions
from hatang.registry.leases import lapsed
from hatang.registry.processes import Process
from hatang.registry.worker_tables import SharedRow, WorkerRow

KEPT_DAYS = 7  # that long a worker that has ended is still listed


@dataclass(frozen=True)
class Worker:
    """A worker. `state`: live, lost (no sign of life for longer than a lease), ended. `age_s`: since its last beat."""

    id: str
    machine: str
    pid: int
    state: str
    doing: str
    started_at: datetime
    age_s: float


class Workers:
    """The workers that the registry knows."""

    def __init__(self, url: str) -> None:
        self._engine: Engine = database.connect(url)
        database.migrate(self._engine)

    def enter(self, worker_id: str, process: Process) -> None:
        """A worker begins. What ended long ago is forgotten."""
        with sessions.beating(self._engine) as session:
            at = sessions.clock(session)
            old = at - timedelta(days=KEPT_DAYS)
            for row in session.scalars(select(WorkerRow).where(WorkerRow.beaten_at < old)):
                session.delete(row)
            session.add(WorkerRow(id=worker_id, machine=process.machine, pid=process.pid, started_at=at, beaten_at=at))

    def beat(self, worker_id: str, doing: str) -> bool:
        """It lives, and works on that system. False: the others hold it for lost and have taken its work."""
        with sessions.beating(self._engine) as session:
            mine = (WorkerRow.id == worker_id, WorkerRow.ended_at.is_(None))
            what = {"beaten_at": sessions.clock(session), "doing": doing}
            done = session.scalar(update(WorkerRow).where(*mine).values(**what).returning(WorkerRow.id))
            return done == worker_id

    def end(self, worker_id: str, *, if_lost: bool = False) -> bool:
        """It has ended, or the others hold it for lost. False: it had ended before, or has beaten meanwhile."""
        with sessions.beating(self._engine) as session:
            at = sessions.clock(session)
            row = session.get(WorkerRow, worker_id, with_for_update=True)
            if row is None or row.ended_at is not None or (if_lost and not lapsed(row.beaten_at, at)):
                return False
            row.ended_at, row.doing = at, ""
            return True

    def all(self) -> list[Worker]:
        """All that began or lived in the last days, oldest first."""
        with sessions.reading(self._engine) as session:
            at = sessions.clock(session)
            rows = sorted(session.scalars(select(WorkerRow)), key=lambda r: (r.started_at, r.id))
            return [
                Worker(r.id, r.machine, r.pid, _state(r, at), r.doing, r.started_at, (at - r.beaten_at).total_seconds())
                for r in rows
            ]

    def shared(self, name: str, make: Callable[[], tuple[str, str]]) -> tuple[str, str]:
        """Mark and proof that the first worker gave; `make` gives them, when this one is the first."""
        with sessions.writing(self._engine) as session:
            row = session.get(SharedRow, name)
            if row is None:
                mark, proof = make()
                row = SharedRow(name=name, mark=mark, proof=proof)
                session.add(row)
            return row.mark, row.proof


def _state(row: WorkerRow, at: datetime) -> str:
    if row.ended_at is not None:
        return "ended"
    return "lost" if lapsed(row.beaten_at, at) else "live"
