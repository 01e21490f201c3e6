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
from hatang.registry.cases import about
from hatang.registry.records import HostRecord
from hatang.registry.reorganisation_tables import HandoverRow
from hatang.registry.request_tables import RequestEventRow
from hatang.registry.store import Registry


@dataclass(frozen=True)
class Approved:
    """An approval of a plan; of before plans were recorded it names none."""

    plan: str
    at: datetime


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
class Server:
    """A server that there is or was."""

    server_id: str
    made_at: datetime  # when the registry first knew of it
    used_at: datetime | None  # when it came into use: with its system, or with the change or repair that made it


@dataclass(frozen=True)
class Way:
    """The way of a system since it was last removed, oldest first; earlier ones belong to another system."""

    in_use_at: datetime | None  # when it first came into use; None: it never did
    approved: tuple[Approved, ...]  # of all its requests
    servers: tuple[Server, ...]  # those that came since hatang keeps this
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

    def blocks(self) -> dict[str, str]:
        """The block of every system that has addresses, by the system's name."""
        with self._reading() as session:
            return {b.system: b.cidr for b in session.scalars(select(t.BlockRow))}

    def of(self, system: str) -> Way:
        """The way of a system; an unknown one has none."""
        with self._reading() as session:
            removed = [s.created_at for s in _rows(session, t.SystemStateRow, system) if s.state == "removed"]
            since = max(removed, default=None)

            def rows(table: Any, field: str = "created_at") -> list[Any]:
                found = _rows(session, table, system)
                return [x for x in found if since is None or getattr(x, field) > since]

            states, runs = rows(t.SystemStateRow), rows(t.CheckRunRow)
            return Way(
                next((s.created_at for s in states if s.state == "active"), None),
                tuple(a for a in _approved(session, system) if since is None or a.at > since),
                tuple(
                    Server(s.server_id, s.created_at, _used_at(s.created_at, states, runs))
                    for s in rows(r.ServerRow)
                ),
                tuple(
                    Deployment(d.kind, d.plan_digest, d.is_ok, d.started_at, d.finished_at)
                    for d in rows(t.DeploymentRow, "finished_at")
                ),
                tuple(Hardened(h.host, h.server_id, h.whole, h.created_at) for h in rows(r.HardenedHostRow)),
                tuple(CheckedRun(c.summary.get("counts", {}), c.created_at) for c in runs),
            )  # fmt: skip


def _approved(session: Session, system: str) -> list[Approved]:
    """Approvals of all requests for a system, oldest first."""
    there = session.get(t.SystemRow, system)
    if there is None:
        return []
    whose = {there.agency_code, *session.scalars(select(HandoverRow.old_code).where(HandoverRow.system == system))}
    ids = select(t.RequestRow.id).where(t.RequestRow.agency_code.in_(whose), about(system))
    given = select(RequestEventRow).where(RequestEventRow.request_id.in_(ids), RequestEventRow.act == "approve")
    return [Approved(e.plan, e.created_at) for e in session.scalars(given.order_by(RequestEventRow.id))]


def _used_at(made: datetime, states: list[t.SystemStateRow], runs: list[t.CheckRunRow]) -> datetime | None:
    """When a server came into use.

    A system in use that is repaired stays in use all the while, and the check at the end of the repair is what tells
    that it is over. A new system and a change come to their end by the system's state.
    """
    before = [s.state for s in states if s.created_at <= made]
    ends = [s.created_at for s in states if s.state == "active"]
    ends += [c.created_at for c in runs] if before and before[-1] == "active" else []
    return min((at for at in ends if at > made), default=None)


def _rows(session: Session, table: Any, system: str) -> list[Any]:
    return list(session.scalars(select(table).where(table.system == system).order_by(table.id)))
