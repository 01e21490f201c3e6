"""Results of a check run: one per control and scope, with value, source and provenance mark beside the state."""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as xml

from hatang.audit.totals import by_system
from hatang.model.terms import ResultState
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
    """One run of the checks."""

    started: datetime
    finished: datetime
    results: tuple[Result, ...]

    def counts(self) -> dict[str, int]:
        """Number of results by state; every state is named."""
        found = Counter(r.state.value for r in self.results)
        return {state.value: found.get(state.value, 0) for state in ResultState}

    def of_system(self, name: str) -> dict[str, Any]:
        """Controls of one system by state; empty when it was not judged."""
        rows = [r.as_dict() for r in self.results if r.system == name]
        return next(iter(by_system(rows)), {})

    def not_met(self) -> list[Result]:
        """Results that are no pass: not met, or not checked although a check exists."""
        return [r for r in self.results if r.state in BAD]

    def as_dict(self) -> dict[str, Any]:
        """The report (docs/reference/check-report.md), without its `schema` field."""
        rows = [r.as_dict() for r in self.results]
        return {
            "started": self.started.isoformat(),
            "finished": self.finished.isoformat(),
            "seconds": round((self.finished - self.started).total_seconds(), 1),
            "verified_against_original": False,  # of the sources: nobody has compared one with its signed text
            "counts": self.counts(),
            "systems": by_system(rows),
            "results": rows,
        }

    def write(self, folder: Path) -> Path:
        """Write report.json and junit.xml into a new folder below `folder`, and return that folder."""
        name = f"{self.started:%Y%m%dT%H%M%S}"
        made = next(p for i in range(1000) if not (p := folder / (name if not i else f"{name}-{i}")).exists())
        made.mkdir(parents=True)
        (made / "report.json").write_text(
            json.dumps({"schema": SCHEMA, **self.as_dict()}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
        )
        xml.ElementTree(self._junit()).write(made / "junit.xml", encoding="utf-8", xml_declaration=True)
        latest = folder / f".latest-{os.getpid()}"
        latest.symlink_to(made.name)
        latest.replace(folder / "latest")
        return made

    def _junit(self) -> xml.Element:
        suite = xml.Element(
            "testsuite", name="hatang", tests=str(len(self.results)), timestamp=self.started.isoformat(),
            failures=str(sum(r.state is ResultState.NOT_MET for r in self.results)),
            errors=str(sum(r.state is ResultState.NOT_CHECKED for r in self.results)),
            skipped=str(sum(r.state not in (*BAD, ResultState.MET, ResultState.PARTLY) for r in self.results)),
        )  # fmt: skip
        # JUnit has no word for it: a waived case is skipped, and the suite says how many of these there are.
        waived = str(sum(r.state is ResultState.WAIVED for r in self.results))
        xml.SubElement(xml.SubElement(suite, "properties"), "property", name="waived", value=waived)
        for r in self.results:
            # The mark is part of the name: no viewer can show a bare pass for a value that nobody verified.
            title = f"{r.control} [{r.mark}: not compared with the original]" if r.mark else r.control
            case = xml.SubElement(suite, "testcase", classname=f"{r.system}.{r.scope}", name=title, time=str(r.seconds))
            properties = xml.SubElement(case, "properties")
            for key in ("control", "scope", "system", "state", "value", "unit", "source", "mark", "clause"):
                xml.SubElement(properties, "property", name=key, value=str(getattr(r, key)))
            for key, text in {**({"true_state": r.true_state} if r.true_state else {}), **_waiver(r)}.items():
                xml.SubElement(properties, "property", name=key, value=text)
            if r.state is ResultState.NOT_MET:
                xml.SubElement(case, "failure", message=r.told)
            elif r.state is ResultState.NOT_CHECKED:
                xml.SubElement(case, "error", message=r.told)
            elif r.state not in (ResultState.MET, ResultState.PARTLY):
                xml.SubElement(case, "skipped", message=r.told or r.state.value)
        root = xml.Element("testsuites")
        root.append(suite)
        return root


def _waiver(result: Result) -> dict[str, str]:
    """The waiver of a result as properties."""
    if result.waiver is None:
        return {}
    kept = ("id", "state", "scope", "until", "approved_by", "why")
    return {f"waiver_{key}": str(result.waiver[key]) for key in kept}  # type: ignore[literal-required]
