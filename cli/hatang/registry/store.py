"""The registry: one method per use case, one transaction each. No database object leaves it.

Names are sorted here, not by the database: on PostgreSQL their order would depend on its locale.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from hatang.errors import InputError, RefusedError, UnknownNameError
from hatang.model.agency import Agency, QuotaCeiling
from hatang.model.allocation import Allocation
from hatang.model.request import RequestFile, RequestState
from hatang.model.site import Site
from hatang.model.system import System
from hatang.model.terms import Level, ZoneKind
from hatang.registry import addresses, ceilings, database, names, sessions
from hatang.registry import tables as t
from hatang.registry.records import ApprovalRecord, HostRecord, RequestRecord, SystemRecord
from hatang.registry.states import others_of, state_of
from hatang.suggestions import did_you_mean


class Registry:
    """All that hatang remembers of a site."""

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
        return registry

    def _reading(self) -> AbstractContextManager[Session]:
        return sessions.reading(self._engine)

    def _writing(self) -> AbstractContextManager[Session]:
        return sessions.writing(self._engine)

    # -- requests -----------------------------------------------------------------------------------------------------

    def submit(self, file: RequestFile, text: str, site: Site | None = None) -> RequestRecord:
        """Record a request; the same content again is the same request.

        Args:
            site: its flavors tell what the agency's systems take; without it they are not measured.

        Raises:
            InputError: the agency or the system is known under other facts, or another system has such a server.
            QuotaError, InputErrors: the agency's systems would pass its ceiling.
            RefusedError: the system is in use; a change of it is another kind of request.
        """
        digest = hashlib.sha256(file.model_dump_json().encode()).hexdigest()
        with self._writing() as session:
            if session.get(t.RequestRow, digest[:12]) is None:
                self._submit(session, file, text, digest, site)
        return self.request(digest[:12])

    def _submit(self, session: Session, file: RequestFile, text: str, digest: str, site: Site | None) -> None:
        self._take_agency(session, file.agency)
        row = t.RequestRow(
            id=digest[:12], digest=digest, text=text, spec=ceilings.as_kept(file),
            agency_code=file.agency.code, requested_by=file.requested_by,
        )  # fmt: skip
        session.add(row)
        session.flush()
        self._take_system(session, file, row.id)
        names.claim(session, file.system)
        if site is not None:
            taken = session.get_one(t.SystemRow, file.system.name)
            ceilings.check(session, taken, others_of(session, taken), site)

    def _take_agency(self, session: Session, agency: Agency) -> None:
        row = session.get(t.AgencyRow, agency.code)
        if row is None:
            spec = agency.model_copy(update={"ceiling": QuotaCeiling()}).model_dump(mode="json")  # until an approval
            session.add(t.AgencyRow(code=agency.code, branch=agency.branch.value, spec=spec))
            session.flush()
        elif row.branch != agency.branch.value:
            raise InputError(
                f"agency {agency.code} is known with branch {row.branch}, not {agency.branch.value}",
                where="agency.branch", do="correct the branch or the code",
            )  # fmt: skip

    def _take_system(self, session: Session, file: RequestFile, request_id: str) -> None:
        system = file.system
        row = session.get(t.SystemRow, system.name)
        spec = system.model_dump(mode="json")
        if row is None:
            session.add(
                t.SystemRow(
                    name=system.name, agency_code=file.agency.code, request_id=request_id,
                    level=int(system.level), spec=spec,
                )
            )  # fmt: skip
            session.flush()
            session.add(t.SystemStateRow(system=system.name, state="requested"))
            return
        if row.agency_code != file.agency.code:
            raise InputError(
                f"the name {system.name} is taken by a system of agency {row.agency_code}",
                where="system.name", do="choose another name",
            )  # fmt: skip
        state = state_of(session, system.name)
        if state not in ("requested", "removed"):
            raise RefusedError(
                f"system {system.name} is {state}; a new-system request cannot change it",
                where=f"registry, system {system.name}",
                do=f"remove it first: hatang system destroy {system.name} --yes",
            )  # fmt: skip
        row.request_id, row.level, row.spec = request_id, int(system.level), spec
        addresses.release(session, system.name)
        session.add(t.SystemStateRow(system=system.name, state="requested"))

    def request(self, request_id: str) -> RequestRecord:
        """One request. Raises UnknownNameError."""
        with self._reading() as session:
            return self._request(session, self._request_row(session, request_id))

    def _request_row(self, session: Session, request_id: str) -> t.RequestRow:
        row = session.get(t.RequestRow, request_id)
        if row is None:
            raise _unknown("request", request_id, session.scalars(select(t.RequestRow.id)))
        return row

    def requests(self, state: RequestState | None = None) -> list[RequestRecord]:
        """All requests, oldest first; of one state only when given."""
        with self._reading() as session:
            rows = session.scalars(select(t.RequestRow).order_by(t.RequestRow.created_at, t.RequestRow.id))
            found = [self._request(session, row) for row in rows]
        return [r for r in found if state is None or r.state == state]

    def approve(self, request_id: str, by: str, note: str = "") -> ApprovalRecord:
        """Record an approval; the same person's second one is the first.

        Raises:
            RefusedError: the approver is the requester.
            UnknownNameError: no such request.
        """
        with self._writing() as session:
            asked = self._request_row(session, request_id)
            if by.strip().casefold() == asked.requested_by.strip().casefold():
                raise RefusedError(
                    f"{by} asked for request {request_id} and may not approve it",
                    where=f"registry, request {request_id}",
                    do="another person approves: hatang request approve ID --by NAME",
                )
            there = self._approvals(session, request_id)
            mine = [a for a in there if a.approved_by == by]
            if mine:
                return mine[0]
            if not there:  # a second approver confirms, and must not bring an old ceiling back
                ceilings.take_over(session, asked)
            row = t.ApprovalRow(request_id=request_id, requested_by=asked.requested_by, approved_by=by, note=note)
            session.add(row)
            session.flush()
            return ApprovalRecord(request_id, row.approved_by, row.note, row.created_at)

    def _approvals(self, session: Session, request_id: str) -> tuple[ApprovalRecord, ...]:
        query = select(t.ApprovalRow).where(t.ApprovalRow.request_id == request_id).order_by(t.ApprovalRow.id)
        return tuple(ApprovalRecord(a.request_id, a.approved_by, a.note, a.created_at) for a in session.scalars(query))

    def _request(self, session: Session, row: t.RequestRow) -> RequestRecord:
        approvals = self._approvals(session, row.id)
        name = row.spec["system"]["name"]
        state = RequestState.APPROVED if approvals else RequestState.SUBMITTED
        system = session.get(t.SystemRow, name)
        if system is not None and system.request_id == row.id and approvals:
            reached = state_of(session, name)
            state = RequestState(reached) if reached in ("active", "removed") else state
        return RequestRecord(row.id, name, row.agency_code, row.requested_by, state, row.created_at, approvals)

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
                raise _unknown("agency", code, session.scalars(select(t.AgencyRow.code)))
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
                raise _unknown("system", name, session.scalars(select(t.SystemRow.name)))
            return self._system(session, row)

    def set_system_state(self, name: str, state: str) -> None:
        """The system comes into a state, or stays in it. Removed, it gives addresses and servers' names back."""
        with self._writing() as session:
            if state_of(session, name) != state:
                session.add(t.SystemStateRow(system=name, state=state))
            if state == "removed":
                names.release(session, name)
                addresses.release(session, name)

    def _system(self, session: Session, row: t.SystemRow) -> SystemRecord:
        agency = session.get_one(t.AgencyRow, row.agency_code)
        return SystemRecord(
            System.model_validate(row.spec), Agency.model_validate(agency.spec), row.request_id,
            state_of(session, row.name), addresses.of(session, row.name),
        )  # fmt: skip

    def check_ceiling(self, name: str, site: Site) -> None:
        """Does the agency of a system stay within its ceiling?

        With addresses a system counts: a request that came later cannot keep others from being applied.

        Raises:
            QuotaError, InputErrors: it does not.
        """
        with self._reading() as session:
            row = session.get_one(t.SystemRow, name)
            ceilings.check(session, row, others_of(session, row, with_addresses=True), site)

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
            record = self._system(session, session.get_one(t.SystemRow, name))
            return addresses.give(session, record.spec, record.agency.branch, site, zones)

    # -- what came of it ----------------------------------------------------------------------------------------------

    def record_hosts(self, name: str, hosts: Sequence[HostRecord]) -> None:
        """These are the servers of a system; others are forgotten."""
        with self._writing() as session:
            session.execute(delete(t.HostRow).where(t.HostRow.system == name))
            for h in hosts:
                row = {"name": h.name, "system": name, "zone": h.zone, "address": h.address}
                session.add(t.HostRow(**row, login=h.login, server_id=h.server_id))

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

    def record_remote_ids(self, kind: str, name: str, ids: dict[str, str]) -> None:
        """Keep ids that the cloud gave."""
        with self._writing() as session:
            for key, value in ids.items():
                session.merge(t.RemoteIdRow(kind=kind, name=name, key=key, value=value))

    def remote_ids(self, kind: str, name: str) -> dict[str, str]:
        """Ids that the cloud gave, by key."""
        with self._reading() as session:
            where = (t.RemoteIdRow.kind == kind, t.RemoteIdRow.name == name)
            return {r.key: r.value for r in session.scalars(select(t.RemoteIdRow).where(*where))}

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


def _unknown(kind: str, name: str, known: Iterable[str]) -> UnknownNameError:
    there = sorted(known)
    otherwise = f"known: {', '.join(there[:10])}"
    if not there:
        otherwise = f"no {kind} is known yet; begin with hatang request submit FILE"
    return UnknownNameError(f"no {kind} is called {name}", where="registry", do=did_you_mean(name, there, otherwise))
