"""What hatang keeps of a system: reviews and documents that persons put on record, and its own records of the way.

Read from the --systems file that `hatang check` writes. A record is the word of the person who made it, so a check that
passes says whose, of which day and with which document; hatang has not read the document.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pytest

from hatang.model.review import Interval, Review, ReviewStanding, ReviewState, judge
from hatang.model.waiver import civil_day

NOT_DUE = "not due yet, nothing on record; first due: "
ON_RECORD = "on record, and nobody checked what it says: "


@dataclass(frozen=True)
class Kept:
    """What is kept of one system, for the control of one check."""

    control: str
    facts: dict[str, Any]
    interval: Interval | None  # after how long a record must be renewed, at the system's level
    say: Callable[[str], None]  # keeps a remark beside a check that passes

    @property
    def today(self) -> date:
        """The day that is counted from."""
        return date.fromisoformat(self.facts["today"])

    @property
    def in_use_at(self) -> datetime | None:
        """When the system came into use; None: it is not in use."""
        found = self.facts["in_use_at"]
        return datetime.fromisoformat(found) if found else None

    @property
    def hosts(self) -> list[dict[str, Any]]:
        """The system's servers."""
        return list(self.facts["hosts"])

    def rows(self, name: str) -> list[dict[str, Any]]:
        """approved, servers, deployments, hardened or check_runs, oldest first, with their times as `datetime`."""
        found = self.facts[name]
        return [{k: datetime.fromisoformat(v) if v and _is_time(k) else v for k, v in r.items()} for r in found]

    @property
    def reviews(self) -> list[Review]:
        """Everything on record for the control that counts for the system."""
        return [Review.model_validate(r) for r in self.facts["reviews"] if r["control"] == self.control]

    def left_out(self, review: Review, *, before: date | None = None) -> list[str]:
        """Servers that the document does not name; with `before` only those that were there by then."""
        made = {s["server_id"]: civil_day(s["made_at"]) for s in self.rows("servers")}
        missing = [h for h in self.hosts if h["name"] not in review.covers]
        return sorted(h["name"] for h in missing if before is None or made.get(h["server_id"], date.min) < before)

    def in_use_or(self, is_begun: bool) -> None:
        """Skip where the system is not in use and nothing of what is looked at has begun: then nothing is due."""
        if self.in_use_at is None and not is_begun:
            pytest.skip(NOT_DUE + "—")

    def on_time(self) -> Review:
        """The last review on record is no older than the interval; the first is due one interval after first use."""
        assert self.interval is not None, "no interval is known"
        return self._judged(from_start=False)

    def document(self) -> Review:
        """A document is on record since the system is in use."""
        return self._judged(from_start=True)

    def _judged(self, *, from_start: bool) -> Review:
        used = civil_day(self.in_use_at) if self.in_use_at else None
        found = judge(self.reviews, self.interval, self.today, used, from_start=from_start)
        if found.state is ReviewState.NOT_DUE:
            pytest.skip(f"{NOT_DUE}{found.due or '—'}")
        assert found.state is ReviewState.KEPT, _fault(found)
        assert found.last is not None
        self.say(f"{ON_RECORD}{found.last.told}" + (f"; → {found.due}" if found.due else ""))
        return found.last


def _is_time(field: str) -> bool:
    return field == "at" or field.endswith("_at")


def _fault(found: ReviewStanding) -> str:
    if found.last is None:
        return f"nothing on record; due since: {found.due}"
    if found.state is ReviewState.FAILED:
        return f"did not succeed: {found.last.told}"
    return f"overdue; last on record: {found.last.told}; → {found.due}"
