"""Time limits of requests in working days (Decree 331/2026, Art. 23–24): who must act, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from hatang.catalogue.workdays import FOLDER, UnknownYear, add_working_days
from hatang.model.case import Case
from hatang.model.lifecycle import Act, RequestState
from hatang.model.terms import Level
from hatang.model.waiver import civil_day

ANSWER_DAYS = 5  # a first answer to what was submitted: a plan for its approvers, or back to the agency
APPRAISAL_DAYS = {Level.L3: 15, Level.L4: 25, Level.L5: 25}
APPROVAL_DAYS = 7
CLAUSE = "331/2026/NĐ-CP Đ23–24"


@dataclass(frozen=True)
class Deadline:
    """What is waited for."""

    awaits: str  # answer, appraisal, opinion, approval
    since: date
    days: int
    until: date | None  # last day; None: the holidays of `unknown_year` are not known
    unknown_year: int | None = None

    def overdue(self, today: date) -> bool | None:
        """Whether the last day is over; None: that cannot be said without the holidays of a year."""
        if self.until is None:
            return None
        return today > self.until


def deadline(case: Case, folder: Path = FOLDER) -> Deadline | None:
    """The time limit that runs for a request; None: nobody has one, or the law gives none."""
    found = _running(case)
    if found is None:
        return None
    awaits, since, days = found
    try:
        return Deadline(awaits, since, days, add_working_days(since, days, folder))
    except UnknownYear as exc:
        return Deadline(awaits, since, days, None, exc.year)


def _running(case: Case) -> tuple[str, date, int] | None:
    if case.state is RequestState.SUBMITTED:
        return "answer", civil_day(case.round[0].at), ANSWER_DAYS
    if case.state is not RequestState.PLANNED or case.planned is None:
        return None
    first = next(e for e in case.round if e.act in (Act.PLAN, Act.MOVE))  # the dossier was taken in then
    if missing := case.missing():
        if all(what.startswith("consent of ") for what in missing):  # no law that was read gives owners a time to agree
            return None
        awaits = "opinion" if case.demand.opinion else "appraisal"
        days = APPRAISAL_DAYS.get(case.level) if case.level else None
        return (awaits, civil_day(first.at), days) if days else None
    decided = [e for act in (Act.APPRAISE, Act.OPINION, Act.CONSENT) for e in case.decided(act)]
    ready = max([case.planned.at, *(e.at for e in decided)]) if decided else first.at
    return "approval", civil_day(ready), APPROVAL_DAYS
