"""Ngoại lệ: an approved, expiring exception to one control for one scope, pinned to what was demanded at the time.

A waiver never makes a control met. It says who answers for the gap, until when, and what is done instead.
"""

from __future__ import annotations

import unicodedata
from datetime import date, datetime, timedelta, timezone
from enum import StrEnum
from typing import Annotated, TypedDict

from pydantic import Field, StringConstraints

from hatang import digests
from hatang.model.base import Model
from hatang.model.control import Resolved, Strength, Value
from hatang.model.terms import Level

CIVIL_TIME = timezone(timedelta(hours=7))  # Việt Nam has one zone and no summer time; a last day ends there
# No interval of review in the catalogue is longer than 12 months (ACC-03, LOG-12, SAC-15 at levels 1 and 2), so no
# waiver outlives one round of reviews: whoever still needs it argues for it again, and another person decides again.
LONGEST_DAYS = 365

Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=10, max_length=2_000)]
Person = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=200)]


class ScopeKind(StrEnum):
    """What a waiver holds for; the narrowest comes first."""

    HOST = "host"
    SYSTEM = "system"
    AGENCY = "agency"


class WaiverState(StrEnum):
    """Where a waiver stands. Derived from what was recorded, the date and the catalogue; never stored."""

    PROPOSED = "proposed"  # nobody has approved it: without effect
    VALID = "valid"
    EXPIRED = "expired"  # its last day is over
    LAPSED = "lapsed"  # what it was granted for is no longer what is demanded
    REVOKED = "revoked"


class Demand(Model):
    """What a control demanded, and on what ground. Provenance marks are no part of it: they tell how it was read."""

    value: Value
    unit: str
    source: str = Field(description="The deciding source, or several joined by ` + `.")
    clause: str
    strength: Strength
    own_value: str = Field("", description="Our number, where the law gives none.")
    numbers: dict[str, str] = Field(description="Each deciding source: its number, such as TCVN 14423:2026.")

    @property
    def digest(self) -> str:
        """Identity of the demand, SHA-256."""
        return digests.of_data(self.model_dump(mode="json"))


class Pin(Model):
    """The demand that a waiver was granted for, at one level and for one set of applicable sources."""

    level: Level
    applies: tuple[str, ...] = Field((), description="Kinds of system that narrow sources apply to.")
    demand: Demand


class WaiverProposal(Model):
    """What is asked for."""

    control: str
    scope_kind: ScopeKind
    scope: str = Field(description="Name of the host or system, code of the agency.")
    system: str | None = Field(description="The system that the scope is, or that the host belongs to.")
    reason: Said = Field(description="Why the control cannot be met.")
    measure: Said = Field(description="What is done instead, until it is met.")
    proposed_by: Person
    expires_on: date = Field(description="Last day on which it holds.")
    pins: tuple[Pin, ...] = Field(min_length=1)

    @property
    def digest(self) -> str:
        """Identity of the proposal, SHA-256: the same one again is the same waiver."""
        data = self.model_dump(mode="json", exclude={"pins", "proposed_by"})
        data |= {"proposer": person_key(self.proposed_by), "pins": sorted(p.demand.digest for p in self.pins)}
        return digests.of_data(data)


class Waiver(Model):
    """A waiver with all that was recorded about it."""

    id: str
    control: str
    scope_kind: ScopeKind
    scope: str
    system: str | None
    reason: str
    measure: str
    proposed_by: str
    proposed_at: datetime
    expires_on: date
    pins: tuple[Pin, ...]
    approved_by: str = ""
    approved_at: datetime | None = None
    note: str = ""
    revoked_by: str = ""
    revoked_at: datetime | None = None
    revoked_why: str = ""
    removed_at: datetime | None = Field(None, description="When its system was removed, if after the proposal.")

    def is_over(self, at: datetime) -> bool:
        """Whether its last day has ended."""
        return civil_day(at) > self.expires_on

    def state(self, at: datetime, lapse: str = "") -> WaiverState:
        """Where it stands.

        Args:
            lapse: why the demand is no longer the one that it was granted for; empty: it is.
        """
        if self.revoked_at is not None:
            return WaiverState.REVOKED
        if self.is_over(at):
            return WaiverState.EXPIRED
        if lapse or self.removed_at is not None:
            return WaiverState.LAPSED
        return WaiverState.VALID if self.approved_at is not None else WaiverState.PROPOSED


def civil_day(at: datetime) -> date:
    """The day in Việt Nam at this moment."""
    return at.astimezone(CIVIL_TIME).date()


def person_key(name: str) -> str:
    """A person's name for comparison: one form of letters, no difference of case or spaces.

    Vietnamese letters come composed or in parts, by keyboard; both are one name.
    """
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def demand_of(resolved: Resolved, numbers: dict[str, str]) -> Demand | None:
    """What a control demands; None: nothing, so that there is nothing to waive.

    Args:
        numbers: number of every legal source, by its key.
    """
    if resolved.value is None or resolved.value is False:
        return None
    own = resolved.own_value
    return Demand(
        value=resolved.value,
        unit=resolved.unit,
        source=resolved.source,
        clause=resolved.clause,
        strength=resolved.strength,
        own_value=f"{own.value} {own.unit}" if own else "",
        numbers={s: numbers.get(s, "") for s in resolved.source.split(" + ")},
    )


def difference(then: Demand, now: Demand | None) -> str:
    """What has changed since, in words; empty: nothing."""
    if now is None:
        return f"nothing is demanded any more; it was {_shown(then.value)} {then.unit}"
    changes = [
        f"{field} was {_shown(old)}, is {_shown(new)}"
        for field in Demand.model_fields
        if (old := getattr(then, field)) != (new := getattr(now, field))
    ]
    return "; ".join(changes)


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{v or '(no number)'}" for v in value.values())
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value) or "(none)"


class WaiverNote(TypedDict):
    """What a report says about the waiver of a result. Plain, as it stands in JSON."""

    id: str
    state: str
    scope: str  # such as "host mot-cua-web"
    until: str  # last day, YYYY-MM-DD
    approved_by: str
    measure: str
    why: str  # why it holds no longer; empty: it holds
