"""Requests about a system as it stands, as the registry takes them in: suspend, resume, remove."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hatang.errors import InputError, RefusedError
from hatang.model.asked import AnyRequest
from hatang.model.change import Difference
from hatang.model.data_loss import BackupProof
from hatang.model.interconnect import InterconnectFile
from hatang.model.lifecycle import RequestKind, RequestState
from hatang.model.request import RequestFile
from hatang.model.standing_request import StandingRequest
from hatang.model.waiver import civil_day
from hatang.registry import interconnecting
from hatang.registry import tables as t
from hatang.registry.cases import case_of
from hatang.registry.records import HELD
from hatang.registry.states import state_of
from hatang.registry.tables import now
from hatang.registry.unknown import unknown

K, S = RequestKind, RequestState
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

    A system may be suspended, or changed, a second time by the same file; so the request that it follows now counts
    too, of a change once another one has come after it. So do ways between the same systems that have ended.
    Fields that forms have got since count only where they say something: else files of before would be new requests.
    """
    text = _text(file)
    if isinstance(file, StandingRequest):
        text += _system(session, file).request_id
    if isinstance(file, InterconnectFile):
        text += interconnecting.ended_before(session, file)
    found = hashlib.sha256(text.encode()).hexdigest()
    if file.asked is not K.CHANGE or (since := _since(session, found, file.system_name)) is None:
        return found
    return hashlib.sha256((text + since).encode()).hexdigest()


def _since(session: Session, digest: str, system: str) -> str | None:
    """The request that a system follows now, where it is not the carried out one of this digest any more."""
    row = session.scalars(select(t.RequestRow).where(t.RequestRow.digest == digest)).first()
    there = session.get(t.SystemRow, system)
    if row is None or there is None or there.request_id == row.id or case_of(session, row).state is not S.ACTIVE:
        return None
    return there.request_id


def as_kept(session: Session, file: StandingRequest) -> dict[str, Any]:
    """A request as the registry keeps it: with the system as it stands, which is what is decided about."""
    return {**file.model_dump(mode="json"), "agency": {"code": file.agency}, "system": _system(session, file).spec}


def check(session: Session, file: StandingRequest) -> None:
    """Does the system stand where this can be asked for? Raises RefusedError, InputError."""
    refuse_future(file.backup, "backup.day")
    state, allowed = state_of(session, file.system), TAKEN_IN[file.asked]
    if state not in allowed:
        raise RefusedError(
            f"system {file.system} is {state}; {file.kind} is for a system that is {' or '.join(allowed)}",
            where=f"registry, system {file.system}", do=f"see where it stands: hatang system status {file.system}",
        )  # fmt: skip


def refuse_future(backup: BackupProof | None, where: str) -> None:
    """Raises InputError: a copy that is proven is of a day to come."""
    if backup and backup.day > civil_day(now()):
        raise InputError(f"a copy of {backup.day} does not exist yet", where=where,
            do="state the day on which the copy was made")  # fmt: skip


def _text(file: AnyRequest) -> str:
    if not isinstance(file, RequestFile):
        return file.model_dump_json()
    data = file.model_dump(mode="json")
    if data["data_loss"] is None:
        del data["data_loss"]
    if not data["system"]["kept_volumes"]:
        del data["system"]["kept_volumes"]
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))  # as model_dump_json writes it


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
