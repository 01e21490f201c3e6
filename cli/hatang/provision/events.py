"""What the engine did or would do, read from its event log."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hatang.provision import refusals
from hatang.provision.state import Known


@dataclass
class Report:
    """What an operation did or would do, from the engine's events."""

    steps: list[dict[str, Any]] = field(default_factory=list)
    changes: dict[str, int] = field(default_factory=dict)
    diagnostics: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    failed: list[Known] = field(default_factory=list)  # creations that did not go
    begun: float = 0.0  # seconds since the epoch; 0: the engine said nothing
    seconds: float = 0.0
    log: Path = Path()


def read_events(file: Path) -> Report:
    """The report of an event log; empty when the engine never began."""
    report = Report()
    if not file.is_file():
        return report
    for line in file.read_text().splitlines():
        event = json.loads(line)
        report.begun = report.begun or float(event.get("timestamp") or 0)
        if pre := event.get("resourcePreEvent"):
            report.steps.append(pre["metadata"])
        elif failure := event.get("resOpFailedEvent"):
            if (made := failure["metadata"])["op"].startswith("create"):
                inputs = (made.get("new") or {}).get("inputs") or {}
                report.failed.append(Known(made["urn"], made["type"], "", inputs, {}))
        elif summary := event.get("summaryEvent"):
            report.changes = dict(summary.get("resourceChanges") or {})
        elif (diagnostic := event.get("diagnosticEvent")) and diagnostic.get("severity") == "error":
            report.diagnostics.append(refusals.told(diagnostic["message"], diagnostic.get("urn", "")))
        elif (policy := event.get("policyEvent")) and policy.get("enforcementLevel") == "mandatory":
            report.violations.append(f"{policy['policyName']}: {' '.join(policy['message'].split())}")
    return report


def tail(log: Path) -> str:
    """The end of a log, on one line."""
    return " ".join(log.read_text(errors="replace").split())[-500:]
