"""The registry: one method per use case, one transaction each. No database object leaves it.

Names are sorted here, not by the database: on PostgreSQL their order would depend on its locale.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from ipaddress import IPv6Network
from typing import Any, ClassVar

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from hatang.model.agency import Agency
from hatang.model.allocation import Allocation
from hatang.model.site import Site
from hatang.model.system import System
from hatang.model.terms import Level, ZoneKind
from hatang.registry import (
    addresses,
    adopted,
    ceilings,
    database,
    interconnecting,
    names,
    quarantine,
    servers,
    sessions,
)
from hatang.registry import tables as t
from hatang.registry.following import follow_system
from hatang.registry.records import HELD, HostRecord, SystemRecord
from hatang.registry.requests import Requests
from hatang.registry.states import home_of, others_of, state_of
from hatang.registry.unknown import unknown


class Registry(Requests):
    """All that hatang remembers of a site.

    Attributes:
        latest: the one that was opened last in this process; the journal is written at the end of a command from it.
        writes: how often this process has asked one to keep something.
    """

    latest: ClassVar[Registry | None] = None
    writes: ClassVar[int] = 0

    def __init__(self, url: str) -> None:
        self._engine = database.connect(url)

    @classmethod
    def open(cls, url: str) -> Registry:
        """The registry at this SQLAlchemy URL, made or migrated to the newest schema.

        Raises:
            SettingsError: the URL is no URL of SQLite or PostgreSQL.
            RefusedError: the registry is of a newer hatang, or holds what the new schema forbids.
            RegistryError: the database does not answer. Every method may raise it.
        """
        registry = cls(url)
        database.migrate(registry._engine)
        Registry.latest = registry
        return registry

    def _reading(self) -> AbstractContextManager[Session]:
        return sessions.reading(self._engine)

    def _writing(self) -> AbstractContextManager[Session]:
        Registry.writes += 1
        return sessions.writing(self._engine)

    # -- agencies and systems -----------------------------------------------------------------------------------------

    def agencies(self) -> list[Agency]:
        """All agencies, by code."""
        with self._reading() as session:
            rows = sorted(session.scalars(select(t.AgencyRow)), key=lambda r: r.code)
            return [Agency.model_validate(r.spec) for r in rows]

    def agency(self, code: str) -> Agency:
        """One agency. Raises UnknownNameError."""
        with self._reading() as session:
            row = session.get(t.AgencyRow, code)
            if row is None:
                raise unknown("agency", code, session.scalars(select(t.AgencyRow.code)))
            return Agency.model_validate(row.spec)

    def systems(self) -> list[SystemRecord]:
        """All systems, by name."""
        with self._reading() as session:
            rows = sorted(session.scalars(select(t.SystemRow)), key=lambda r: r.name)
            return [self._system(session, r) for r in rows]

    def system(self, name: str) -> SystemRecord:
        """One system. Raises UnknownNameError."""
        with self._reading() as session:
            row = session.get(t.SystemRow, name)
            if row is None:
                raise unknown("system", name, session.scalars(select(t.SystemRow.name)))
            return self._system(session, row)

    def set_system_state(self, name: str, state: str) -> None:
        """The system comes into a state, or stays in it. Removed, it gives addresses and servers' names back."""
        with self._writing() as session:
            if state_of(session, name) != state:
                session.add(t.SystemStateRow(system=name, state=state))
            follow_system(session, name, state)
            if state == "removed":
                names.release(session, name)
                addresses.release(session, name)

    def _system(self, session: Session, row: t.SystemRow) -> SystemRecord:
        agency, state = session.get_one(t.AgencyRow, row.agency_code), state_of(session, row.name)
        return SystemRecord(
            System.model_validate(row.spec), Agency.model_validate(agency.spec), row.request_id,
            state, addresses.of(session, row.name), state in HELD,
            ways=interconnecting.of_system(session, row.name), home=home_of(session, row),
        )  # fmt: skip

    def check_ceiling(self, name: str, site: Site, request_id: str = "") -> None:
        """Does the agency of a system stay within its ceiling?

        With addresses a system counts: a request that came later cannot keep others from being applied.

        Args:
            request_id: measure the system as this request wants it; else as the request that it follows does.

        Raises:
            QuotaError, InputErrors: it does not.
        """
        with self._reading() as session:
            row = session.get_one(t.SystemRow, name)
            asked = session.get_one(t.RequestRow, request_id or row.request_id)
            system = System.model_validate(asked.spec["system"])
            ceilings.check(session, system, asked, others_of(session, row, with_addresses=True), site)

    # -- addresses ----------------------------------------------------------------------------------------------------

    def allocate(self, name: str, site: Site, zones: Sequence[ZoneKind]) -> Allocation:
        """Give a system its addresses, all in one transaction; one that has them keeps them.

        Raises:
            RefusedError: the branch has none left.
        """
        with self._writing() as session:
            there = addresses.of(session, name)
            if there is not None:
                return there
            quarantine.expire(session)
            record = self._system(session, session.get_one(t.SystemRow, name))
            return addresses.give(session, record.spec, record.agency.branch, site, zones)

    def free_addresses(
        self, name: str, site: Site, zones: Sequence[ZoneKind], beside: Sequence[IPv6Network]
    ) -> Allocation:
        """What `allocate` would give a system, and none of `beside`. Keeps nothing. Raises RefusedError."""
        with self._reading() as session:
            record = self._system(session, session.get_one(t.SystemRow, name))
            return addresses.choose(session, record.spec, record.agency.branch, site, zones, beside)

    def take_addresses(self, name: str, site: Site, used: Allocation, *, keep: bool = True) -> None:
        """Addresses that a system uses on the cloud already become its own, in one transaction.

        Args:
            keep: else only look whether they could.

        Raises:
            InputError: they do not lie in the pools of the agency's branch, or another system has some of them.
        """
        with self._writing() if keep else self._reading() as session:
            record = self._system(session, session.get_one(t.SystemRow, name))
            adopted.check(session, record, site.pool(record.agency.branch), used)
            if keep and addresses.of(session, name) != used:
                addresses.release(session, name)
                addresses.keep(session, name, record.agency.branch, site, used)

    def give_addresses_back(self, name: str) -> None:
        """A system that nothing was made of has no addresses any more."""
        with self._writing() as session:
            addresses.release(session, name)

    # -- what came of it ----------------------------------------------------------------------------------------------

    def record_hosts(self, name: str, hosts: Sequence[HostRecord]) -> None:
        """These are the servers of a system; others are forgotten."""
        with self._writing() as session:
            session.execute(delete(t.HostRow).where(t.HostRow.system == name))
            for h in hosts:
                row = {"name": h.name, "system": name, "zone": h.zone, "address": h.address}
                session.add(t.HostRow(**row, login=h.login, server_id=h.server_id))
            servers.first_seen(session, name, [h.server_id for h in hosts])

    def hosts(self, system: str | None = None) -> list[HostRecord]:
        """Servers of one system, or of all, by name."""
        query = select(t.HostRow, t.SystemRow).join(t.SystemRow, t.SystemRow.name == t.HostRow.system)
        if system is not None:
            query = query.where(t.HostRow.system == system)
        with self._reading() as session:
            return [
                HostRecord(h.name, s.name, s.agency_code, h.zone, h.address, h.login, h.server_id, int(Level(s.level)))
                for h, s in sorted(session.execute(query).tuples(), key=lambda row: row[0].name)
            ]

    def record_remote_ids(self, kind: str, name: str, outputs: Mapping[str, Any]) -> None:
        """Keep ids that the cloud gave; what a stack puts out besides single ids is left out."""
        with self._writing() as session:
            for key, value in outputs.items():
                if not isinstance(value, str):
                    continue
                session.merge(t.RemoteIdRow(kind=kind, name=name, key=key, value=value))

    def remote_ids(self, kind: str, name: str) -> dict[str, str]:
        """Ids that the cloud gave, by key."""
        with self._reading() as session:
            where = (t.RemoteIdRow.kind == kind, t.RemoteIdRow.name == name)
            return {r.key: r.value for r in session.scalars(select(t.RemoteIdRow).where(*where))}

    def remote_name(self, kind: str, key: str, value: str) -> str | None:
        """What the thing is called here that has this id in the cloud; None: nothing here has it."""
        where = (t.RemoteIdRow.kind == kind, t.RemoteIdRow.key == key, t.RemoteIdRow.value == value)
        with self._reading() as session:
            return session.scalars(select(t.RemoteIdRow.name).where(*where)).first()

    def record_deployment(
        self,
        system: str,
        kind: str,
        plan_digest: str,
        summary: dict[str, Any],
        started: datetime,
        finished: datetime,
        ok: bool,
    ) -> None:
        """Keep what one change of the cloud planned and did."""
        with self._writing() as session:
            session.add(
                t.DeploymentRow(
                    system=system, kind=kind, plan_digest=plan_digest, summary=summary,
                    started_at=started, finished_at=finished, is_ok=ok,
                )
            )  # fmt: skip

    def record_check_run(self, system: str, summary: dict[str, Any]) -> int:
        """Keep what a run of the checks found; returns its number."""
        with self._writing() as session:
            row = t.CheckRunRow(system=system, summary=summary)
            session.add(row)
            session.flush()
            return row.id

    def last_check_run(self, system: str) -> dict[str, Any] | None:
        """Summary of the newest run of the checks of a system, with its time."""
        newest = select(t.CheckRunRow).where(t.CheckRunRow.system == system).order_by(t.CheckRunRow.id.desc()).limit(1)
        with self._reading() as session:
            row = session.scalars(newest).first()
            return {**row.summary, "id": row.id, "at": row.created_at.isoformat()} if row else None
