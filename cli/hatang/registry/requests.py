"""Requests in the registry: submitted, and everything that is done to them after that, by the table of states."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from sqlalchemy import select
from sqlalchemy.orm import Session

from hatang.errors import NameTakenError, RefusedError
from hatang.model.asked import AnyRequest
from hatang.model.authority import is_operator
from hatang.model.case import Case, Event
from hatang.model.change import Difference
from hatang.model.interconnect import InterconnectFile
from hatang.model.lifecycle import (
    BIRTH,
    SEVERAL,
    STANDING_KINDS,
    UNDER_WAY,
    Act,
    RequestKind,
    RequestState,
    Role,
)
from hatang.model.reorganisation import Reorganisation
from hatang.model.request import RequestFile
from hatang.model.site import Site
from hatang.model.standing_request import StandingRequest
from hatang.model.system import System
from hatang.model.terms import ZoneKind
from hatang.model.waiver import person_key
from hatang.registry import (
    addresses,
    altering,
    bodies,
    ceilings,
    interconnecting,
    names,
    quarantine,
    reorganising,
    standing,
    unborn,
)
from hatang.registry import tables as t
from hatang.registry.cases import add, case_of, record_of
from hatang.registry.records import RequestRecord, SystemRecord
from hatang.registry.states import home_of, newest_of, others_of, state_of
from hatang.registry.unknown import unknown

ZonesOf = Callable[[System], Sequence[ZoneKind]]


class Requests:
    """The registry's part about requests."""

    def _reading(self) -> AbstractContextManager[Session]:
        raise NotImplementedError

    def _writing(self) -> AbstractContextManager[Session]:
        raise NotImplementedError

    # -- asking -------------------------------------------------------------------------------------------------------

    def submit(self, file: AnyRequest, text: str, site: Site | None = None, *, draft: bool = False) -> RequestRecord:
        """Record a request; the same content again is the same request.

        A request that was returned is submitted again by the same person, of the same kind, for the same system.

        Args:
            site: its flavors tell what the agency's systems take, and its specialised unit who must decide; without
                it only their number of hosts and block storage are measured.
            draft: record it without handing it in.

        Raises:
            InputError: the agency or the system is known under other facts, or another system has such a server.
            QuotaError, InputErrors: the agency's systems would pass its ceiling.
            RefusedError: the system is in use, or is not: another kind of request is for it.
            UnknownNameError: there is no such system to change, suspend or resume.
        """
        with self._writing() as session:
            digest = standing.digest(session, file)
            row = session.scalars(select(t.RequestRow).where(t.RequestRow.digest == digest)).first()
            if row is None:
                row = self._take(session, file, text, digest, site)
                case = case_of(session, row)
                self._hand_in(session, row, case, file, site, draft)
            elif case_of(session, row).state is RequestState.DRAFT and not draft:
                self._hand_in(session, row, case_of(session, row), file, site, draft)
            return record_of(session, row)

    def _take(self, session: Session, file: AnyRequest, text: str, digest: str, site: Site | None) -> t.RequestRow:
        if isinstance(file, RequestFile):
            bodies.take(session, file)
            spec = ceilings.as_kept(file)
        elif isinstance(file, Reorganisation):
            bodies.of_code(session, file.agency)
            spec = reorganising.as_drafted(file)
        elif isinstance(file, InterconnectFile):
            bodies.of_code(session, file.agency)
            spec = interconnecting.as_drafted(file)
        else:
            spec = standing.as_kept(session, file)
        operates = site is not None and is_operator(site.specialised_unit, spec["system"]["operator"])
        for row in session.scalars(select(t.RequestRow).where(t.RequestRow.agency_code == file.agency_code)):
            same = row.kind == file.kind and row.spec["system"]["name"] == file.system_name
            same = same and (not isinstance(file, InterconnectFile) or interconnecting.is_same(row, file))
            asked_by_same = person_key(row.requested_by) == person_key(file.requested_by)
            if same and asked_by_same and case_of(session, row).state is RequestState.RETURNED:
                row.digest, row.text, row.spec, row.operates = digest, text, spec, operates
                session.flush()
                return row
        row = t.RequestRow(
            id=digest[:12], digest=digest, text=text, spec=spec, kind=file.kind, operates=operates,
            agency_code=file.agency_code, requested_by=file.requested_by,
        )  # fmt: skip
        session.add(row)
        session.flush()
        return row

    def _hand_in(
        self, session: Session, row: t.RequestRow, case: Case, file: AnyRequest,
        site: Site | None, draft: bool,
    ) -> None:  # fmt: skip
        quarantine.expire(session)
        act = Act.DRAFT if draft else Act.SUBMIT
        add(session, row, case, Event(act, Role.REQUESTER, file.requested_by, document=row.digest))
        if draft:
            return
        if isinstance(file, Reorganisation):
            reorganising.take(session, row, file, site, _open(session))
            return
        if isinstance(file, InterconnectFile):
            interconnecting.take(session, row, file, site, _open(session))
            return
        reorganising.refuse_touched(session, file.agency_code, _open(session, RequestKind.REORGANISE))
        if file.asked not in BIRTH:
            altering.check_alone(session, row, file.system_name)
        if isinstance(file, StandingRequest):
            standing.check(session, file)
            return
        if file.asked is RequestKind.CHANGE:
            altering.check(session, row, file)
        else:
            if file.asked is RequestKind.NEW_AGENCY:
                bodies.come(session, row, file)
            self._take_system(session, file, row.id)
            names.claim(session, file.system)
        taken = session.get_one(t.SystemRow, file.system.name)
        under_way = {o.spec["system"]["name"]: o for o in _open(session, RequestKind.CHANGE)}
        asked = {name: System.model_validate(o.spec["system"]) for name, o in under_way.items()}
        ceilings.check(session, file.system, row, others_of(session, taken), site, asked)

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
            raise NameTakenError(
                f"the name {system.name} is taken by a system of agency {row.agency_code}",
                where="system.name", do="choose another name",
            )  # fmt: skip
        state = state_of(session, system.name)
        if state not in ("requested", "removed"):
            raise RefusedError(
                f"system {system.name} is {state}; a new-system request cannot change it",
                where=f"registry, system {system.name}",
                do="ask for it with kind: change; or remove the system first: "
                f"hatang system destroy {system.name} --yes",
            )  # fmt: skip
        quarantine.refuse_resting(session, system.name)
        row.request_id, row.level, row.spec = request_id, int(system.level), spec
        addresses.release(session, system.name)
        session.add(t.SystemStateRow(system=system.name, state="requested"))

    # -- looking ------------------------------------------------------------------------------------------------------

    def request(self, request_id: str) -> RequestRecord:
        """One request. Raises UnknownNameError."""
        with self._reading() as session:
            return record_of(session, _row(session, request_id))

    def requests(self, state: RequestState | None = None) -> list[RequestRecord]:
        """All requests, oldest first; of one state only when given."""
        with self._reading() as session:
            rows = session.scalars(select(t.RequestRow).order_by(t.RequestRow.created_at, t.RequestRow.id))
            found = [record_of(session, row) for row in rows]
        return [r for r in found if state is None or r.state == state]

    def change_to_do(self, system: str) -> RequestRecord | None:
        """What is approved for a system in use and not begun: a change, to suspend it, to resume it."""
        found = [r for r in self.requests(RequestState.APPROVED) if r.system == system and r.kind not in BIRTH]
        return found[0] if found else None

    def as_asked(self, request_id: str, site: Site | None = None, zones: ZonesOf | None = None) -> SystemRecord:
        """The system as a request wants it, with addresses that zones and hosts to come would get. Writes nothing.

        Args:
            site: that public addresses come from; only a change needs it.
            zones: zones that a system must have at its level; None: as they are.
        """
        with self._reading() as session:
            row = _row(session, request_id)
            system = System.model_validate(row.spec["system"])
            current = session.get(t.SystemRow, system.name)
            agency = session.get_one(t.AgencyRow, current.agency_code if current else row.agency_code)
            home = home_of(session, current) if current else agency.code
            there, state = addresses.of(session, system.name), state_of(session, system.name)
            allocation = there
            if there and row.kind == RequestKind.CHANGE:
                assert site is not None, "a change needs the site, for its public addresses"
                allocation = addresses.with_more(session, there, system, site, zones(system) if zones else None)
            held = standing.holds(RequestKind(row.kind), state)
            leaves = row.kind == RequestKind.REMOVE
            asked = bodies.as_asked(agency, row)
            ways = interconnecting.of_system(session, system.name, level=int(system.level))
            return SystemRecord(system, asked, row.id, state, allocation, held, leaves, ways, home)

    def changes(self, request_id: str) -> list[Difference]:
        """Old against new of a request about what is there, or what a new agency will be; none once it has begun."""
        with self._reading() as session:
            row = _row(session, request_id)
            if row.kind == RequestKind.REORGANISE:
                return reorganising.differences(session, row)
            if row.kind == RequestKind.NEW_AGENCY:
                return bodies.differences(session, row)
            if row.kind == RequestKind.INTERCONNECT:
                return interconnecting.differences(session, row)
            if row.kind in STANDING_KINDS:
                return standing.differences(RequestKind(row.kind), state_of(session, row.spec["system"]["name"]))
            return altering.differences_of(session, row) if row.kind == RequestKind.CHANGE else []

    # -- deciding and carrying out ------------------------------------------------------------------------------------

    def act(self, request_id: str, event: Event) -> RequestRecord:
        """Record an act, where the table, the level and the person allow it; the same decision again is the first.

        Raises:
            RefusedError, InputError: why not.
            UnknownNameError: no such request.
        """
        with self._writing() as session:
            row = _row(session, request_id)
            case = case_of(session, row)
            last = case.events[-1]
            again = (last.act, last.role, person_key(last.person), last.plan, last.document, last.body)
            if again == (event.act, event.role, person_key(event.person), event.plan, event.document, event.body):
                return record_of(session, row)
            if event.act is Act.APPROVE and not any(e.act is Act.APPROVE for e in case.round):
                add(session, row, case, event)
                if row.kind not in SEVERAL:
                    # Once for what was submitted: approved again, it must not bring an old ceiling back.
                    ceilings.take_over(session, row)
            else:
                add(session, row, case, event)
            if event.act is Act.KEEP:
                quarantine.keep(session, row.spec["system"]["name"])
            if event.act is Act.REJECT and row.kind in BIRTH:
                unborn.let_go(session, row)
            if event.act in (Act.REJECT, Act.RETURN) and row.kind == RequestKind.CHANGE:
                current = session.get_one(t.SystemRow, row.spec["system"]["name"])
                names.give_back(session, System.model_validate(current.spec), System.model_validate(row.spec["system"]))
            return record_of(session, row)

    def begin(self, request_id: str, site: Site | None = None, zones: ZonesOf | None = None) -> None:
        """The cloud begins to follow. From now on the registry has what a change asks for. Begun already: goes on.

        Args:
            site, zones: as in `as_asked`; only a change needs them.

        Raises:
            RefusedError: it is not approved, or another request has taken its place.
        """
        with self._writing() as session:
            row = _row(session, request_id)
            case = case_of(session, row)
            if case.state in (*UNDER_WAY, RequestState.ACTIVE, RequestState.SUSPENDED):
                return
            if case.state is RequestState.FAILED:
                add(session, row, case, Event(Act.RETRY, Role.ENGINEER))
                return
            if row.kind in SEVERAL:
                add(session, row, case, Event(Act.BEGIN, Role.ENGINEER))
                if row.kind == RequestKind.INTERCONNECT:
                    interconnecting.begin(session, row)
                return
            system = session.get_one(t.SystemRow, row.spec["system"]["name"])
            add(session, row, case, Event(Act.BEGIN, Role.ENGINEER))
            if row.kind in BIRTH or system.request_id == row.id:
                return
            system.request_id = row.id
            if row.kind in STANDING_KINDS:
                session.add(t.SystemStateRow(system=system.name, state=standing.UNDER_WAY[RequestKind(row.kind)]))
                return
            agency = session.get_one(t.AgencyRow, row.agency_code)
            agency.spec = {**agency.spec, "contact": row.spec["agency"]["contact"]}
            wanted = System.model_validate(row.spec["system"])
            if int(wanted.level) != system.level:
                interconnecting.end_all(session, system.name, f"level of {system.name}: {int(wanted.level)}")
            system.spec, system.level = row.spec["system"], int(wanted.level)
            assert site is not None, "a change needs the site, for its public addresses"
            quarantine.expire(session)
            addresses.give_more(session, wanted, site, zones(wanted) if zones else None)
            session.add(t.SystemStateRow(system=system.name, state="changing"))

    def fail(self, request_id: str, step: str, cause: str) -> None:
        """The workflow stopped at a step. A request that is in use already stays so: its repair failed."""
        with self._writing() as session:
            row = _row(session, request_id)
            case = case_of(session, row)
            if case.state in UNDER_WAY:
                add(session, row, case, Event(Act.FAIL, Role.HATANG, step=step, note=cause))


def _open(session: Session, *kinds: RequestKind) -> list[t.RequestRow]:
    """Requests that are under way; of these kinds alone when some are given."""
    newest = newest_of(t.RequestRow.id)
    closed = [state.value for state in altering.CLOSED]
    query = select(t.RequestRow).where(newest.scalar_subquery().not_in(closed))
    return list(session.scalars(query.where(t.RequestRow.kind.in_(kinds)) if kinds else query))


def _row(session: Session, request_id: str) -> t.RequestRow:
    row = session.get(t.RequestRow, request_id)
    if row is None:
        raise unknown("request", request_id, session.scalars(select(t.RequestRow.id)))
    return row
