"""Hypothesis drives a request through its life with persons who try everything, right or wrong.

What may happen is judged here by rules of its own, not by the table: it keeps its own account of what was done.
"""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from hatang.errors import HatangError
from hatang.model.case import Case, Event
from hatang.model.lifecycle import Act, RequestKind, RequestState, Role, find
from hatang.model.terms import Level

PEOPLE = ["An", "  AN ", "Bình", "Chi", "Dũng", "Em", ""]  # the second is the first, written otherwise
PLANS = ["a" * 64, "b" * 64, "c" * 64]
HOLDERS = {Role.SPECIALISED: "Bình", Role.OTHER_UNIT: "Chi", Role.OWNER: "Dũng"}
OWNERS = ("Chủ quản Đông", "Chủ quản Tây")  # of a request about several systems
SEVERAL = (RequestKind.REORGANISE, RequestKind.INTERCONNECT)
S = RequestState


class Life(RuleBasedStateMachine):
    """One request; every act by every role and person, with any plan, is tried at any time."""

    runs, acts = 0, 0
    reached: ClassVar[Counter[str]] = Counter()  # lives by the states that they came to
    approved: ClassVar[Counter[RequestKind]] = Counter()  # approved lives by kind
    only: ClassVar[RequestKind | None] = None  # lives of this kind alone

    def __init__(self) -> None:
        super().__init__()
        self.case: Case | None = None
        self.roles: dict[str, Role] = {}  # who acted in which role
        self.appraised: set[str] = set()  # plans, in this round
        self.has_opinion = False
        self.agreed: set[tuple[str, str, str]] = set()  # plan, owner, person; in this round
        self.plan = ""
        self.approved_by = ""

    @initialize(kind=st.sampled_from(RequestKind), level=st.sampled_from(Level), operates=st.booleans())
    def begin(self, kind: RequestKind, level: Level, operates: bool) -> None:
        kind = self.only or kind
        owners = OWNERS if kind in SEVERAL else ()
        self.case = Case("r", kind, "An", level, operates, owners=owners)

    @rule(act=st.sampled_from(Act), role=st.sampled_from(Role), person=st.sampled_from(PEOPLE),
          plan=st.sampled_from(PLANS), document=st.sampled_from(["", "d" * 64, "scan.pdf"]),
          body=st.sampled_from(["", *OWNERS, "Ai khác"]))  # fmt: skip
    def anything(self, act: Act, role: Role, person: str, plan: str, document: str, body: str) -> None:
        """Whatever anybody may think of."""
        self._try(Event(act, role, person, plan=plan, document=document, body=body))

    @rule(data=st.data(), person=st.sampled_from(PEOPLE), newest=st.booleans(), plan=st.sampled_from(PLANS))
    def likely(self, data: st.DataObject, person: str, newest: bool, plan: str) -> None:
        """An act that the table has for this state, so that runs get far; who does it is still anybody."""
        case = self._case()
        acts = [a for a in Act if find(case.kind, case.state, a)]
        if not acts:
            return
        act = data.draw(st.sampled_from(acts))
        if act in (Act.REJECT, Act.DESTROY, Act.END) and data.draw(st.integers(0, 9)):
            return  # or most lives would end early
        line = find(case.kind, case.state, act)
        assert line is not None
        role = data.draw(st.sampled_from(sorted(line.roles)))
        if act is Act.APPROVE and data.draw(st.booleans()):
            role = case.demand.approver
        if role is Role.REQUESTER:
            person = "An"
        chosen = self.plan if newest and act in (Act.APPRAISE, Act.CONSENT, Act.APPROVE) else plan
        body = data.draw(st.sampled_from(OWNERS)) if act in (Act.CONSENT, Act.END) else ""
        self._try(Event(act, role, person, plan=chosen, document="d" * 64, body=body))

    @rule(goes_wrong=st.booleans(), is_hasty=st.booleans(), plan=st.sampled_from(PLANS))
    def onward(self, goes_wrong: bool, is_hasty: bool, plan: str) -> None:
        """What leads on, by whom it should be: otherwise few lives would come to an approval. Hasty approvers wait for
        nothing."""
        case = self._case()
        need = case.demand
        if case.state in (None, S.DRAFT, S.RETURNED):
            self._try(Event(Act.SUBMIT, Role.REQUESTER, "An"))
        elif case.state is S.SUBMITTED or (case.state is S.ACTIVE and goes_wrong):
            self._try(Event(Act.PLAN, Role.ENGINEER, plan=plan))
        elif case.state is S.PLANNED and not is_hasty and need.opinion and not self.has_opinion:
            self._try(Event(Act.OPINION, Role.SPECIALISED, HOLDERS[Role.SPECIALISED], document="d" * 64))
        elif case.state is S.PLANNED and not is_hasty and need.appraiser and self.plan not in self.appraised:
            self._try(Event(Act.APPRAISE, need.appraiser, HOLDERS[need.appraiser], plan=self.plan))
        elif case.state is S.PLANNED and not is_hasty and (open_ := self._silent()):
            person = {OWNERS[0]: "Dũng", OWNERS[1]: "Em"}[open_[0]]
            self._try(Event(Act.CONSENT, Role.OWNER, person, plan=self.plan, body=open_[0]))
        elif case.state is S.PLANNED:
            self._try(Event(Act.APPROVE, need.approver, HOLDERS[need.approver], plan=self.plan))
        elif case.state is S.APPROVED:
            self._try(Event(Act.MOVE, Role.HATANG, plan=plan) if goes_wrong else Event(Act.BEGIN, Role.ENGINEER))
        elif case.state in (S.PROVISIONING, S.CHANGING, S.REMOVING):
            self._try(Event(Act.FAIL if goes_wrong else Act.FINISH, Role.HATANG))
        elif case.state is S.FAILED:
            self._try(Event(Act.RETRY, Role.ENGINEER))

    def teardown(self) -> None:
        """Count how far it came: lives that never reach an approval would prove little."""
        Life.runs += 1
        events = self.case.events if self.case else ()
        Life.acts += len(events)
        Life.reached.update({e.target.value for e in events})
        if self.case and any(e.act is Act.APPROVE for e in events):
            Life.approved[self.case.kind] += 1

    def _silent(self) -> list[str]:
        """Owners who have not agreed to the newest plan."""
        return [o for o in self._case().owners if not any(a[:2] == (self.plan, o) for a in self.agreed)]

    def _case(self) -> Case:
        assert self.case is not None
        return self.case

    def _try(self, event: Event) -> None:
        before = self._case()
        try:
            after = before.after(event)
        except HatangError:
            assert self.case is before, "a refused act leaves no trace"
            return
        self._judge(before, event, after)
        self._account(event)
        self.case = after

    def _judge(self, before: Case, event: Event, after: Case) -> None:
        key = " ".join(event.person.casefold().split())
        line = find(before.kind, before.state, event.act)
        assert line is not None, "a forbidden transition"
        assert event.role in line.roles
        assert after.state is line.target
        if event.act in (Act.APPRAISE, Act.OPINION, Act.CONSENT, Act.APPROVE, Act.REJECT):
            assert key not in ("", "an"), "decided by nobody, or by who asked"
        if key:
            assert self.roles.get(key, event.role) is event.role, "one person in two roles"
        if event.act is Act.APPROVE:
            assert event.plan == self.plan, "approved what is not the newest plan"
            level = before.level or Level.L1
            if before.kind in SEVERAL:
                assert not self._silent(), "approved before every owner agreed"
                people = {person for plan, _owner, person in self.agreed if plan == self.plan}
                assert len(people) >= len(OWNERS), "one person agreed for two owners"
            if before.kind is RequestKind.REORGANISE:
                assert event.role is Role.SPECIALISED
                return
            assert event.role is (Role.SPECIALISED if level <= Level.L2 else Role.OWNER)
            if level >= Level.L4:
                assert self.has_opinion
            if before.kind is RequestKind.REMOVE:
                assert event.plan in self.appraised, "a removal is decided by two persons"
                assert len({*self.roles, key}) >= 3, "who asks and two who decide"
            elif level is Level.L3 or (level < Level.L3 and before.operates):
                assert event.plan in self.appraised
                appraiser = Role.OTHER_UNIT if before.operates else Role.SPECIALISED
                assert appraiser in self.roles.values()
        if event.act is Act.BEGIN:
            assert self.approved_by, "begun without an approval"
        if event.act is Act.END:
            assert before.kind is RequestKind.INTERCONNECT
            assert event.role is not Role.OWNER or event.body in OWNERS, "ended for somebody who owns neither system"

    def _account(self, event: Event) -> None:
        key = " ".join(event.person.casefold().split())
        if key:
            self.roles[key] = event.role
        if event.act is Act.SUBMIT:
            self.appraised, self.has_opinion, self.plan, self.approved_by = set(), False, "", ""
            self.agreed = set()
        elif event.act in (Act.PLAN, Act.MOVE):
            if event.plan != self.plan:
                self.approved_by = ""
            self.plan, self.approved_by = event.plan, ""
        elif event.act is Act.APPRAISE and event.plan == self.plan:
            self.appraised.add(event.plan)
        elif event.act is Act.CONSENT:
            self.agreed.add((event.plan, event.body, key))
        elif event.act is Act.OPINION:
            self.has_opinion = True
        elif event.act is Act.APPROVE:
            self.approved_by = key

    @invariant()
    def only_what_was_approved_is_under_way(self) -> None:
        if self.case is None or self.case.state is None:
            return
        approval = self.case.approval
        if self.case.state in (S.APPROVED, S.PROVISIONING, S.CHANGING, S.REMOVING, S.ACTIVE, S.SUSPENDED):
            assert self.approved_by
            assert approval is not None
            assert approval.plan == self.plan
        if self.case.state in (S.SUBMITTED, S.PLANNED, S.RETURNED, S.DRAFT):
            assert approval is None
