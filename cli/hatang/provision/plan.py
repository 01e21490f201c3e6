"""A plan: what apply will do, fixed by a digest. Apply refuses anything else.

The engine's step list follows from three things alone: the program's inputs, the engine's state, and what a refresh
found changed on the cloud. The digest covers all three, so an equal digest means an equal plan.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hatang import digests, private
from hatang.errors import RefusedError
from hatang.model.interconnect import Interconnect
from hatang.provision.events import Report
from hatang.settings import Settings

WAYS = "ways"  # inputs that come from requests of their own (kind interconnect)
AGENCY_IDS = ("domain_id", "administrators_id", "auditors_id")
NOT_MADE = "(made by apply)"  # in place of such an id, in a plan that makes the agency too


@dataclass
class Plan:
    """What apply will do for one stack."""

    stack: str
    config: dict[str, Any]
    state_digest: str
    changes: dict[str, int]
    rows: list[dict[str, Any]]
    refresh: bool  # somebody changed the cloud: apply must look first
    unmanaged: list[dict[str, str]] = field(default_factory=list)  # rules added by hand; apply removes them
    digest: str = ""
    file: Path = Path()

    def seal(self) -> Plan:
        """Compute the digest. Steps that may run in any order come in any order, so they are sorted for it."""
        facts = [self.stack, self.config, self.state_digest, self.refresh, _sorted(self.rows), _sorted(self.unmanaged)]
        self.digest = digests.of_data(facts)
        return self

    def intended(self) -> dict[str, Any]:
        """What the cloud shall be by this request.

        The inputs without the agency's ids, which are not known before it is made, and without ways to other systems,
        which requests of their own decide on.
        """
        return {k: v for k, v in self.config.items() if k not in (*AGENCY_IDS, WAYS)}

    @property
    def intent(self) -> str:
        """Digest of what the cloud shall be, whatever steps lead there."""
        return digests.of_data(self.intended())

    def as_rows(self) -> list[dict[str, Any]]:
        """Steps for people: operation, type, name, changed properties."""
        extra = [
            {"operation": "remove", "type": u["kind"], "name": u["what"], "changed": ["not managed: added by hand"]}
            for u in self.unmanaged
        ]
        return self.rows + extra

    def differences(self) -> list[dict[str, Any]]:
        """The steps that change something."""
        return [row for row in self.as_rows() if row["operation"] != "same"]

    def write(self, settings: Settings) -> Plan:
        """Keep the plan below the state folder, under its digest."""
        self.file = folder(settings, self.stack) / f"{self.digest}.json"
        self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        private.replace(self.file, json.dumps({**asdict(self), "file": str(self.file)}, indent=1, ensure_ascii=False))
        return self

    @property
    def started(self) -> Path:
        """Mark that apply of this plan has begun: from then on the engine's state differs from the planned one."""
        return self.file.with_suffix(".started")


def _sorted(rows: list[Any]) -> list[str]:
    return sorted(json.dumps(row, sort_keys=True) for row in rows)


def folder(settings: Settings, stack: str) -> Path:
    """Folder of the plans of a stack."""
    return settings.state_dir / "plans" / stack


def load_plan(settings: Settings, stack: str, digest: str) -> Plan:
    """A plan that was kept.

    Raises:
        RefusedError: it is not there, or was altered.
    """
    file = folder(settings, stack) / f"{digest}.json"
    try:
        raw = json.loads(file.read_text())
        plan = Plan(**{**raw, "file": file})
    except (OSError, ValueError, TypeError) as exc:
        raise RefusedError(
            f"plan {digest[:12]} of {stack} cannot be read", where=str(file), do=f"hatang system plan {stack}"
        ) from exc
    if plan.seal().digest != digest:
        raise RefusedError(
            f"plan {digest[:12]} of {stack} was altered", where=str(file), do=f"hatang system plan {stack}"
        )
    return plan


BOOKKEEPING = ("pulumi:pulumi:Stack", "pulumi:providers:", "hatang:components:")


def rows_of(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The engine's steps as rows; bookkeeping of the engine is left out."""
    found = []
    for step in steps:
        kind = step["type"]
        if step["op"] in ("read", "refresh") or kind.startswith(BOOKKEEPING):
            continue
        found.append(
            {
                "operation": step["op"],
                "type": kind.rsplit(":", 1)[1],
                "name": step["urn"].rsplit("::", 1)[1],
                "changed": sorted(step.get("diffs") or []),
            }
        )
    return found


def ending(way: Interconnect, system: str) -> dict[str, Any]:
    """The row of an interconnect that ends with its system, at the other system too."""
    return {
        "operation": "end",
        "type": "interconnect",
        "name": way.told,
        "changed": [f"{way.other(system).system} too"],
    }


def shown(report: Report) -> dict[str, int]:
    """Changes by operation, without the stack and components themselves, which are no cloud resources."""
    counts: dict[str, int] = {}
    for row in rows_of(report.steps):
        counts[row["operation"]] = counts.get(row["operation"], 0) + 1
    return counts
