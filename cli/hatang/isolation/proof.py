"""What a proof found: every probe with what policy says and what happened, and what in the cloud may be why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from hatang.isolation.causes import Cause
from hatang.isolation.expected import Probe, Spot

SCHEMA = "hatang.isolation/1"


@dataclass(frozen=True)
class Result:
    """A probe and what became of it."""

    probe: Probe
    arrived: bool
    unsent: str = ""  # why it could not be sent; then it did not arrive

    @property
    def difference(self) -> str:
        """`open` where it got through and must not, `blocked` the other way round, else nothing."""
        if self.probe.allowed is None or self.probe.allowed == self.arrived:
            return ""
        return "open" if self.arrived else "blocked"


@dataclass(frozen=True)
class Proof:
    """One run."""

    started: datetime
    seconds: float
    spots: tuple[Spot, ...]
    results: tuple[Result, ...]
    causes: tuple[Cause, ...]
    troubles: tuple[str, ...]  # places that could not take part: nothing is proven of them

    @property
    def differences(self) -> list[Result]:
        """Probes that did otherwise than policy says."""
        return [r for r in self.results if r.difference]

    @property
    def holds(self) -> bool:
        """Whether everything is as policy says, and everything could be tried."""
        return not (self.differences or self.causes or self.troubles)

    def cells(self) -> dict[tuple[str, str], Counter[str]]:
        """Per source and target: how many probes passed, were stopped, are open, blocked, not judged."""
        found: dict[tuple[str, str], Counter[str]] = {}
        for r in self.results:
            judged = "unjudged" if r.probe.allowed is None else "passed" if r.arrived else "stopped"
            found.setdefault((r.probe.source, r.probe.target), Counter())[r.difference or judged] += 1
        return found

    def causes_of(self, result: Result) -> list[Cause]:
        """Things in the cloud that are wrong in a system at one of its ends."""
        systems = {s.system for s in self.spots if s.name in (result.probe.source, result.probe.target)}
        return [c for c in self.causes if c.system in systems]

    def as_dict(self) -> dict[str, Any]:
        """The run as JSON; keys are never translated."""
        return {
            "schema": SCHEMA, "started": self.started.isoformat(timespec="seconds"), "seconds": self.seconds,
            "holds": self.holds,
            "counts": {
                "probes": len(self.results), "arrived": sum(r.arrived for r in self.results),
                "differences": len(self.differences),
            },
            "places": [{k: v for k, v in asdict(s).items() if k != "services"} for s in self.spots],
            "matrix": [{"from": a, "to": b, **c} for (a, b), c in self.cells().items()],
            "differences": [_row(r) for r in self.differences],
            "causes": [asdict(c) for c in self.causes],
            "troubles": list(self.troubles),
            "arrived": [_row(r) for r in self.results if r.arrived],
        }  # fmt: skip


def _row(result: Result) -> dict[str, Any]:
    p = result.probe
    row = {
        "from": p.source, "to": p.target, "address": p.address, "protocol": p.protocol, "port": p.port or None,
        "version": p.version, "as": p.disguise or None, "allowed": p.allowed, "arrived": result.arrived,
    }  # fmt: skip
    return (
        row
        | ({"difference": result.difference} if result.difference else {})
        | ({"unsent": result.unsent} if result.unsent else {})
    )


def grouped(results: Iterable[Result]) -> list[tuple[Result, int, Sequence[str]]]:
    """Differences of one kind between two places as one: the first, how many, and what each is in short."""
    found: dict[tuple[str, str, str], list[Result]] = {}
    for r in results:
        found.setdefault((r.probe.source, r.probe.target, r.difference), []).append(r)
    return [(rs[0], len(rs), [r.probe.what for r in rs]) for rs in found.values()]
