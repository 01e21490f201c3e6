"""What requests about several systems share: one plan that all of them decide on, and a durable run in told steps."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from dbos import DBOS, StepOptions

from hatang.errors import RefusedError
from hatang.model.case import Event
from hatang.model.lifecycle import UNDER_WAY, Act, RequestState, Role
from hatang.provision.moved import moved
from hatang.provision.plan import Plan, load_plan
from hatang.registry import RequestRecord
from hatang.workflow import durable, lock, one_step
from hatang.workflow.context import Context

Result = dict[str, Any]
Make = Callable[[Context, RequestRecord], Plan]
BEGUN = (*UNDER_WAY, RequestState.FAILED)
_context: Context | None = None


def plan_with(context: Context, request_id: str, make: Make) -> tuple[RequestRecord, Plan]:
    """Make the plan that is decided on, and record it with the request.

    Raises:
        RefusedError: the request does not stand where a plan is made, or a system is not as it was left.
    """
    request = context.registry.request(request_id)
    request.case.after(Event(Act.PLAN, Role.ENGINEER))  # refused before any work
    with lock.exclusive(context.settings, request.planned_as):
        made = make(context, request)
    event = Event(Act.PLAN, Role.ENGINEER, plan=made.digest, intent=made.intent)
    return context.registry.act(request_id, event), made


def require_approved(context: Context, request: RequestRecord, make: Make) -> None:
    """Is exactly what would be done now what was approved? Not asked any more once it has begun.

    Raises:
        RefusedError: it is not; what moved is said, and the new plan waits for approval.
    """
    if request.state is not RequestState.APPROVED or request.case.approval is None:
        raise RefusedError(f"request {request.id} is not approved",
            where=f"registry, request {request.id}, state {request.state.value}",
            do=f"see who decides: hatang request show {request.id}")  # fmt: skip
    approved = load_plan(context.settings, request.planned_as, request.case.approval.plan)
    current = make(context, request)
    if current.digest == approved.digest:
        return
    told = "; ".join(moved(approved, current))
    event = Event(Act.MOVE, Role.HATANG, plan=current.digest, intent=current.intent, note=told)
    context.registry.act(request.id, event)
    raise RefusedError(f"what was approved is not what would be done now: {told}",
        where=f"registry, request {request.id}, state {request.state.value}",
        do=f"look at the new plan and have it approved: hatang request show {request.id}")  # fmt: skip


def run(context: Context, kind: str, request: RequestRecord, workflow: Any) -> Result:
    """Carry the workflow out, or go on with it. The caller holds the lock of `request.planned_as`.

    Raises:
        HatangError: what the failing step raised; run again, it goes on there.
    """
    with _carrying(context), durable.session(context.settings, request.planned_as):
        result: Result = durable.run_to_end(context.settings, kind, request.planned_as, workflow, again_from={})
        return result


@contextlib.contextmanager
def _carrying(context: Context) -> Iterator[None]:
    global _context
    _context = context
    try:
        yield
    finally:
        _context = None


def step(
    title: str, function: Callable[..., Result], request_id: str, *arguments: Any, begins: bool = True,
    fails: bool = True,
) -> Result:  # fmt: skip
    """Run one step of a workflow, and record its result.

    Args:
        begins: the request is under way from now on, unless it was already.
        fails: what goes wrong here is a failure of the request.
    """
    options: StepOptions = {"name": title[:60]}
    return DBOS.run_step(options, _told, title, function, request_id, arguments, begins, fails)


def _told(
    title: str, function: Callable[..., Result], request_id: str, arguments: tuple[Any, ...], begins: bool, fails: bool
) -> Result:
    """Run one step and say so. Only here do steps meet the process's context."""
    context = _context
    assert context is not None
    told = one_step.Step(title, title, request=lambda: request_id, begins=begins, fails=fails)
    return one_step.run(context, told, lambda: function(context, request_id, *arguments))
