"""Requests about a system as it stands, as the registry takes them in: suspend, resume, remove."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hatang.errors import InputError, RefusedError
from hatang.model.asked import AnyRequest
from hatang.model.change import Difference
from hatang.model.interconnect import InterconnectFile
from hatang.model.lifecycle import RequestKind
from hatang.model.standing_request import StandingRequest
from hatang.model.waiver import civil_day
from hatang.registry import interconnecting
from hatang.registry import tables as t
from hatang.registry.records import HELD
from hatang.registry.states import state_of
from hatang.registry.tables import now
from hatang.registry.unknown import unknown

K = RequestKind
TAKEN_IN = {
    K.SUSPEND: ("active",),
    K.RESUME: ("suspended",),
    K.REMOVE: ("active", "suspended"),
}  # the states of systems that it can be asked for
UNDER_WAY = {
    K.SUSPEND: "suspending",
    K.RESUME: "resuming",
    K.REMOVE: "removing",
}  # what the system is while the cloud follows
AT_THE_END = {K.SUSPEND: "suspended", K.RESUME: "active", K.REMOVE: "removed"}


def digest(session: Session, file: AnyRequest) -> str:
    """What tells whether a file is the same request again.

    A system may be suspended a second time by the same file; so the request that the system follows now counts too. So
    do ways between the same systems that have ended.
    """
    text = file.model_dump_json()
    if isinstance(file, StandingRequest):
        text += _system(session, file).request_id
    if isinstance(file, InterconnectFile):
        text += interconnecting.ended_before(session, file)
    return hashlib.sha256(text.encode()).hexdigest()


def as_kept(session: Session, file: StandingRequest) -> dict[str, Any]:
    """A request as the registry keeps it: with the system as it stands, which is what is decided about."""
    return {**file.model_dump(mode="json"), "agency": {"code": file.agency}, "system": _system(session, file).spec}


def check(session: Session, file: StandingRequest) -> None:
    """Does the system stand where this can be asked for? Raises RefusedError, InputError."""
    if file.backup and file.backup.day > civil_day(now()):
        raise InputError(f"a copy of {file.backup.day} does not exist yet", where="backup.day",
            do="state the day on which the copy was made")  # fmt: skip
    state, allowed = state_of(session, file.system), TAKEN_IN[file.asked]
    if state not in allowed:
        raise RefusedError(
            f"system {file.system} is {state}; {file.kind} is for a system that is {' or '.join(allowed)}",
            where=f"registry, system {file.system}", do=f"see where it stands: hatang system status {file.system}",
        )  # fmt: skip


def holds(kind: RequestKind, state: str) -> bool:
    """Whether nothing of a system shall be reachable, as a request of this kind wants it."""
    return kind in (K.SUSPEND, K.REMOVE) or (kind is not K.RESUME and state in HELD)


def differences(kind: RequestKind, state: str) -> list[Difference]:
    """Old against new; none once it has begun."""
    return [Difference("system.state", state, AT_THE_END[kind], True)] if state in TAKEN_IN[kind] else []


def _system(session: Session, file: StandingRequest) -> t.SystemRow:
    row = session.get(t.SystemRow, file.system)
    if row is None or row.agency_code != file.agency:
        raise unknown(f"system of agency {file.agency}", file.system, session.scalars(
            select(t.SystemRow.name).where(t.SystemRow.agency_code == file.agency)))  # fmt: skip
    return row
