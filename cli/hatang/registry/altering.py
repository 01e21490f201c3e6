"""Requests for a change of a system in use, as the registry takes them in."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from hatang.errors import InputError, RefusedError
from hatang.model.agency import Agency
from hatang.model.change import Difference, differences, lost_data
from hatang.model.lifecycle import BIRTH, OVER, RequestState
from hatang.model.request import RequestFile
from hatang.model.system import System
from hatang.registry import names
from hatang.registry import tables as t
from hatang.registry.cases import about, case_of
from hatang.registry.standing import refuse_future
from hatang.registry.states import state_of
from hatang.registry.unknown import unknown

CLOSED = (*OVER, RequestState.DRAFT, RequestState.RETURNED)  # nothing is under way


def check(session: Session, row: t.RequestRow, file: RequestFile) -> None:
    """Does the system stand where it can be changed, and is all of this carried out? Then its names are claimed.

    Raises:
        InputError: it changes nothing, or something that is not carried out.
        RefusedError: the system is not in use.
        UnknownNameError: the agency has no such system.
        NameTakenError: another system has such a server.
    """
    name = file.system.name
    system = session.get(t.SystemRow, name)
    if system is None or system.agency_code != file.agency.code:
        raise unknown(f"system of agency {file.agency.code}", name, session.scalars(
            select(t.SystemRow.name).where(t.SystemRow.agency_code == file.agency.code)))  # fmt: skip
    if (state := state_of(session, name)) != "active":
        raise RefusedError(f"system {name} is {state}; only a system in use can be changed",
            where=f"registry, system {name}", do=f"bring it up first: hatang system apply {name}")  # fmt: skip
    found = differences_of(session, row)
    if not found:
        raise InputError(f"the request asks for nothing that system {name} does not have", where="system",
            do="state what shall be different")  # fmt: skip
    _refuse_what_is_not_carried_out(found)
    _check_data(System.model_validate(system.spec), file)
    names.claim_more(session, file.system)
    row.spec = {**row.spec, "from_level": system.level}  # who may lower a level is asked at the level as it was


def _refuse_what_is_not_carried_out(found: Sequence[Difference]) -> None:
    if refused := [d for d in found if not d.carried_out]:
        told = "; ".join(f"{d.field}: {d.old or 'none'} → {d.new or 'none'}" for d in refused)
        raise InputError(f"such changes are not carried out yet: {told}", where=refused[0].field,
            do="ask for other hosts, another level, ceiling or contact; leave the rest as it is")  # fmt: skip


def _check_data(system: System, file: RequestFile) -> None:
    """Data go only where the request names them, and says that they are not missed. Raises InputError."""
    lost, named = lost_data(system, file.system), set(file.data_loss.hosts if file.data_loss else ())
    if silent := sorted(lost.keys() - named):
        raise InputError(
            f"the data of {', '.join(f'{n} ({lost[n]} GiB)' for n in silent)} would be lost, and the request does not "
            "say so", where="data_loss",
            do=f"keep the volumes (system.kept_volumes), or state data_loss with hosts: [{', '.join(silent)}] and "
            "backup or no_backup",
        )  # fmt: skip
    if idle := sorted(named - lost.keys()):
        raise InputError(f"the data of {', '.join(idle)} are not lost by this request", where="data_loss.hosts",
            do="name only hosts whose data volumes go")  # fmt: skip
    if file.data_loss:
        refuse_future(file.data_loss.backup, "data_loss.backup.day")


def check_alone(session: Session, row: t.RequestRow, name: str) -> None:
    """One request at a time is about a system in use. Raises RefusedError."""
    r = t.RequestRow
    mine = select(r).where(r.agency_code == row.agency_code, about(name), r.id != row.id, r.kind.not_in(BIRTH))
    for other in session.scalars(mine):
        if case_of(session, other).state not in CLOSED:
            raise RefusedError(f"request {other.id} ({other.kind}) is already about system {name}",
                where=f"registry, request {other.id}", do="let it be decided, or returned, first")  # fmt: skip


def differences_of(session: Session, row: t.RequestRow) -> list[Difference]:
    """Old against new of a request for a change; none once it has begun."""
    agency = Agency.model_validate(session.get_one(t.AgencyRow, row.agency_code).spec)
    asked = Agency.model_validate(row.spec["agency"])
    system = System.model_validate(row.spec["system"])
    there = session.get(t.SystemRow, system.name)
    if there is None:  # a draft that names what is not there; submitting it is refused
        return []
    stated, before = set(row.spec["agency"]["ceiling"]), System.model_validate(there.spec)
    return [*_losses(before, system, row), *differences((agency, before), (asked, system), stated)]


def _losses(old: System, new: System, row: t.RequestRow) -> list[Difference]:
    """Data that go, and what the request says of them: those who decide read that first."""
    said = row.spec.get("data_loss") or {}
    words = ""
    if copy := said.get("backup"):
        words = f"deleted; copy of {copy['day']}: {copy['place']}, document {copy['document_sha256'][:12]}"
    elif no := said.get("no_backup"):
        words = f"deleted; no copy wanted, says {no['by']}: {no['reason']}"
    return [
        Difference(f"data_loss.{name}", f"{gib} GiB", words if name in said.get("hosts", ()) else "", True)
        for name, gib in sorted(lost_data(old, new).items())
    ]
