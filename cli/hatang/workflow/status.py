"""Where a system stands: the steps of its last run, and what it waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hatang.settings import Settings
from hatang.workflow import durable

if TYPE_CHECKING:
    from hatang.registry import Registry

# The order of steps is told here too, without importing the workflow: reading a status needs no engine.
APPLY_STEPS = ("validate", "plan", "approve", "apply", "wait-for-hosts", "harden", "check", "activate")


def system_status(settings: Settings, registry: Registry, name: str) -> dict[str, Any]:
    """State, level, agency and the steps of the last run of a system. Raises UnknownNameError."""
    record = registry.system(name)
    request = registry.request(record.request_id)
    runs = durable.history(settings, name)
    last = runs[-1] if runs else None
    done = {s.name: s for s in last.steps} if last else {}
    order = APPLY_STEPS if last is None or last.kind == "apply" else tuple(done)
    steps = [
        {
            "name": n,
            "state": done[n].state if n in done else "open",
            "seconds": done[n].seconds if n in done else 0.0,
            "detail": done[n].detail if n in done else "",
        }
        for n in order
    ]
    return {
        "name": name,
        "state": str(record.state),
        "level": int(record.spec.level),
        "agency": record.agency.code,
        "request": record.request_id,
        "run": last.id if last else "",
        "run_state": last.state if last else "",
        "steps": steps,
        "waits_for": _waits_for(str(request.state), last),
        "project_id": registry.remote_ids("system", name).get("project_id", ""),
        "block": str(record.allocation.block) if record.allocation else "",
        "bastion_address": str(record.allocation.bastion_address) if record.allocation else "",
        "hosts": [h.name for h in registry.hosts(name)],
    }


def _waits_for(request_state: str, last: durable.RunRecord | None) -> str:
    if request_state in ("submitted", "planned"):
        return "approval of its request"
    if last is None:
        return "hatang system apply"
    failed = [s for s in last.steps if s.state == "failed"]
    if failed:
        return f"{failed[0].name}: {failed[0].detail.splitlines()[0]}"
    if last.state not in durable.FINISHED:
        return "hatang system apply (the run is under way, or was killed and goes on when run again)"
    return ""
