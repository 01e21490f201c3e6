"""Late arrivals: what a run had asked the cloud for, and the cloud made without the run's hearing of it.

A request that was sent just before a kill may be worked on for as long as a busy cloud takes; and the cloud may have
made what it then gave no good answer about. Recovery remembers, in a file beside the engine's state, each creation of a
killed run that it found nothing of, and the engine each one that failed. Every later run looks for these again, before
and after the engine: what is there, and the state does not know, is removed, so that it neither stands in the way of
the one that is made anew nor stays beside it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from hatang import private
from hatang.provision.events import Report
from hatang.provision.finders import FINDERS
from hatang.provision.state import Known, StateFile

KEEP_S = 3600.0  # longer than any cloud works on one request: gateways give up after minutes


@dataclass(frozen=True)
class Late:
    """One creation that nothing was found of."""

    type: str
    name: str  # in the program
    inputs: dict[str, Any]  # with the project that would own it
    since: float = 0.0  # when it was remembered, seconds since the epoch
    failed_since: float | None = None  # when the run that failed at it began; none: the run was killed

    @classmethod
    def of(cls, resource: Known) -> Late:
        """A creation that was under way."""
        return cls(resource.type, resource.name, resource.inputs)


def remember(state: StateFile, missing: Iterable[Late], now: float | None = None) -> None:
    """Keep these creations; call before the state forgets them."""
    since = time.time() if now is None else now
    new = [replace(x, since=since) for x in missing]
    if new:
        _keep(state, [*expected(state, since), *new])


def remember_failed(state: StateFile, report: Report) -> None:
    """Keep the creations that failed in a run, of kinds that can be looked for."""
    asked = (Late.of(state.owned(r)) for r in report.failed if r.type in FINDERS)
    remember(state, [replace(x, failed_since=report.begun) for x in asked])


def expected(state: StateFile, now: float | None = None) -> list[Late]:
    """What may still come."""
    if not state.late_file.is_file():
        return []
    oldest = (time.time() if now is None else now) - KEEP_S
    return [x for x in (Late(**raw) for raw in json.loads(state.late_file.read_text())) if x.since > oldest]


def sweep(state: StateFile, remove: Callable[[Late, set[tuple[str, str]]], int], key: Callable[[Late], int]) -> int:
    """Look for all of them again; returns how many were removed.

    Args:
        key: the order to remove in: what is in use by another cannot be removed before it.
        remove: removes what is on the cloud of one of them and not among these (type, id), and returns the number.
    """
    waiting = expected(state)
    if not waiting:
        state.late_file.unlink(missing_ok=True)
        return 0
    known = state.known()
    return sum(remove(late, known) for late in sorted(waiting, key=key))


def _keep(state: StateFile, waiting: list[Late]) -> None:
    unique = {json.dumps([x.type, x.name, x.inputs], sort_keys=True): x for x in waiting}
    private.replace(state.late_file, json.dumps([asdict(x) for x in unique.values()]))
