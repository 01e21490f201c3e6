"""Lists of agencies, systems and requests with a few statements each, however many there are; of one agency or all."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, select, tuple_

from hatang.model.agency import Agency
from hatang.model.lifecycle import RequestState
from hatang.registry import tables as t
from hatang.registry.records import RequestRecord
from hatang.registry.request_tables import RequestEventRow
from hatang.registry.requests import record_from
from hatang.registry.store import Registry
from hatang.registry.unknown import unknown


@dataclass(frozen=True)
class AgencyLine:
    """An agency with the names of its systems."""

    agency: Agency
    domain_id: str  # of Keystone; empty before its first system is applied
    systems: tuple[str, ...]


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
        return [
            AgencyLine(Agency.model_validate(spec), domains.get(key, ""), tuple(sorted(names[key])))
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
        query = select(t.RequestRow).order_by(t.RequestRow.created_at, t.RequestRow.id)
        if agency is not None:
            query = query.where(t.RequestRow.agency_code == agency)
        if state is not None:
            newest = (
                select(RequestEventRow.target).where(RequestEventRow.request_id == t.RequestRow.id)
                .order_by(RequestEventRow.number.desc()).limit(1).scalar_subquery()
            )  # fmt: skip
            query = query.where(newest == state.value)
        with self._reading() as session:
            if after is not None:
                row = session.get(t.RequestRow, after)
                if row is None or (agency is not None and row.agency_code != agency):
                    raise unknown("request", after, ())
                query = query.where(tuple_(t.RequestRow.created_at, t.RequestRow.id) > (row.created_at, row.id))
            if limit is not None and system is None:
                query = query.limit(limit)
            rows = [r for r in session.scalars(query) if system is None or r.spec["system"]["name"] == system][:limit]
            events: dict[str, list[RequestEventRow]] = defaultdict(list)
            of_these = RequestEventRow.request_id.in_([r.id for r in rows])
            for event in session.scalars(select(RequestEventRow).where(of_these).order_by(RequestEventRow.number)):
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
