"""A request with all that was done to it: the rules that need more than the present state. No I/O.

Roles are claims where nobody is authenticated (the local registry); what is held even then: one person has one role
in one request, so that nobody who asks can also appraise or approve.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from hatang.errors import InputError, RefusedError
from hatang.model.authority import Demand, demand
from hatang.model.lifecycle import Act, RequestKind, RequestState, Role, find
from hatang.model.terms import Level
from hatang.model.waiver import person_key

DIGEST = re.compile(r"[0-9a-f]{64}")
UNNAMED = frozenset({Role.ENGINEER, Role.HATANG})  # may act without the name of a person


@dataclass(frozen=True)
class Event:
    """One act, as it is recorded."""

    act: Act
    role: Role
    person: str = ""
    plan: str = ""  # digest of the plan that was made or approved
    intent: str = ""  # digest of what that plan wants the cloud to be
    document: str = ""  # SHA-256 of the document that holds an opinion
    step: str = ""  # of the workflow, where it failed
    note: str = ""
    body: str = ""  # the owner for whom somebody agrees
    target: RequestState = RequestState.DRAFT
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True)
class Case:
    """A request and its history."""

    id: str
    kind: RequestKind
    requester: str
    level: Level | None
    operates: bool  # the specialised unit is also the operator
    events: tuple[Event, ...] = ()
    owners: tuple[str, ...] = ()  # whose systems a request about several of them touches; each of them consents

    @property
    def state(self) -> RequestState | None:
        """Where it stands; None: nothing was recorded yet."""
        return self.events[-1].target if self.events else None

    @property
    def demand(self) -> Demand:
        """Who must decide."""
        return demand(self.level, operates=self.operates, kind=self.kind)

    @property
    def round(self) -> tuple[Event, ...]:
        """What happened since it was last submitted: decisions on an older content do not count."""
        starts = [i for i, e in enumerate(self.events) if e.act is Act.SUBMIT]
        return self.events[starts[-1] :] if starts else self.events

    @property
    def planned(self) -> Event | None:
        """The newest plan."""
        return next((e for e in reversed(self.round) if e.act in (Act.PLAN, Act.MOVE)), None)

    @property
    def approval(self) -> Event | None:
        """The approval that holds: of the newest plan."""
        for event in reversed(self.round):
            if event.act is Act.APPROVE:
                return event if event.target is RequestState.APPROVED else None  # or of before plans were recorded
            if event.act in (Act.PLAN, Act.MOVE):
                return None
        return None

    def decided(self, act: Act) -> list[Event]:
        """Appraisals of the newest plan; opinions of this round, since they are about the dossier, not the plan."""
        plan = self.planned.plan if self.planned else ""
        return [e for e in self.round if e.act is act and (act is Act.OPINION or e.plan == plan)]

    def missing(self) -> list[str]:
        """What an approval still lacks, as acts and roles."""
        need, lacks = self.demand, []
        if need.appraiser and not self.decided(Act.APPRAISE):
            lacks.append(f"appraisal by {need.appraiser.value}")
        if need.opinion and not self.decided(Act.OPINION):
            lacks.append("the recorded opinion of the Ministry of Public Security")
        return lacks + [f"consent of {owner}" for owner in self._silent()]

    def after(self, event: Event) -> Case:
        """The case once this was done.

        Raises:
            RefusedError: the table, the level or the person forbids it.
            InputError: a name or the digest of a document is missing.
        """
        line = find(self.kind, self.state, event.act)
        where = f"registry, request {self.id}, state {self.state.value if self.state else 'none'}"
        if line is None:
            raise RefusedError(f"a request in this state does not take: {event.act.value}", where=where,
                do=f"see where it stands: hatang request show {self.id}")  # fmt: skip
        if event.role not in line.roles:
            raise RefusedError(f"{event.role.value} may not {event.act.value} a request", where=where,
                do=f"this is for: {', '.join(sorted(r.value for r in line.roles))}")  # fmt: skip
        self._check_person(event, where)
        self._check_decision(event, where)
        return replace(self, events=(*self.events, replace(event, target=line.target)))

    def _check_person(self, event: Event, where: str) -> None:
        key = person_key(event.person)
        if not key:
            if event.role in UNNAMED:
                return
            raise InputError("nobody is named", where="--by", do="name the person who decides: --by NAME")
        if key == person_key(self.requester) and event.role is not Role.REQUESTER:
            raise RefusedError(
                f"{event.person} asked for request {self.id} and may not {event.act.value} it", where=where,
                do=f"another person does: hatang request {event.act.value} {self.id} --by NAME",
            )  # fmt: skip
        if event.role is Role.REQUESTER and key != person_key(self.requester):
            raise RefusedError(f"request {self.id} is of {self.requester}, not of {event.person}", where=where,
                do="the same person submits it again")  # fmt: skip
        for before in self.events:
            if before.role is not event.role and person_key(before.person) == key:
                raise RefusedError(
                    f"{event.person} acted on request {self.id} as {before.role.value} and may not act "
                    f"as {event.role.value}", where=where, do="another person of that body decides",
                )  # fmt: skip

    def _check_decision(self, event: Event, where: str) -> None:
        need = self.demand
        if event.act is Act.OPINION:
            if not need.opinion:
                raise RefusedError("this level needs no opinion of the Ministry of Public Security", where=where,
                    do=f"see who decides: hatang request show {self.id}")  # fmt: skip
            if not DIGEST.fullmatch(event.document):
                raise InputError("the document of the opinion is not named", where="--document",
                    do="name its file, or its SHA-256 in 64 hexadecimal digits")  # fmt: skip
        if event.act is Act.APPRAISE and event.role is not need.appraiser:
            whom = f"is for {need.appraiser.value}" if need.appraiser else "needs no separate appraisal"
            raise RefusedError(f"this request {whom} ({need.clause})", where=where,
                do=f"see who decides: hatang request show {self.id}")  # fmt: skip
        if event.act is Act.CONSENT or (event.act is Act.END and event.role is Role.OWNER):
            self._check_owner(event, where)
        if event.act in (Act.APPRAISE, Act.CONSENT, Act.APPROVE):
            self._check_plan(event, where)
        if event.act is not Act.APPROVE:
            return
        if event.role is not need.approver:
            raise RefusedError(f"this request is approved by {need.approver.value} ({need.clause})", where=where,
                do=f"hatang request approve {self.id} --as {need.approver.value} --by NAME")  # fmt: skip
        if lacks := self.missing():
            raise RefusedError(f"before an approval comes: {'; '.join(lacks)} ({need.clause})", where=where,
                do=f"hatang request {self._next()} {self.id} --by NAME")  # fmt: skip

    def _next(self) -> str:
        if self._silent():
            return "consent"
        return "opinion" if self.demand.opinion else "appraise"

    def _silent(self) -> list[str]:
        """Owners who have not agreed to the newest plan."""
        agreed = {person_key(e.body) for e in self.decided(Act.CONSENT)}
        return [owner for owner in self.owners if person_key(owner) not in agreed]

    def _check_owner(self, event: Event, where: str) -> None:
        owners = {person_key(owner): owner for owner in self.owners}
        if person_key(event.body) not in owners:
            raise InputError(
                f"{event.body} owns none of the systems" if event.body else "it is not said for which owner",
                where="--for", do=f"write one of: {'; '.join(sorted(owners.values()))}",
            )  # fmt: skip
        for before in self.decided(Act.CONSENT):
            if person_key(before.person) == person_key(event.person) and before.body != event.body:
                raise RefusedError(f"{event.person} agreed for {before.body} and may not agree for {event.body} too",
                    where=where, do="each owner has a person of its own who agrees")  # fmt: skip

    def _check_plan(self, event: Event, where: str) -> None:
        if self.planned is None or event.plan != self.planned.plan:
            newest = self.planned.plan[:12] if self.planned else "none"
            raise RefusedError(f"the plan {event.plan[:12]} is not the newest one ({newest})", where=where,
                do=f"look at the newest one: hatang request plan {self.id}")  # fmt: skip
