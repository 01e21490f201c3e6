"""Who appraises and approves, by level (Decree 331/2026, Art. 18), and that no one does two of these."""

from __future__ import annotations

import pytest

from hatang.errors import HatangError, InputError, RefusedError
from hatang.model.authority import TWO_PERSONS, demand, is_operator
from hatang.model.case import Case, Event
from hatang.model.lifecycle import Act, RequestKind, RequestState, Role
from hatang.model.terms import Level

PLAN, OTHER, DOCUMENT = "a" * 64, "b" * 64, "d" * 64
R = Role
ASKS = "Nguyễn Văn A"


def planned(level: Level, *, operates: bool = False) -> Case:
    case = Case("r", RequestKind.NEW_SYSTEM, ASKS, level, operates)
    return case.after(Event(Act.SUBMIT, R.REQUESTER, ASKS)).after(Event(Act.PLAN, R.ENGINEER, plan=PLAN))


def appraise(role: Role, person: str = "Trần Thị B") -> Event:
    return Event(Act.APPRAISE, role, person, plan=PLAN)


def approve(role: Role, person: str = "Phạm Thị D", plan: str = PLAN) -> Event:
    return Event(Act.APPROVE, role, person, plan=plan)


OPINION = Event(Act.OPINION, R.SPECIALISED, "Trần Thị B", document=DOCUMENT)


@pytest.mark.parametrize(
    ("level", "operates", "before", "approver"),
    [
        (1, False, [], R.SPECIALISED),
        (2, False, [], R.SPECIALISED),
        (2, True, [appraise(R.OTHER_UNIT)], R.SPECIALISED),
        (3, False, [appraise(R.SPECIALISED)], R.OWNER),
        (3, True, [appraise(R.OTHER_UNIT)], R.OWNER),
        (4, False, [OPINION], R.OWNER),
        (5, True, [OPINION], R.OWNER),
    ],
)
def test_the_level_decides(level: int, operates: bool, before: list[Event], approver: Role) -> None:
    case = planned(Level(level), operates=operates)
    if before:
        with pytest.raises(RefusedError, match="before an approval comes"):
            case.after(approve(approver))
    for event in before:
        case = case.after(event)
    wrong = R.OWNER if approver is R.SPECIALISED else R.SPECIALISED
    with pytest.raises(RefusedError):
        case.after(approve(wrong, "Hoàng Văn E"))
    assert case.after(approve(approver)).state is RequestState.APPROVED


def test_the_unit_that_operates_does_not_appraise() -> None:
    with pytest.raises(RefusedError, match="is for other-unit"):
        planned(Level.L3, operates=True).after(appraise(R.SPECIALISED))


def test_an_opinion_needs_its_document_and_a_level_that_asks_for_it() -> None:
    with pytest.raises(InputError, match="document of the opinion"):
        planned(Level.L4).after(Event(Act.OPINION, R.SPECIALISED, "Trần Thị B", document="scan.pdf"))
    with pytest.raises(RefusedError, match="needs no opinion"):
        planned(Level.L3).after(OPINION)


@pytest.mark.parametrize("name", [ASKS, "  nguyễn   văn a ", "NGUYỄN VĂN A", "Nguyê\u0303n Văn A"])
def test_nobody_decides_on_the_own_request_however_the_name_is_written(name: str) -> None:
    with pytest.raises(RefusedError, match="may not approve it"):
        planned(Level.L1).after(approve(R.SPECIALISED, name))
    with pytest.raises(RefusedError, match="may not appraise it"):
        planned(Level.L3).after(appraise(R.SPECIALISED, name))


def test_who_appraised_does_not_approve() -> None:
    case = planned(Level.L3).after(appraise(R.SPECIALISED, "Trần Thị B"))
    with pytest.raises(RefusedError, match="acted on request r as specialised-unit and may not act as owner"):
        case.after(approve(R.OWNER, "trần thị b"))


def test_an_approval_is_of_the_newest_plan_and_a_new_plan_ends_it() -> None:
    case = planned(Level.L3).after(appraise(R.SPECIALISED))
    with pytest.raises(RefusedError, match="is not the newest one"):
        case.after(approve(R.OWNER, plan=OTHER))
    approved = case.after(approve(R.OWNER))
    assert approved.approval is not None
    assert approved.approval.plan == PLAN
    moved = approved.after(Event(Act.MOVE, R.HATANG, plan=OTHER))
    assert (moved.state, moved.approval) == (RequestState.PLANNED, None)
    assert moved.missing() == ["appraisal by specialised-unit"], "what was appraised is not this plan"
    with pytest.raises(HatangError):
        moved.after(approve(R.OWNER, plan=PLAN))


def test_corrected_after_a_return_everything_is_decided_again() -> None:
    case = planned(Level.L4).after(OPINION).after(Event(Act.RETURN, R.OWNER, "Phạm Thị D", note="sai"))
    case = case.after(Event(Act.SUBMIT, R.REQUESTER, ASKS)).after(Event(Act.PLAN, R.ENGINEER, plan=PLAN))
    assert case.missing() == ["the recorded opinion of the Ministry of Public Security"]
    assert case.approval is None


def test_one_unit_under_two_spellings_is_one() -> None:
    assert is_operator("Sở Khoa học và Công nghệ", "SỞ KHOA HỌC  VÀ CÔNG NGHỆ")
    assert not is_operator("Sở Khoa học và Công nghệ", "Trung tâm Phát triển hạ tầng số")


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("operates", [False, True])
def test_a_removal_takes_two_persons_of_two_bodies(level: Level, operates: bool) -> None:
    usual = demand(level, operates=operates)
    need = demand(level, operates=operates, kind=RequestKind.REMOVE)
    assert (need.approver, need.opinion) == (usual.approver, usual.opinion)
    assert need.appraiser not in (None, need.approver)
    assert need.appraiser == usual.appraiser or TWO_PERSONS in need.clause
    assert not (operates and need.appraiser is R.SPECIALISED), "who operates does not appraise"


@pytest.mark.parametrize(("level", "approver", "asks"), [
    (1, R.SPECIALISED, []), (3, R.OWNER, ["appraisal by specialised-unit"]),
    (4, R.OWNER, ["the recorded opinion of the Ministry of Public Security"]),
])  # fmt: skip
def test_a_way_between_systems_asks_both_owners_besides_whom_the_higher_level_asks(
    level: int, approver: Role, asks: list[str]
) -> None:
    case = Case("r", RequestKind.INTERCONNECT, ASKS, Level(level), False, owners=("Đông", "Tây"))
    case = case.after(Event(Act.SUBMIT, R.REQUESTER, ASKS)).after(Event(Act.PLAN, R.ENGINEER, plan=PLAN))
    assert case.demand.approver is approver
    assert case.missing() == [*asks, "consent of Đông", "consent of Tây"]
    case = case.after(Event(Act.CONSENT, R.OWNER, "Em", plan=PLAN, body="Đông"))
    with pytest.raises(RefusedError, match="may not agree for Tây too"):
        case.after(Event(Act.CONSENT, R.OWNER, "em", plan=PLAN, body="Tây"))
    case = case.after(Event(Act.CONSENT, R.OWNER, "Hà", plan=PLAN, body="tây"))
    assert case.missing() == asks
