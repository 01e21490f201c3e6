"""Results of a check run: one per control and scope, with value, source and provenance mark beside the state."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatang.audit.totals import by_system
from hatang.catalogue.ways import REGISTRY_PREFIX
from hatang.model.terms import ResultState

if TYPE_CHECKING:
    from hatang.model.waiver import WaiverNote

SCHEMA = "hatang.check/1"
# States that must not be taken for a pass: the command then ends with 1.
BAD = (ResultState.NOT_MET, ResultState.NOT_CHECKED)


@dataclass(frozen=True)
class Result:
    """What was found about one control for one host or system."""

    control: str
    scope: str
    kind: str  # host, system
    system: str
    level: int
    state: ResultState
    value: Any
    unit: str
    source: str
    mark: str  # how the value was read: A, B2, B1, own; empty: nothing is demanded
    clause: str
    strength: str
    verified_by: str = ""  # the main way of verifying it; empty in reports of earlier versions
    own_value: str = ""  # our number, where the law gives none
    detail: str = ""
    checks: tuple[str, ...] = ()
    seconds: float = 0.0
    true_state: str = ""  # what was found, where `state` is `waived`
    waiver: WaiverNote | None = None  # the waiver in force; of an unmet control without one, the one that has ended

    @classmethod
    def of(cls, row: dict[str, Any]) -> Result:
        """A result as a report holds it. Fields that this version does not know are left out.

        Raises:
            KeyError, TypeError, ValueError: the row is no result.
        """
        known = {f.name: row[f.name] for f in fields(cls) if f.name in row}
        state = ResultState(known.pop("state"))
        return cls(**known | {"checks": tuple(row.get("checks", ()))}, state=state)

    def as_dict(self) -> dict[str, Any]:
        """The result as it stands in JSON."""
        return asdict(self) | {"state": self.state.value}

    @property
    def rests_on_registry(self) -> bool:
        """Whether it was judged from the registry alone: no deployment and no hardening run changes the past."""
        return bool(self.checks) and all(c.startswith(REGISTRY_PREFIX) for c in self.checks)

    @property
    def told(self) -> str:
        """Why it is in this state, with the waiver that accepts it, or that does so no longer."""
        if self.waiver is None:
            return self.detail
        w = self.waiver
        if self.state is ResultState.WAIVED:
            by = f"waived until {w['until']} by waiver {w['id']} ({w['scope']}), approved by {w['approved_by']}"
            return f"{by}; found {self.true_state}: {self.detail}"
        return f"{self.detail}; waiver {w['id']} {w['state']}: {w['why']}" if w["why"] else self.detail


@dataclass(frozen=True)
class CheckRun:
    """One run of the checks, or the last results of several."""

    started: datetime
    finished: datetime
    results: tuple[Result, ...]
    stored: str | tuple[str, ...] = ""  # folder of its reports, or the folders of those that it was put together from
    interconnects: tuple[dict[str, Any], ...] = ()  # of these systems: in force, or over and not closed

    def counts(self) -> dict[str, int]:
        """Number of results by state; every state is named."""
        return counted(self.results)

    def of_system(self, name: str) -> dict[str, Any]:
        """Controls of one system by state; empty when it was not judged."""
        rows = [r.as_dict() for r in self.results if r.system == name]
        return next(iter(by_system(rows)), {})

    def not_met(self) -> list[Result]:
        """Results that are no pass: not met, or not checked although a check exists."""
        return [r for r in self.results if r.state in BAD]

    def as_dict(self) -> dict[str, Any]:
        """The report (docs/reference/check-report.md), without its `schema` field."""
        one = isinstance(self.stored, str)
        rows = [r.as_dict() for r in self.results]
        return {
            **({"report": self.stored} if self.stored else {}),
            "started": self.started.isoformat(),
            "finished": self.finished.isoformat(),
            # Between the last results of several runs lies time in which nothing was checked.
            "seconds": round((self.finished - self.started).total_seconds(), 1) if one else None,
            "verified_against_original": False,  # of the sources: nobody has compared one with its signed text
            "counts": self.counts(),
            "systems": by_system(rows),
            "interconnects": list(self.interconnects),
            "results": rows,
        }

    def write(self, folder: Path) -> Path:
        """Write the report in every format into a new folder below `folder`, and return that folder."""
        from hatang.audit.reports import formats, render

        name = f"{self.started:%Y%m%dT%H%M%S}"
        made = next(p for i in range(1000) if not (p := folder / (name if not i else f"{name}-{i}")).exists())
        made.mkdir(parents=True)
        for form in formats().values():
            if form.file:
                (made / form.file).write_text(render(form.name, self), encoding="utf-8")
        latest = folder / f".latest-{os.getpid()}"
        latest.symlink_to(made.name)
        latest.replace(folder / "latest")
        return made

    @classmethod
    def read(cls, folder: Path) -> CheckRun:
        """The run whose reports lie in `folder`.

        Raises:
            OSError, KeyError, TypeError, ValueError: there is no report.json, or it is not one of ours.
        """
        report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
        started, finished = (datetime.fromisoformat(report[k]) for k in ("started", "finished"))
        results, ways = tuple(Result.of(r) for r in report["results"]), tuple(report.get("interconnects", ()))
        return cls(started, finished, results, str(folder), ways)


def counted(results: Iterable[Result]) -> dict[str, int]:
    """Number of results by state; every state is named."""
    found = Counter(r.state.value for r in results)
    return {state.value: found.get(state.value, 0) for state in ResultState}
