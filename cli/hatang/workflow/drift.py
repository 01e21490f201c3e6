"""Drift: where cloud and hosts are not as hatang left them, and who may put that right. Looking changes nothing.

The cloud is compared with the engine's state by a preview that refreshes; what no stack made on a system's networks is
named too. Hosts, and what no engine sees, are held against the baseline by the checks, which look at what takes effect.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hatang.errors import BusyError, HatangError, PolicyError, QuotaError
from hatang.locale import _
from hatang.workflow import lock
from hatang.workflow.context import Context
from hatang.workflow.ways import in_cloud, may_change

if TYPE_CHECKING:
    from hatang.audit.results import Result
    from hatang.provision.plan import Plan
    from hatang.registry import SystemRecord

LOOKED_AT = ("active", "suspended", "removing")  # others have never been in use, or a run of theirs is unfinished
ENGINEER, APPROVERS, BY_HAND = "platform-engineer", "approvers", "platform-engineer, by hand"


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be."""

    system: str
    scope: str  # the system, or one of its hosts
    place: str  # cloud, host, registry
    what: str
    who: str  # may put it right
    do: str
    repairable: bool  # by `--repair`: putting back what was approved


def look(context: Context, records: Sequence[SystemRecord]) -> list[Finding]:
    """Everything that drifted, by system.

    Raises:
        CloudError, MissingPartError: the cloud or the engine is not there at all.
    """
    found: list[Finding] = []
    whole = [r for r in records if r.state in LOOKED_AT]
    found += [_unfinished(r) for r in records if r.state not in (*LOOKED_AT, "requested", "removed")]
    for record in whole:
        context.progress(_("{system}: cloud against state").format(system=record.spec.name))
        found += _cloud(context, record)
    found += _baseline(context, whole)
    return sorted(found, key=lambda f: (f.system, f.place, f.scope, f.what))


def repair(context: Context, found: Iterable[Finding]) -> dict[str, str]:
    """Put back what was approved, by the workflow of each system; returns what stood in the way, by system."""
    from hatang.workflow.tenant import apply_system

    troubles: dict[str, str] = {}
    for name in dict.fromkeys(f.system for f in found if f.repairable):
        try:
            apply_system(context, name)
        except HatangError as exc:
            troubles[name] = exc.what
    return troubles


def _cloud(context: Context, record: SystemRecord) -> list[Finding]:
    name = record.spec.name
    try:
        with lock.exclusive(context.settings, name):
            plan = context.provisioner.plan_system(record)
            ways = context.provisioner.open_ways(record) if record.held else []
    except BusyError as exc:
        return [Finding(name, name, "cloud", exc.what, ENGINEER, exc.do, False)]
    except (PolicyError, QuotaError) as exc:
        return [Finding(name, name, "cloud", exc.what, APPROVERS, exc.do, False)]
    rows = [r for r in plan.as_rows() if r["operation"] != "same"]
    if not _as_approved(context, record, plan):
        do = f"hatang request plan {record.request_id}"
        what = _("site or catalogue want something else than was approved")
        told = ", ".join(sorted({f"{r['operation']} {r['type']} {r['name']}" for r in rows})) or _("inputs only")
        return [Finding(name, name, "cloud", f"{what}: {told}", APPROVERS, do, False)]
    do = f"hatang drift --system {name} --repair"
    found = [Finding(name, name, "cloud", _told(r) + _over(context, record, r), ENGINEER, do, True) for r in rows]
    known = {r["name"] for r in rows}
    return found + [
        Finding(name, name, "cloud", _("suspended, but {what}").format(what=way), ENGINEER, do, True)
        for way in ways
        if not known or "locked" in way
    ]


def _as_approved(context: Context, record: SystemRecord, plan: Plan) -> bool:
    """Whether the plan wants the cloud to be what was approved; of before plans were recorded nothing is known."""
    planned = context.registry.request(record.request_id).case.planned
    return planned is None or not planned.intent or planned.intent == plan.intent


def _told(row: dict[str, object]) -> str:
    changed = row["changed"]
    details = f" ({', '.join(map(str, changed))})" if isinstance(changed, list) and changed else ""
    verbs = {
        "update": _("differs"), "create": _("is missing"), "replace": _("must be made anew"),
        "delete": _("is there, and nothing wants it"),
    }  # fmt: skip
    verb = verbs.get(str(row["operation"]))
    return f"{row['type']} {row['name']} {verb or row['operation']}{details}"


def _baseline(context: Context, records: Sequence[SystemRecord]) -> list[Finding]:
    from hatang.audit.runner import check

    there = [r for r in records if not r.held]
    if not there:
        return []
    hosts = [h for r in there for h in context.registry.hosts(r.spec.name)]
    run = check(context.settings, context.site, there, hosts, progress=context.progress)
    return [_unmet(context, r) for r in run.not_met() if not r.rests_on_registry]


def _over(context: Context, record: SystemRecord, row: dict[str, object]) -> str:
    """Of what is left of an interconnect: which one, and why it holds no more."""
    if row["operation"] != "delete" or not may_change({"type": row["type"], "name": row["name"]}):
        return ""
    there = in_cloud(context, record.spec.name)
    over = [f"interconnect {w.id} {w.lapsed}" for w in record.ways if w.lapsed and w.id in there]
    return f": {'; '.join(over)}" if over else ""


def _unmet(context: Context, result: Result) -> Finding:
    by = context.catalogue.control(result.control).implemented_by
    what = f"{result.control}: {result.detail or result.state.value}"
    place = "host" if result.kind == "host" else "cloud"
    reached = result.state.value == "not-met"
    if reached and ((place == "host" and by.role) or (place == "cloud" and by.stack)):
        do = f"hatang drift --system {result.system} --repair"
        return Finding(result.system, result.scope, place, what, ENGINEER, do, True)
    do = f"hatang control show {result.control}"
    return Finding(result.system, result.scope, place, what, BY_HAND, do, False)


def _unfinished(record: SystemRecord) -> Finding:
    name = record.spec.name
    command = "purge" if record.state == "purging" else "apply"
    do = f"hatang system {command} {name}"
    what = _("is {state}: a run of it is unfinished").format(state=record.state)
    return Finding(name, name, "registry", what, ENGINEER, do, False)
