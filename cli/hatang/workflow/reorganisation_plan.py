"""The one plan of a reorganisation: what its approvers read, fixed by a digest, whatever the number of bodies."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hatang.errors import RefusedError
from hatang.model.agency_code import slug
from hatang.provision import handover, narrow
from hatang.provision.plan import Plan
from hatang.registry.arrangement import Arrangement
from hatang.registry.reorganisations import Reorganisations
from hatang.workflow import lock
from hatang.workflow.context import Context

if TYPE_CHECKING:
    from hatang.registry import RequestRecord, SystemRecord

KEPT = ("project_id", "router_id", "networks", "groups", "servers")  # outputs of the stack that no handover changes


def make(context: Context, request: RequestRecord) -> Plan:
    """Look at registry, engine and cloud, and say all that will change and what stays. Changes nothing.

    Raises:
        RefusedError: a system is not as it was left.
        CloudError, StepError: as `narrow.plan`.
    """
    made = Reorganisations(context.registry).arrangement(request.id)
    config: dict[str, Any] = {"arranged": made.as_kept(), "day": made.day.isoformat(), "systems": {}, "domains": {}}
    rows = _bodies(made)
    for system, old, new in made.handovers:
        context.progress(f"{system}: {old} → {new} …")
        with lock.exclusive(context.settings, system):
            facts, found = _system(context, made, system, old, new)
        config["systems"][system] = facts
        rows += found
    for code in made.ended:
        config["domains"][code], found = _domain(context, made, code)
        rows += found
    changes: dict[str, int] = {}
    for row in rows:
        changes[row["operation"]] = changes.get(row["operation"], 0) + 1
    return Plan(request.planned_as, config, "", changes, rows, False).seal().write(context.settings)


def as_successors(context: Context, made: Arrangement, system: str) -> SystemRecord:
    """A system as it is, but of its successor."""
    new = next(n for s, _o, n in made.handovers if s == system)
    agency = next(a for a in made.successors if a.code == new)
    return replace(context.registry.system(system), agency=agency)


def _bodies(made: Arrangement) -> list[dict[str, Any]]:
    was = {old for _k, old, _n in made.changes}
    rows = []
    for agency in made.successors:
        from_ = ", ".join(old for _k, old, new in made.changes if new == agency.code)
        ceiling = ", ".join(f"{k} {n}" for k, n in agency.ceiling.model_dump().items())
        what = "continue" if agency.code in was else "begin"
        rows.append(_row(what, "agency", f"{agency.code} {agency.name.vi}", [f"from {from_}", f"ceiling: {ceiling}"]))
    for code in made.ended:
        rows.append(_row("end", "agency", code, ["→ " + ", ".join(n for _k, o, n in made.changes if o == code)]))
    return rows


def _system(
    context: Context, made: Arrangement, system: str, old: str, new: str
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    maker, record = context.provisioner, as_successors(context, made, system)
    outputs = maker.outputs("system", system)
    if not outputs.get("project_id"):
        raise RefusedError(f"the engine knows no project of system {system}", where=f"system {system}",
            do=f"hatang system apply {system}")  # fmt: skip
    plan = narrow.plan(maker, record, handover.may_change)
    project = str(outputs["project_id"])
    lose = leaving(context, record, old, project)
    facts = {
        "intent": plan.intent, "kept": {k: outputs.get(k) for k in KEPT},
        "lose": [[g.actor, g.name, g.role] for g in lose],
    }  # fmt: skip
    block = str(record.allocation.block) if record.allocation else "-"
    hosts = [h.name for h in context.registry.hosts(system)]
    rows = [
        _row("hand over", "system", system, [f"{old} → {new}"]),
        _row("gain", "role", f"{slug(new)} administrators, auditors", [f"on project {system}"]),
        *(_row("lose", "role", f"{slug(old)} {g.name}", [f"{g.role} on project {system}"]) for g in lose),
        _row("same", "project", f"{system} {project}", [f"domain {slug(record.home)}", f"addresses {block}", *hosts]),
    ]
    return facts, rows


def leaving(context: Context, record: SystemRecord, old: str, project: str) -> list[handover.Given]:
    """Roles on the project of people and groups of the body before, or of the domain that the project lies in."""
    domains, cloud = domains_of(context, {old, record.home}), context.provisioner.cloud
    return handover.outsiders(cloud.connection, project, domains, [cloud.user_id])


def domains_of(context: Context, codes: set[str]) -> list[str]:
    """Keystone's ids of the domains of bodies."""
    found = [context.provisioner.outputs("agency", slug(code)).get("domain_id") for code in sorted(codes)]
    return [str(domain) for domain in found if domain]


def _domain(context: Context, made: Arrangement, code: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What a body that ends loses on its own domain. One that never had a system applied has none."""
    ids = context.provisioner.outputs("agency", slug(code))
    if not ids.get("domain_id"):
        return {}, []
    cloud, domain = context.provisioner.cloud, str(ids["domain_id"])
    roles = [g for g in handover.given(cloud.connection, domain=domain) if g.actor_id != cloud.user_id]
    people = handover.members(cloud.connection, [str(ids[k]) for k in ("administrators_id", "auditors_id")])
    names = [s.spec.name for s in context.registry.systems()]
    known = [context.registry.remote_ids("system", name).get("project_id", "") for name in names]
    own = handover.own_projects(cloud.connection, domain, known)
    members = sorted({name for _group, _user, name in people})
    facts = {
        "id": domain, "roles": [[g.actor, g.name, g.role] for g in roles], "members": members, "own_projects": own,
    }  # fmt: skip
    rows = [_row("lose", "role", f"{slug(code)} {g.name}", [f"{g.role} on domain {slug(code)}"]) for g in roles]
    rows += [_row("leave", "member", f"{slug(code)} {name}", ["its groups"]) for name in members]
    rows += [_row("same", "project", name, [f"domain {slug(code)}", "made by its people; nobody rules it afterwards"])
             for name in own]  # fmt: skip
    return facts, rows


def _row(operation: str, kind: str, name: str, changed: list[str]) -> dict[str, Any]:
    return {"operation": operation, "type": kind, "name": name, "changed": changed}
