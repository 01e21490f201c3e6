"""Between requests and workflow: which content a run works on, and whether exactly its plan was approved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hatang.catalogue.zones import zone_matrix
from hatang.errors import RefusedError
from hatang.model.case import Event
from hatang.model.lifecycle import BIRTH, UNDER_WAY, Act, RequestState, Role
from hatang.workflow.context import Context

if TYPE_CHECKING:
    from hatang.model.system import System
    from hatang.model.terms import ZoneKind
    from hatang.provision.plan import Plan
    from hatang.registry import RequestRecord, SystemRecord

BEGUN = (*UNDER_WAY, RequestState.ACTIVE, RequestState.SUSPENDED, RequestState.FAILED)


def target(context: Context, name: str) -> SystemRecord:
    """What a run works towards: the system with the change that is approved and not begun, or as it is recorded."""
    change = context.registry.change_to_do(name)
    return context.registry.as_asked(change.id, context.site, zones_of) if change else context.registry.system(name)


def zones_of(system: System) -> Sequence[ZoneKind]:
    """Zones that a system must have (NET-01)."""
    return zone_matrix().zones(system.level, system.document_storage, system.public)


def plan_request(context: Context, request_id: str) -> tuple[RequestRecord, Plan]:
    """Make the plan that the approvers of a request decide on, and record it with the request.

    Raises:
        RefusedError: the request does not stand where a plan is made.
        PolicyError, QuotaError, InputErrors, StepError: as `Provisioner.plan_system`.
    """
    from hatang.workflow import lock, steps

    request = context.registry.request(request_id)
    request.case.after(Event(Act.PLAN, Role.ENGINEER))  # refused before any work
    name = request.system
    with lock.exclusive(context.settings, name):
        record = _content(context, request)
        steps.validate_record(context, record)
        if record.allocation is None:
            steps.allocated(context, name)
            record = _content(context, request)
        made = context.provisioner.plan_system(record)
    event = Event(Act.PLAN, Role.ENGINEER, plan=made.digest, intent=made.intent)
    return context.registry.act(request_id, event), made


def _content(context: Context, request: RequestRecord) -> SystemRecord:
    record = context.registry.as_asked(request.id, context.site, zones_of)
    if request.kind in BIRTH and (newer := context.registry.system(request.system).request_id) != request.id:
        raise RefusedError(f"request {newer} has taken the place of request {request.id}",
            where=f"registry, system {request.system}", do=f"plan that one: hatang request plan {newer}")  # fmt: skip
    return record


def require_decision(context: Context, record: SystemRecord) -> RequestRecord:
    """The request that a run follows. Raises RefusedError: it is not approved, so there is nothing to plan for."""
    request = context.registry.request(record.request_id)
    if request.state is RequestState.APPROVED or request.state in BEGUN:
        return request
    planned = request.state is RequestState.PLANNED
    raise RefusedError(
        f"request {request.id} for system {record.spec.name} is not approved",
        where=f"registry, request {request.id}, state {request.state.value}",
        do=f"approvers other than {request.requested_by} decide: hatang request show {request.id}" if planned
        else f"plan it for its approvers: hatang request plan {request.id}",
    )  # fmt: skip


def require_plan(context: Context, record: SystemRecord, digest: str) -> RequestRecord:
    """Is exactly this plan approved? Once apply has begun, putting back what was approved needs no new approval.

    Raises:
        RefusedError: the cloud, the site or the request has moved since; what moved is said, and the new plan waits
            for approval.
    """
    from hatang.provision.moved import agency_came_meanwhile, moved
    from hatang.provision.plan import load_plan

    request = require_decision(context, record)
    made = load_plan(context.settings, record.spec.name, digest)
    approval = request.case.approval
    if approval is None or (approval.plan == "" and request.state in BEGUN):
        return request  # in use since before plans were recorded: its plan follows from the request alone
    if approval.plan == digest:
        return request
    planned = request.case.planned
    if request.state in BEGUN and planned and planned.intent == made.intent:
        return request
    approved = load_plan(context.settings, record.spec.name, approval.plan)
    if agency_came_meanwhile(approved, made):
        return request
    differences = "; ".join(moved(approved, made))
    if request.state is RequestState.APPROVED:
        context.registry.act(
            request.id, Event(Act.MOVE, Role.HATANG, plan=digest, intent=made.intent, note=differences)
        )
        do = f"look at the new plan and approve it: hatang request show {request.id}"
    else:
        do = f"plan it again for its approvers: hatang request plan {request.id}"
    raise RefusedError(
        f"what was approved for system {record.spec.name} is not what apply would do now: {differences}",
        where=f"request {request.id}, approved plan {approval.plan[:12]}, plan now {digest[:12]}", do=do,
    )  # fmt: skip
