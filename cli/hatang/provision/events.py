"""What the engine did or would do, read from its event log."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Report:
    """What an operation did or would do, from the engine's events."""

    steps: list[dict[str, Any]] = field(default_factory=list)
    changes: dict[str, int] = field(default_factory=dict)
    diagnostics: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    seconds: float = 0.0
    log: Path = Path()


def read_events(file: Path) -> Report:
    """The report of an event log; empty when the engine never began."""
    report = Report()
    if not file.is_file():
        return report
    for line in file.read_text().splitlines():
        event = json.loads(line)
        if pre := event.get("resourcePreEvent"):
            report.steps.append(pre["metadata"])
        elif summary := event.get("summaryEvent"):
            report.changes = dict(summary.get("resourceChanges") or {})
        elif (diagnostic := event.get("diagnosticEvent")) and diagnostic.get("severity") == "error":
            report.diagnostics.append(" ".join(diagnostic["message"].split())[:800])
        elif (policy := event.get("policyEvent")) and policy.get("enforcementLevel") == "mandatory":
            report.violations.append(f"{policy['policyName']}: {' '.join(policy['message'].split())}")
    return report


def tail(log: Path) -> str:
    """The end of a log, on one line."""
    return " ".join(log.read_text(errors="replace").split())[-500:]
