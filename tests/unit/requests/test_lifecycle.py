"""The table of states: what it allows, and that nothing else is allowed, for every kind × state × act × role."""

from __future__ import annotations

import itertools

import pytest

from hatang.commands.request import STATES
from hatang.errors import InputError, RefusedError
from hatang.model.case import Case, Event
from hatang.model.lifecycle import OVER, SEVERAL, TABLE, Act, RequestKind, RequestState, Role, find
from hatang.model.terms import Level

PLAN, DOCUMENT, OWNER = "a" * 64, "d" * 64, "Chủ quản ví dụ"
S, R, K = RequestState, Role, RequestKind
DECISIONS = {Act.APPRAISE, Act.OPINION, Act.CONSENT, Act.APPROVE}  # the level has a say in these; test_authority
NAMES = {
    R.REQUESTER: "Nguyễn Văn A", R.SPECIALISED: "Trần Thị B", R.OTHER_UNIT: "Lê Văn C", R.OWNER: "Phạm Thị D",
    R.ENGINEER: "", R.HATANG: "",
}  # fmt: skip


def standing(kind: RequestKind, state: RequestState | None, level: Level = Level.L1) -> Case:
    """A request in a state, with a plan where a plan belongs to it."""
    events: list[Event] = []
    if state is not None:
        events.append(Event(Act.SUBMIT, R.REQUESTER, NAMES[R.REQUESTER], target=S.SUBMITTED))
        events.append(Event(Act.PLAN, R.ENGINEER, plan=PLAN, target=state))
    return Case("r", kind, NAMES[R.REQUESTER], level, False, tuple(events), (OWNER,) if kind in SEVERAL else ())


# What each act needs, written down a second time and by hand, so that a slip in the table shows.
SOURCES: dict[Act, set[RequestState | None]] = {
    Act.DRAFT: {None},
    Act.SUBMIT: {None, S.DRAFT, S.RETURNED},
    Act.RETURN: {S.SUBMITTED, S.PLANNED},
    Act.REJECT: {S.SUBMITTED, S.PLANNED},
    Act.PLAN: {S.SUBMITTED, S.PLANNED, S.APPROVED, S.ACTIVE, S.SUSPENDED, S.FAILED},
    Act.OPINION: {S.PLANNED},
    Act.APPRAISE: {S.PLANNED},
    Act.CONSENT: {S.PLANNED},
    Act.APPROVE: {S.PLANNED},
    Act.MOVE: {S.APPROVED},
    Act.BEGIN: {S.APPROVED},
    Act.RETRY: {S.FAILED},
    Act.FAIL: {S.PROVISIONING, S.CHANGING, S.REMOVING},
    Act.FINISH: {S.PROVISIONING, S.CHANGING, S.REMOVING},
    Act.END: {S.APPROVED, S.CHANGING, S.ACTIVE, S.FAILED},
    Act.KEEP: {S.REMOVING, S.FAILED},
    Act.DESTROY: {
        S.SUBMITTED, S.RETURNED, S.PLANNED, S.APPROVED, S.PROVISIONING, S.CHANGING, S.ACTIVE, S.SUSPENDED, S.FAILED,
    },
}  # fmt: skip
BY: dict[Act, set[Role]] = {
    Act.DRAFT: {R.REQUESTER},
    Act.SUBMIT: {R.REQUESTER},
    Act.RETURN: {R.SPECIALISED, R.OTHER_UNIT, R.OWNER, R.ENGINEER},
    Act.REJECT: {R.SPECIALISED, R.OTHER_UNIT, R.OWNER},
    Act.PLAN: {R.ENGINEER},
    Act.OPINION: {R.SPECIALISED, R.OTHER_UNIT},
    Act.APPRAISE: {R.SPECIALISED, R.OTHER_UNIT},
    Act.CONSENT: {R.OWNER},
    Act.APPROVE: {R.SPECIALISED, R.OWNER},
    Act.MOVE: {R.HATANG},
    Act.BEGIN: {R.ENGINEER},
    Act.RETRY: {R.ENGINEER},
    Act.FAIL: {R.HATANG},
    Act.FINISH: {R.HATANG},
    Act.END: {R.SPECIALISED, R.OWNER, R.HATANG},
    Act.KEEP: {R.SPECIALISED, R.OTHER_UNIT, R.OWNER},
    Act.DESTROY: {R.ENGINEER},
}


@pytest.mark.parametrize("kind", RequestKind)
def test_every_state_act_and_role(kind: RequestKind) -> None:
    for state, act, role in itertools.product([None, *S], Act, R):
        line = find(kind, state, act)
        if line is not None:
            assert state in SOURCES[act], (state, act)
        if act in DECISIONS:
            continue
        event = Event(act, role, NAMES[role], plan=PLAN, body=OWNER)
        if line is not None and role in BY[act]:
            after = standing(kind, state).after(event)
            assert after.state is line.target
        else:
            with pytest.raises(RefusedError):
                standing(kind, state).after(event)


def test_each_act_has_one_outcome_per_kind_and_state() -> None:
    seen = [(k, line.source, line.act) for line in TABLE for k in line.kinds]
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize("kind", RequestKind)
def test_every_kind_can_come_to_its_end_and_no_state_is_a_trap(kind: RequestKind) -> None:
    reached: set[RequestState | None] = {None}
    while more := {t.target for t in TABLE if kind in t.kinds and t.source in reached} - reached:
        reached |= more
    ends = {K.REMOVE: S.REMOVED, K.SUSPEND: S.SUSPENDED}
    assert ends.get(kind, S.ACTIVE) in reached
    for state in reached - OVER:
        assert any(t.source is state and kind in t.kinds for t in TABLE), f"{state} leads nowhere"
    assert not any(t.source is S.REJECTED for t in TABLE)


def test_no_decision_comes_from_the_requester_role_or_the_program() -> None:
    for line in TABLE:
        if line.act in DECISIONS:
            assert not line.roles & {R.REQUESTER, R.ENGINEER, R.HATANG}


def test_nobody_named_is_refused_where_a_person_decides() -> None:
    with pytest.raises(InputError, match="nobody is named"):
        standing(K.NEW_SYSTEM, S.PLANNED).after(Event(Act.APPROVE, R.SPECIALISED, " ", plan=PLAN))


def test_the_command_names_all_states() -> None:
    assert [s.value for s in RequestState] == STATES
