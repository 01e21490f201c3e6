"""Lists of agencies, systems and requests with a few statements each, however many there are; of one agency or all."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import select, tuple_

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
        rows, systems = select(t.AgencyRow), select(t.SystemRow.name, t.SystemRow.agency_code)
        ids = select(t.RemoteIdRow).where(t.RemoteIdRow.kind == "agency", t.RemoteIdRow.key == "domain_id")
        if code is not None:
            rows, systems = rows.where(t.AgencyRow.code == code), systems.where(t.SystemRow.agency_code == code)
            ids = ids.where(t.RemoteIdRow.name == code)
        with self._reading() as session:
            domains = {r.name: r.value for r in session.scalars(ids)}
            names: dict[str, list[str]] = defaultdict(list)
            for name, agency in session.execute(systems).tuples():
                names[agency].append(name)
            return [
                AgencyLine(Agency.model_validate(r.spec), domains.get(r.code, ""), tuple(sorted(names[r.code])))
                for r in sorted(session.scalars(rows), key=lambda r: r.code)
            ]

    def systems(self, agency: str | None = None, name: str | None = None) -> list[SystemLine]:
        """Systems by name; of one agency, or of one name, when given."""
        newest = (
            select(t.SystemStateRow.state).where(t.SystemStateRow.system == t.SystemRow.name)
            .order_by(t.SystemStateRow.id.desc()).limit(1).scalar_subquery()
        )  # fmt: skip
        query = select(t.SystemRow, t.AgencyRow.branch, newest).join(
            t.AgencyRow, t.AgencyRow.code == t.SystemRow.agency_code
        )
        if agency is not None:
            query = query.where(t.SystemRow.agency_code == agency)
        if name is not None:
            query = query.where(t.SystemRow.name == name)
        with self._reading() as session:
            found = sorted(session.execute(query).tuples(), key=lambda row: row[0].name)
            names = [row.name for row, _branch, _state in found]
            hosts: dict[str, list[str]] = defaultdict(list)
            in_these = t.HostRow.system.in_(names)
            for host, system in session.execute(select(t.HostRow.name, t.HostRow.system).where(in_these)).tuples():
                hosts[system].append(host)
            ids = select(t.RemoteIdRow.name, t.RemoteIdRow.value).where(
                t.RemoteIdRow.kind == "system", t.RemoteIdRow.key == "project_id", t.RemoteIdRow.name.in_(names)
            )
            projects = dict(session.execute(ids).tuples().all())
        return [
            SystemLine(
                row.name, row.agency_code, branch, row.level, state or "requested", row.request_id,
                projects.get(row.name, ""), tuple(sorted(hosts[row.name])),
            )
            for row, branch, state in found
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
