"""Where a system stands: the steps of its last run, and what it waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hatang.locale import _
from hatang.settings import Settings
from hatang.workflow import durable

if TYPE_CHECKING:
    from hatang.registry import Registry
    from hatang.workflow.jobs import Job

# The order of steps is told here too, without importing the workflow: reading a status needs no engine.
APPLY_STEPS = ("validate", "plan", "approve", "apply", "wait-for-hosts", "harden", "check", "activate")
SUSPEND_STEPS = ("validate", "plan", "approve", "apply", "closed", "settle")
PURGE_STEPS = ("count", "purge", "empty", "rest")
STEPS = {"apply": APPLY_STEPS, "suspend": SUSPEND_STEPS, "purge": PURGE_STEPS}


def system_status(settings: Settings, registry: Registry, name: str) -> dict[str, Any]:
    """State, level, agency and the steps of the last run of a system. Raises UnknownNameError."""
    record = registry.system(name)
    request = registry.request(record.request_id)
    runs = durable.history(settings, name)
    last = runs[-1] if runs else None
    done = {s.name: s for s in last.steps} if last else {}
    order = STEPS.get(last.kind if last else "apply") or tuple(done)
    job = _job(settings, name)
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
        "queue": job.state if job else "",
        "worker": job.worker if job else "",
        "waits_for": _waits_for(str(request.state), last, job) or _removal(registry, name),
        "project_id": registry.remote_ids("system", name).get("project_id", ""),
        "block": str(record.allocation.block) if record.allocation else "",
        "bastion_address": str(record.allocation.bastion_address) if record.allocation else "",
        "hosts": [h.name for h in registry.hosts(name)],
        "public_addresses": [
            {"host": h.name, "address": str(h.public_address)}
            for h in (record.allocation.hosts if record.allocation else ())
            if h.public_address
        ],
        "interconnects": [
            {"id": w.id, "what": w.told, "until": w.until.isoformat(), "lapsed": w.lapsed}
            for w in record.ways
            if not w.lapsed.startswith("ended")
        ],
    }


def _removal(registry: Registry, name: str) -> str:
    from hatang.model.waiver import civil_day
    from hatang.registry.removals import Removals

    removal = Removals(registry).of(name)
    if removal is None:
        return ""
    text = _("the end of its grace period on {day}; then hatang system purge {name}")
    return text.format(day=civil_day(removal.until), name=name)


def _job(settings: Settings, name: str) -> Job | None:
    """The last job of a system. Sites without workers have no queue, and need not load what belongs to one."""
    if not settings.workflow_server and not (settings.state_dir / "jobs.db").exists():
        return None
    from hatang.workflow import jobs

    return jobs.latest(settings, name)


def _waits_for(request_state: str, last: durable.RunRecord | None, job: Job | None = None) -> str:
    if request_state in ("submitted", "planned"):
        return _("approval of its request")
    if job and job.state == "queued":
        return _("a worker ({job})").format(job=job.id)
    if job and job.state == "running":
        return _("worker {id}, which works on it").format(id=job.worker)
    if last is None:
        return "hatang system apply"
    failed = [s for s in last.steps if s.state == "failed"]
    if failed:
        return f"{failed[0].name}: {failed[0].detail.splitlines()[0]}"
    if last.state not in durable.FINISHED:
        return _("hatang system apply (the run is under way, or was killed and goes on when run again)")
    return ""
