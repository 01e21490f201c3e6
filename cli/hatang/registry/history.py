"""What the registry knows of a system's way: since when it is in use; approvals, deployments, hardening, checks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hatang.registry import review_tables as r
from hatang.registry import tables as t
from hatang.registry.records import HostRecord
from hatang.registry.store import Registry


@dataclass(frozen=True)
class Deployment:
    """One change of the cloud."""

    kind: str
    plan_digest: str
    is_ok: bool
    started_at: datetime
    finished_at: datetime


@dataclass(frozen=True)
class Hardened:
    """A hardening run that came to its end on a server; `whole`: all roles."""

    host: str
    server_id: str
    whole: bool
    at: datetime


@dataclass(frozen=True)
class CheckedRun:
    """A run of all checks of the system: results by state."""

    counts: dict[str, int]
    at: datetime


@dataclass(frozen=True)
class Way:
    """The way of a system since it was last removed, oldest first; earlier ones belong to another system."""

    in_use_at: datetime | None  # when it first came into use; None: it is not in use
    approved_at: tuple[datetime, ...]  # approvals of the request that is in force
    deployments: tuple[Deployment, ...]
    hardened: tuple[Hardened, ...]
    check_runs: tuple[CheckedRun, ...]


class History:
    """The ways of a site's systems."""

    def __init__(self, registry: Registry) -> None:
        self._reading, self._writing = registry._reading, registry._writing

    def record_hardening(self, hosts: Iterable[HostRecord], *, whole: bool) -> None:
        """Keep that a hardening run came to its end on these servers."""
        with self._writing() as session:
            session.add_all(
                r.HardenedHostRow(system=h.system, host=h.name, server_id=h.server_id, whole=whole) for h in hosts
            )

    def of(self, system: str) -> Way:
        """The way of a system; an unknown one has none."""
        with self._reading() as session:
            states = _rows(session, t.SystemStateRow, system)
            removed = max((s.created_at for s in states if s.state == "removed"), default=None)
            states = [s for s in states if removed is None or s.created_at > removed]
            used = next((s.created_at for s in states if s.state == "active"), None)
            row = session.get(t.SystemRow, system)
            approvals = select(t.ApprovalRow).where(t.ApprovalRow.request_id == (row.request_id if row else ""))
            return Way(
                used if states and states[-1].state == "active" else None,
                tuple(sorted(a.created_at for a in session.scalars(approvals))),
                tuple(
                    Deployment(d.kind, d.plan_digest, d.is_ok, d.started_at, d.finished_at)
                    for d in _rows(session, t.DeploymentRow, system)
                    if removed is None or d.finished_at > removed
                ),
                tuple(
                    Hardened(h.host, h.server_id, h.whole, h.created_at)
                    for h in _rows(session, r.HardenedHostRow, system)
                ),
                tuple(
                    CheckedRun(c.summary.get("counts", {}), c.created_at)
                    for c in _rows(session, t.CheckRunRow, system)
                    if removed is None or c.created_at > removed
                ),
            )


def _rows(session: Session, table: Any, system: str) -> list[Any]:
    return list(session.scalars(select(table).where(table.system == system).order_by(table.id)))
