"""Vòng đời của đề nghị: every state of a request and every act that leads from one to another, in one table.

docs/reference/request-states.md is generated from it, and the registry records nothing that it does not allow.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class RequestKind(StrEnum):
    """What may be asked for."""

    NEW_AGENCY = "new-agency"  # with its first system
    NEW_SYSTEM = "new-system"
    CHANGE = "change"  # quota, zones, hosts, level, contacts
    SUSPEND = "suspend"
    RESUME = "resume"
    REMOVE = "remove"
    REORGANISE = "reorganise"
    INTERCONNECT = "interconnect"  # a way from one system to another


# Kinds that are about a system as it stands: their files name it and give a reason, and describe nothing anew.
STANDING_KINDS = frozenset({RequestKind.SUSPEND, RequestKind.RESUME, RequestKind.REMOVE})
# Kinds that are about several systems: every owner consents, and only those who see the whole site see them.
SEVERAL = frozenset({RequestKind.REORGANISE, RequestKind.INTERCONNECT})


class RequestState(StrEnum):
    """Where a request stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    APPROVED = "approved"
    REJECTED = "rejected"
    PLANNED = "planned"
    PROVISIONING = "provisioning"
    ACTIVE = "active"
    CHANGING = "changing"
    SUSPENDED = "suspended"
    REMOVING = "removing"
    REMOVED = "removed"
    FAILED = "failed"


class Role(StrEnum):
    """In what capacity somebody acts on a request."""

    REQUESTER = "requester"  # người đề nghị
    SPECIALISED = "specialised-unit"  # đơn vị chuyên trách về an ninh mạng
    OTHER_UNIT = "other-unit"  # đơn vị khác hoặc hội đồng độc lập (Art. 18.4)
    OWNER = "owner"  # chủ quản
    ENGINEER = "platform-engineer"
    HATANG = "hatang"  # the program itself, in a workflow


class Act(StrEnum):
    """What is done to a request."""

    DRAFT = "draft"
    SUBMIT = "submit"
    RETURN = "return"
    REJECT = "reject"
    PLAN = "plan"
    OPINION = "opinion"
    APPRAISE = "appraise"
    CONSENT = "consent"  # an owner agrees to what a request about several systems does to its own
    APPROVE = "approve"
    MOVE = "move"
    BEGIN = "begin"
    FAIL = "fail"
    RETRY = "retry"
    FINISH = "finish"
    END = "end"  # a way between two systems is no longer wanted
    KEEP = "keep"  # call a removal off, before anything is purged
    DESTROY = "destroy"


@dataclass(frozen=True)
class Transition:
    """One line of the table: in this state, this act by one of these roles leads there."""

    act: Act
    source: RequestState | None
    target: RequestState
    roles: frozenset[Role]
    kinds: frozenset[RequestKind]


S, R, K = RequestState, Role, RequestKind
ALL = frozenset(RequestKind)
BIRTH = frozenset({K.NEW_AGENCY, K.NEW_SYSTEM})
ALTERING = frozenset({K.CHANGE, K.SUSPEND, K.RESUME}) | SEVERAL
DECIDING = (R.SPECIALISED, R.OTHER_UNIT, R.OWNER)
# Kinds, the state while the cloud follows, the state when it has followed.
WAYS: tuple[tuple[frozenset[RequestKind], RequestState, RequestState], ...] = (
    (BIRTH, S.PROVISIONING, S.ACTIVE),
    (ALTERING - {K.SUSPEND}, S.CHANGING, S.ACTIVE),
    (frozenset({K.SUSPEND}), S.CHANGING, S.SUSPENDED),
    (frozenset({K.REMOVE}), S.REMOVING, S.REMOVED),
)
# Taken away without a request of its own, as platform engineers may (hatang system destroy): from any of these.
STANDING = (S.SUBMITTED, S.RETURNED, S.PLANNED, S.APPROVED, S.PROVISIONING, S.CHANGING, S.ACTIVE, S.FAILED)


def _rows() -> Iterator[
    tuple[Act, Iterable[RequestState | None], RequestState, Iterable[Role], frozenset[RequestKind]]
]:
    yield Act.DRAFT, [None], S.DRAFT, [R.REQUESTER], ALL
    yield Act.SUBMIT, [None, S.DRAFT, S.RETURNED], S.SUBMITTED, [R.REQUESTER], ALL
    yield Act.RETURN, [S.SUBMITTED, S.PLANNED], S.RETURNED, [*DECIDING, R.ENGINEER], ALL
    yield Act.REJECT, [S.SUBMITTED, S.PLANNED], S.REJECTED, DECIDING, ALL
    yield Act.PLAN, [S.SUBMITTED, S.PLANNED, S.APPROVED], S.PLANNED, [R.ENGINEER], ALL
    # The site moved: asked again.
    yield Act.PLAN, [S.ACTIVE, S.FAILED], S.PLANNED, [R.ENGINEER], BIRTH | {K.CHANGE, K.RESUME}
    yield Act.PLAN, [S.SUSPENDED, S.FAILED], S.PLANNED, [R.ENGINEER], frozenset({K.SUSPEND, K.REMOVE})
    yield Act.OPINION, [S.PLANNED], S.PLANNED, [R.SPECIALISED, R.OTHER_UNIT], ALL - {K.REORGANISE}
    yield Act.APPRAISE, [S.PLANNED], S.PLANNED, [R.SPECIALISED, R.OTHER_UNIT], ALL - {K.REMOVE, K.REORGANISE}
    yield Act.APPRAISE, [S.PLANNED], S.PLANNED, DECIDING, frozenset({K.REMOVE})  # the first of two persons
    yield Act.CONSENT, [S.PLANNED], S.PLANNED, [R.OWNER], SEVERAL
    yield Act.APPROVE, [S.PLANNED], S.APPROVED, [R.SPECIALISED, R.OWNER], ALL
    yield Act.MOVE, [S.APPROVED], S.PLANNED, [R.HATANG], ALL
    for kinds, under_way, done in WAYS:
        yield Act.BEGIN, [S.APPROVED], under_way, [R.ENGINEER], kinds
        yield Act.RETRY, [S.FAILED], under_way, [R.ENGINEER], kinds
        yield Act.FAIL, [under_way], S.FAILED, [R.HATANG], kinds
        yield Act.FINISH, [under_way], done, [R.HATANG], kinds
    yield Act.DESTROY, STANDING, S.REMOVED, [R.ENGINEER], ALL - SEVERAL
    ways = frozenset({K.INTERCONNECT})
    yield Act.END, [S.APPROVED, S.CHANGING, S.ACTIVE, S.FAILED], S.REMOVED, [R.OWNER, R.SPECIALISED, R.HATANG], ways
    yield Act.KEEP, [S.REMOVING, S.FAILED], S.SUSPENDED, DECIDING, frozenset({K.REMOVE})
    yield Act.DESTROY, [S.SUSPENDED], S.REMOVED, [R.ENGINEER], frozenset({K.SUSPEND, K.REMOVE})


TABLE: tuple[Transition, ...] = tuple(
    Transition(act, source, target, frozenset(roles), kinds)
    for act, sources, target, roles, kinds in _rows()
    for source in sources
)

OVER = frozenset({S.REJECTED, S.ACTIVE, S.SUSPENDED, S.REMOVED})  # nothing more is asked of anybody
UNDER_WAY = frozenset({S.PROVISIONING, S.CHANGING, S.REMOVING})


def find(kind: RequestKind, state: RequestState | None, act: Act) -> Transition | None:
    """The line of the table for this act; None: it is not allowed here, whoever tries."""
    for line in TABLE:
        if line.act is act and line.source is state and kind in line.kinds:
            return line
    return None
