"""The durable way of a reorganisation. Killed anywhere, it goes on where it was; each step finds what is there already.

Successors come first, then system by system their roles before those of the predecessors go, then the predecessors'
rights on their own domains, at last the mapping of codes. No network, server or volume is touched.
"""

from __future__ import annotations

from datetime import UTC, datetime

from dbos import DBOS

from hatang.errors import InputError, RefusedError
from hatang.locale import _
from hatang.model.agency_code import slug
from hatang.model.lifecycle import RequestKind, RequestState
from hatang.model.waiver import civil_day
from hatang.provision import handover, narrow
from hatang.provision.plan import Plan
from hatang.registry import RequestRecord
from hatang.registry.reorganisations import Reorganisations
from hatang.workflow import lock, reorganisation_plan, several
from hatang.workflow.context import Context
from hatang.workflow.several import BEGUN, Result, step


def plan_reorganisation(context: Context, request_id: str) -> tuple[RequestRecord, Plan]:
    """Make the plan that specialised unit and owners decide on, and record it with the request.

    Raises:
        RefusedError: the request does not stand where a plan is made, or a system is not as it was left.
    """
    return several.plan_with(context, request_id, reorganisation_plan.make)


def reorganise(context: Context, request_id: str) -> Result:
    """Carry a reorganisation out as is approved, or go on with it.

    Returns:
        Result of each step, by step name.

    Raises:
        RefusedError: it is not approved, its day has not come, or the cloud has moved since.
        HatangError: what the failing step raised; run again, it goes on there.
    """
    request = context.registry.request(request_id)
    if request.kind != RequestKind.REORGANISE:
        way = request.kind == RequestKind.INTERCONNECT
        command = f"hatang interconnect open {request_id}" if way else f"hatang system apply {request.system}"
        raise InputError(f"request {request_id} is of kind {request.kind}", where="ID",
            do=f"that one is carried out by: {command}")  # fmt: skip
    with lock.exclusive(context.settings, request.planned_as):
        if request.state is RequestState.ACTIVE:
            return {"finish": {"state": "active"}}
        return several.run(context, "reorganise", request, _reorganise)


@DBOS.workflow(name="reorganise")
def _reorganise(name: str) -> Result:
    request_id = name.removeprefix("reorganise-")
    done: Result = {"approve": step("approve", approve, request_id, begins=False, fails=False)}
    done["agencies"] = step("agencies", agencies, request_id, begins=False)  # it begins by itself
    for system in done["approve"]["systems"]:
        done[f"hand over {system}"] = step(f"hand over {system}", hand_over, request_id, system)
    for code in done["approve"]["ended"]:
        done[f"end {code}"] = step(f"end {code}", end, request_id, code)
    done["finish"] = step("finish", finish, request_id)
    return done


def approve(context: Context, request_id: str) -> Result:
    """Is exactly this plan approved, and its day come? Once begun, what was approved is carried on with.

    Raises:
        RefusedError: it is not; what moved is said, and the new plan waits for approval.
    """
    request = context.registry.request(request_id)
    made = Reorganisations(context.registry).arrangement(request_id)
    result = {"systems": [s for s, _o, _n in made.handovers], "ended": list(made.ended)}
    if request.state in BEGUN:
        return result
    if request.state is RequestState.APPROVED and civil_day(datetime.now(UTC)) < made.day:
        raise RefusedError(f"the reorganisation holds from {made.day} on",
            where=f"registry, request {request_id}, state {request.state.value}",
            do="carry it out on that day or later")  # fmt: skip
    several.require_approved(context, request, reorganisation_plan.make)
    return result


def agencies(context: Context, request_id: str) -> Result:
    """Domains and groups of the successors. Raises EngineError."""
    context.registry.begin(request_id)
    context.write_journal()
    known = Reorganisations(context.registry)
    known.begin_agencies(request_id)
    made = known.arrangement(request_id)
    for agency in made.successors:
        context.progress(_("{agency}: domain and groups …").format(agency=agency.code))
        outcome = context.provisioner.apply_agency(agency, refresh=False)
        context.registry.record_remote_ids("agency", agency.code, outcome.outputs)
    return {"agencies": [a.code for a in made.successors]}


def hand_over(context: Context, request_id: str, system: str) -> Result:
    """One system: the successor's roles, then none of the predecessor's, then the registry. Raises EngineError."""
    known = Reorganisations(context.registry)
    made = known.arrangement(request_id)
    old = next(o for s, o, _n in made.handovers if s == system)
    with lock.exclusive(context.settings, system):
        record = reorganisation_plan.as_successors(context, made, system)
        if record.state == "removed":  # by a platform engineer, since the plan
            return {"state": "removed"}
        changes = narrow.apply(context.provisioner, record, handover.may_change)
        project = str(context.provisioner.outputs("system", system)["project_id"])
        cloud = context.provisioner.cloud.connection
        gone = handover.withdraw(cloud, reorganisation_plan.leaving(context, record, old, project))
        known.hand_over(request_id, system)
    return {"project_id": project, "changes": changes, "withdrawn": gone}


def end(context: Context, request_id: str, code: str) -> Result:
    """A predecessor: its groups are empty and hold nothing on its domain, nor does anybody. Raises EngineError."""
    ids = context.provisioner.outputs("agency", slug(code))
    if not ids.get("domain_id"):
        return {"domain": ""}
    context.provisioner.apply_agency(context.registry.agency(code), ended=True)
    cloud, domain = context.provisioner.cloud, str(ids["domain_id"])
    people = handover.empty_groups(cloud.connection, [str(ids[k]) for k in ("administrators_id", "auditors_id")])
    roles = [g for g in handover.given(cloud.connection, domain=domain) if g.actor_id != cloud.user_id]
    return {"domain": domain, "members": people, "withdrawn": handover.withdraw(cloud.connection, roles)}


def finish(context: Context, request_id: str) -> Result:
    """The mapping of codes is written down; predecessors have ended."""
    Reorganisations(context.registry).finish(request_id)
    return {"state": "active"}
