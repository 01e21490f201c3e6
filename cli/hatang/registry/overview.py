"""Lists of agencies, systems and requests with a few statements each, however many there are; of one agency or all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Row, Select, bindparam, select, tuple_
from sqlalchemy.orm import Session

from hatang.model.agency import Agency
from hatang.model.lifecycle import SEVERAL, RequestState
from hatang.registry import tables as t
from hatang.registry.cases import record_from
from hatang.registry.records import RequestRecord
from hatang.registry.request_tables import RequestEventRow
from hatang.registry.states import ended, newest_of
from hatang.registry.store import Registry
from hatang.registry.unknown import unknown


@dataclass(frozen=True)
class AgencyLine:
    """An agency with the names of its systems."""

    agency: Agency
    domain_id: str  # of Keystone; empty before its first system is applied
    systems: tuple[str, ...]
    ended: str = ""  # the day from which it is no more


@dataclass(frozen=True)
class SystemLine:
    """A system, in short."""

    name: str
    agency: str
    branch: str
    level: int
    state: str
    request_id: str
    project_id: str  # of Keystone; empty before it is applied
    hosts: tuple[str, ...]


class Overview:
    """Looks at many things at once."""

    def __init__(self, registry: Registry) -> None:
        self._reading = registry._reading

    def agencies(self, code: str | None = None) -> list[AgencyLine]:
        """Agencies by code; with a code only that one, or none."""
        rows, systems, ids = _agencies(code is not None)
        words = {"code": code}
        with self._reading() as session:
            domains = dict(session.execute(ids, words).tuples().all())
            names: dict[str, list[str]] = defaultdict(list)
            for name, agency in session.execute(systems, words).tuples():
                names[agency].append(name)
            found = session.execute(rows, words).tuples().all()
            gone = {k: day.isoformat() for k, day in ended(session).items()}
        return [
            AgencyLine(Agency.model_validate(spec), domains.get(key, ""), tuple(sorted(names[key])), gone.get(key, ""))
            for key, spec in sorted(found, key=lambda row: row[0])
        ]

    def systems(self, agency: str | None = None, name: str | None = None) -> list[SystemLine]:
        """Systems by name; of one agency, or of one name, when given."""
        rows, of_hosts, ids = _systems(agency is not None, name is not None)
        words = {"agency": agency, "name": name}
        with self._reading() as session:
            found = session.execute(rows, words).tuples().all()
            hosts: dict[str, list[str]] = defaultdict(list)
            for host, system in session.execute(of_hosts, words).tuples():
                hosts[system].append(host)
            projects = dict(session.execute(ids, words).tuples().all())
        return [
            SystemLine(key, code, branch, level, state or "requested", request, projects.get(key, ""),
                       tuple(sorted(hosts[key])))
            for key, code, branch, level, request, state in sorted(found, key=lambda row: row[0])
        ]  # fmt: skip

    def requests(
        self, agency: str | None = None, system: str | None = None, state: RequestState | None = None,
        after: str | None = None, limit: int | None = None,
    ) -> list[RequestRecord]:  # fmt: skip
        """Requests, oldest first.

        Args:
            after: only those behind this one, by id.
            limit: at most so many.

        Raises:
            UnknownNameError: there is no request `after`.
        """
        query = _requests(agency is not None, state is not None, after is not None)
        words: dict[str, Any] = {"agency": agency, "state": state.value if state else None}
        with self._reading() as session:
            if after is not None:
                row = session.get(t.RequestRow, after)
                if row is None or (agency is not None and row.agency_code != agency):
                    raise unknown("request", after, ())
                words |= {"at": row.created_at, "id": row.id}
            if limit is not None and system is None:
                query = query.limit(limit)
            found = session.execute(query, words).all()
            rows = [r for r in found if system is None or r.spec["system"]["name"] == system][:limit]
            return _with_events(session, rows)

    def request(self, request_id: str) -> RequestRecord | None:
        """One request, if there is such a one."""
        with self._reading() as session:
            found = session.execute(_request(), {"id": request_id}).all()
            return next(iter(_with_events(session, found)), None)


def _with_events(session: Session, rows: Sequence[Row[Any]]) -> list[RequestRecord]:
    events: dict[str, list[Any]] = defaultdict(list)
    for event in session.execute(_events(), {"ids": [r.id for r in rows]}):
        events[event.request_id].append(event)
    return [record_from(row, events[row.id]) for row in rows]


# Statements are made once: to make one takes as long as to run it.


@cache
def _agencies(one: bool) -> tuple[Select[Any], Select[Any], Select[Any]]:
    rows, systems = select(t.AgencyRow.code, t.AgencyRow.spec), select(t.SystemRow.name, t.SystemRow.agency_code)
    ids = select(t.RemoteIdRow.name, t.RemoteIdRow.value).where(
        t.RemoteIdRow.kind == "agency", t.RemoteIdRow.key == "domain_id"
    )
    if not one:
        return rows, systems, ids
    code: BindParameter[str] = bindparam("code")
    return (
        rows.where(t.AgencyRow.code == code), systems.where(t.SystemRow.agency_code == code),
        ids.where(t.RemoteIdRow.name == code),
    )  # fmt: skip


@cache
def _systems(of_agency: bool, one: bool) -> tuple[Select[Any], Select[Any], Select[Any]]:
    s = t.SystemRow
    newest = (
        select(t.SystemStateRow.state).where(t.SystemStateRow.system == s.name)
        .order_by(t.SystemStateRow.id.desc()).limit(1).scalar_subquery()
    )  # fmt: skip
    rows: Select[Any] = select(s.name, s.agency_code, t.AgencyRow.branch, s.level, s.request_id, newest).join(
        t.AgencyRow, t.AgencyRow.code == s.agency_code
    )
    hosts: Select[Any] = select(t.HostRow.name, t.HostRow.system).join(s, s.name == t.HostRow.system)
    ids: Select[Any] = select(t.RemoteIdRow.name, t.RemoteIdRow.value).join(s, s.name == t.RemoteIdRow.name)
    ids = ids.where(t.RemoteIdRow.kind == "system", t.RemoteIdRow.key == "project_id")
    found = (rows, hosts, ids)
    if of_agency:
        found = tuple(q.where(s.agency_code == bindparam("agency")) for q in found)  # type: ignore[assignment]
    if one:
        found = tuple(q.where(s.name == bindparam("name")) for q in found)  # type: ignore[assignment]
    return found


@cache
def _request() -> Select[Any]:
    r = t.RequestRow  # without its text, which is long and is not shown
    made: Select[Any] = select(r.id, r.kind, r.agency_code, r.requested_by, r.created_at, r.operates, r.spec)
    return made.where(r.id == bindparam("id"))


@cache
def _requests(of_agency: bool, of_state: bool, after: bool) -> Select[Any]:
    r = t.RequestRow
    made: Select[Any] = select(r.id, r.kind, r.agency_code, r.requested_by, r.created_at, r.operates, r.spec)
    if of_agency:
        # What is about several systems names those of other agencies, so it is for those who see the whole site.
        made = made.where(r.agency_code == bindparam("agency"), r.kind.not_in(sorted(kind.value for kind in SEVERAL)))
    if of_state:
        made = made.where(newest_of(r.id).scalar_subquery() == bindparam("state"))
    if after:
        made = made.where(tuple_(r.created_at, r.id) > tuple_(bindparam("at", type_=t.Utc()), bindparam("id")))
    return made.order_by(r.created_at, r.id)


@cache
def _events() -> Select[Any]:
    e = RequestEventRow
    made: Select[Any] = select(
        e.request_id, e.act, e.role, e.actor, e.plan, e.intent, e.document, e.step, e.note, e.body, e.target,
        e.created_at,
    )  # fmt: skip
    return made.where(e.request_id.in_(bindparam("ids", expanding=True))).order_by(e.number)
