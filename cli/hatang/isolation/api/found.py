"""What a run found: every operation of every token with how it ended."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from hatang.isolation.api.askers import Asker
from hatang.isolation.api.catalogue import Operation

SCHEMA = "hatang.isolation-api/1"


class Outcome(StrEnum):
    """How an operation ended, the worst last."""

    UNTRIED = "not-tried"  # the service, or what it would be tried on, is not there: nothing is proven
    REFUSED = "refused"
    UNCLEAR = "unclear"  # neither done nor refused: a fault of the service or of the request
    REVEALED = "revealed"  # a name or an id that is not the asker's own stands in the answer
    OPEN = "open"  # it was let through


@dataclass(frozen=True)
class Tried:
    """One operation with one token."""

    asker: str
    service: str
    operation: Operation
    outcome: Outcome
    status: int = 0
    call: str = ""  # as it was sent; of several the worst
    why: str = ""  # names that showed, or why it was not tried

    def as_dict(self) -> dict[str, Any]:
        """As JSON."""
        o = self.operation
        return {
            "as": self.asker, "service": self.service, "operation": o.name, "about": o.about, "outcome": self.outcome,
            "status": self.status or None, "call": self.call, "why": self.why,
        }  # fmt: skip


@dataclass(frozen=True)
class Run:
    """One run."""

    started: datetime
    seconds: float
    system: str
    askers: tuple[Asker, ...]
    tried: tuple[Tried, ...]
    absent: tuple[str, ...]  # services that the cloud's catalogue does not hold
    troubles: tuple[str, ...]  # what could not be taken back

    @property
    def faults(self) -> list[Tried]:
        """Operations that were not refused."""
        return [t for t in self.tried if t.outcome not in (Outcome.REFUSED, Outcome.UNTRIED)]

    @property
    def holds(self) -> bool:
        """Whether all that was tried was refused, something was tried with each token, and nothing is left."""
        tried_by = {t.asker for t in self.tried if t.outcome is not Outcome.UNTRIED}
        return not (self.faults or self.troubles) and tried_by == {a.name for a in self.askers}

    def counts(self, asker: str) -> Counter[Outcome]:
        """How many ended how, with one token."""
        return Counter(t.outcome for t in self.tried if t.asker == asker)

    def as_dict(self) -> dict[str, Any]:
        """The run as JSON; keys are never translated."""
        return {
            "schema": SCHEMA, "started": self.started.isoformat(timespec="seconds"), "seconds": self.seconds,
            "holds": self.holds, "system": self.system,
            "as": [
                {"name": a.name, "scope": a.scope, "roles": list(a.roles)}
                | {"counts": {o.value: self.counts(a.name)[o] for o in Outcome}}
                for a in self.askers
            ],
            "faults": [t.as_dict() for t in self.faults],
            "absent_services": list(self.absent), "troubles": list(self.troubles),
            "operations": [t.as_dict() for t in self.tried],
        }  # fmt: skip
