"""Ghi nhận: a review, a drill or a document that a person puts on record for a control, and what it is worth on a day.

A record is the word of the person who made it. It shows that an act was recorded, on which day, with which document;
hatang has not read the document.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, StringConstraints, field_validator

from hatang import digests
from hatang.model.base import Model
from hatang.model.control import OwnValue, Unit
from hatang.model.terms import UNSTATED
from hatang.model.waiver import Person, person_key

SITE = "site"  # the scope of a record that holds for the whole site: a registry serves one
EARLIEST = date(2000, 1, 1)  # a day before that is a slip of the fingers
SOON_DAYS = 30  # from so many days before it is due, a review is shown as due
FileName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


def plain(text: str) -> str:
    """The text, which is printed in tables and reports. Raises ValueError: it holds control characters."""
    if any(unicodedata.category(c) == "Cc" for c in text):
        raise ValueError("it holds control characters")
    return text


class ReviewScope(StrEnum):
    """What a record holds for."""

    SYSTEM = "system"
    AGENCY = "agency"
    SITE = "site"


class ReviewEntry(Model):
    """What a person puts on record."""

    control: str
    scope_kind: ReviewScope
    scope: str = Field(description="Name of the system, code of the agency, or `site`.")
    day: date = Field(description="Day of the review or drill, or of the document.")
    by: Person
    document: FileName = Field(description="Name of the file; hatang keeps its digest, not the file.")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    note: str = Field("", max_length=2_000)
    succeeded: bool = Field(True, description="For a drill, a trial, an acceptance: whether it succeeded.")
    covers: tuple[str, ...] = Field((), description="Hosts that the document names, where a control asks for that.")

    @field_validator("by", "document", "note")
    @classmethod
    def _plain(cls, text: str) -> str:
        return plain(text)

    @property
    def digest(self) -> str:
        """Identity, SHA-256: the same record again is the same one."""
        data = self.model_dump(mode="json") | {"by": person_key(self.by), "covers": sorted(set(self.covers))}
        return digests.of_data(data)


class Review(ReviewEntry):
    """A record with all that came of it."""

    id: str
    system: str | None
    recorded_at: datetime
    withdrawn_by: str = ""
    withdrawn_at: datetime | None = None
    withdrawn_why: str = ""
    removed_at: datetime | None = Field(None, description="When its system was removed, if after the record.")

    @property
    def stands(self) -> bool:
        """Whether it still counts."""
        return self.withdrawn_at is None and self.removed_at is None

    @property
    def told(self) -> str:
        """Day, person, document with the beginning of its digest: the same in every language."""
        return f"{self.day}, {self.by}, {self.document} (sha256 {self.sha256[:12]}…)"


@dataclass(frozen=True)
class Interval:
    """A time between two reviews, by the calendar."""

    months: int = 0
    days: int = 0

    def after(self, day: date) -> date:
        """The day by which the next one is due; the last day of a month where it has no such day."""
        whole = day.year * 12 + day.month - 1 + self.months
        year, month = divmod(whole, 12)
        last = calendar.monthrange(year, month + 1)[1]
        return date(year, month + 1, min(day.day, last)) + timedelta(days=self.days)


def interval_of(value: Any, unit: str, own: OwnValue | None = None) -> Interval | None:
    """The interval that a value in force demands; None: it is none, or demanded without a number and we have none.

    Args:
        own: our number, which counts where the sources name none.
    """
    if value == UNSTATED and own is not None:
        value, unit = own.value, own.unit.value
    if unit == Unit.MONTHS.value and isinstance(value, int) and not isinstance(value, bool):
        return Interval(months=value)
    if unit == Unit.INTERVAL.value and (found := re.fullmatch(r"(\d+) (week|month)s?", str(value))):
        count = int(found[1])
        return Interval(days=7 * count) if found[2] == "week" else Interval(months=count)
    return None


class ReviewState(StrEnum):
    """What is on record about a control for a system, on a day. Derived, never stored."""

    KEPT = "kept"  # on record, and not due yet
    NOT_DUE = "not-due"  # nothing on record, and the first one is not due yet
    MISSING = "missing"  # nothing on record, and it is due
    OVERDUE = "overdue"  # the last one on record is too old
    FAILED = "failed"  # the last trial did not succeed


@dataclass(frozen=True)
class ReviewStanding:
    """What is on record, and by when the next one is due."""

    state: ReviewState
    last: Review | None
    due: date | None  # None: no interval, or the system is not in use yet

    def is_soon(self, today: date) -> bool:
        """Whether somebody should begin: it is due within SOON_DAYS, or was due already."""
        if self.state in (ReviewState.MISSING, ReviewState.OVERDUE, ReviewState.FAILED):
            return True
        return self.due is not None and self.due <= today + timedelta(days=SOON_DAYS)


def judge(
    reviews: Iterable[Review], interval: Interval | None, today: date, in_use_since: date | None, *, from_start: bool
) -> ReviewStanding:
    """What the records of one control and system are worth today.

    Args:
        interval: None: once is enough.
        in_use_since: None: the system is not in use, and nothing is due.
        from_start: a document that must be there when the system comes into use; else the first interval runs from
            that day, as for a periodic review of what did not exist before.
    """
    standing = [r for r in reviews if r.stands and r.day <= today]
    last = max(standing, key=lambda r: (r.day, r.recorded_at, r.id), default=None)
    first = (
        None if in_use_since is None else in_use_since if from_start or not interval else interval.after(in_use_since)
    )
    if last is not None and not last.succeeded:
        return ReviewStanding(ReviewState.FAILED, last, last.day)
    due = first if last is None else interval.after(last.day) if interval else None
    if last is not None and (due is None or today <= due):
        return ReviewStanding(ReviewState.KEPT, last, due)
    if first is None or (not from_start and today <= first):
        return ReviewStanding(ReviewState.NOT_DUE, last, first)
    return ReviewStanding(ReviewState.OVERDUE if last else ReviewState.MISSING, last, due)
