"""What the registry gives out: frozen, without any database behind it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hatang.model.agency import Agency
from hatang.model.allocation import Allocation
from hatang.model.case import Case
from hatang.model.interconnect import Interconnect
from hatang.model.lifecycle import Act, RequestState
from hatang.model.system import System


@dataclass(frozen=True)
class RequestRecord:
    """A request and where it stands."""

    id: str
    system: str
    agency_code: str
    requested_by: str
    state: RequestState
    created_at: datetime
    kind: str
    case: Case
    document_storage: bool = False  # of the system as it shall be: QCVN 12:2026/BCA applies too
    data_of: tuple[str, ...] = ()  # hosts whose data volumes go with it

    @property
    def planned_as(self) -> str:
        """Under which name its plans are kept: that of its system, or its own when it is about several."""
        return self.system or f"{self.kind}-{self.id}"

    @property
    def approvals(self) -> tuple[ApprovalRecord, ...]:
        """Every approval that was given, also of plans that the cloud has left behind."""
        given = [e for e in self.case.events if e.act is Act.APPROVE]
        return tuple(ApprovalRecord(self.id, e.person, e.note, e.at, e.plan) for e in given)


@dataclass(frozen=True)
class ApprovalRecord:
    """Who allowed which plan of a request, when."""

    request_id: str
    approved_by: str
    note: str
    created_at: datetime
    plan: str


# States of systems whose servers stand still and whose ways are closed, or that are on the way there.
HELD = frozenset({"suspending", "suspended", "removing", "purging"})


@dataclass(frozen=True)
class SystemRecord:
    """A system, its agency, its addresses once it has them; `held`: nothing of it shall be reachable;
    `leaves`: as a request for its removal wants it."""

    spec: System
    agency: Agency
    request_id: str
    state: str
    allocation: Allocation | None
    held: bool = False
    leaves: bool = False
    ways: tuple[Interconnect, ...] = ()  # to and from other systems; also those that hold no more
    home: str = ""  # code of the body in whose domain its project is, when that is another one


@dataclass(frozen=True)
class HostRecord:
    """A server that exists."""

    name: str
    system: str
    agency_code: str
    zone: str
    address: str
    login: str
    server_id: str
    level: int
