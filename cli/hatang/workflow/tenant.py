"""The durable ways of a system: `apply` brings it up or back, `suspend` closes it, `destroy` takes it away.

The only place that orders the steps.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

from dbos import DBOS, StepOptions

from hatang.registry import leases
from hatang.registry.removals import Removals
from hatang.workflow import durable, lock, one_step, steps
from hatang.workflow.approval import target
from hatang.workflow.context import Context

AFTER_APPROVAL = ("apply", "wait-for-hosts", "harden", "check", "activate")  # a failure here is one of the request
SUSPENDING = ("apply", "closed", "settle")
PURGING = ("count", "purge", "empty", "rest")
AGAIN_FROM = {"approve": "plan"}  # a refused plan is not looked at again: the cloud may be as approved by then
HANDED_OVER = 75  # exit code of a process that ended between two steps because it was asked to
hand_over = threading.Event()  # set: end before the next step
_context: Context | None = None


def apply_system(context: Context, name: str, *, restart: bool = False, wait_s: float = 0.0) -> dict[str, Any]:
    """Bring a system up, change, suspend or resume it, as is approved; or go on with the run that was killed or failed.

    Args:
        wait_s: how long another process that works on it is waited for, seconds.

    Returns:
        Result of each step, by step name.

    Raises:
        HatangError: what the failing step raised; run again, it goes on there.
    """
    if target(context, name).held:
        return _run("suspend", context, name, _suspend, restart, wait_s)
    return _run("apply", context, name, _apply, restart, wait_s)


def purge_system(context: Context, name: str) -> dict[str, Any]:
    """Delete a system whose removal is due, in every service, or go on with that; done already, it is told again.

    Raises:
        RefusedError: no removal of it is under way, or its grace period is not over.
        HatangError: as `apply_system`.
    """
    removals = Removals(context.registry)
    if not (purged := removals.is_purged(name)):  # a killed run may have come as far, and not to its end
        removals.begin_purge(name)  # refused before anything else; the step says it again
    return _run("purge", context, name, _purge, False, once=purged)


def destroy_system(context: Context, name: str, *, restart: bool = False) -> dict[str, Any]:
    """Remove a system from the cloud, or go on with that. Same errors as `apply_system`."""
    return _run("destroy", context, name, _destroy, restart)


def _run(
    kind: str, context: Context, name: str, workflow: Any, restart: bool, wait_s: float = 0.0, *, once: bool = False
) -> dict[str, Any]:
    global _context
    context.registry.system(name)  # an unknown name is an input error, before anything is made
    with lock.exclusive(context.settings, name, wait_s=wait_s):
        _context = context
        durable.leave_others(context.settings, kind, name)
        try:
            with durable.session(context.settings, name):
                if restart:
                    durable.give_up(kind, name)
                result: dict[str, Any] = durable.run_to_end(
                    context.settings, kind, name, workflow, again_from=AGAIN_FROM, once=once
                )
                return result
        finally:
            _context = None


@DBOS.workflow(name="apply")
def _apply(name: str) -> dict[str, Any]:
    done = _as_approved(name)
    done["wait-for-hosts"] = _step("wait-for-hosts", steps.wait_for_hosts, name)
    done["harden"] = _step("harden", steps.harden, name)
    done["check"] = _step("check", steps.check, name)
    done["activate"] = _step("activate", steps.activate, name)
    return done


@DBOS.workflow(name="suspend")
def _suspend(name: str) -> dict[str, Any]:
    done = _as_approved(name)
    done["closed"] = _step("closed", steps.closed, name)
    done["settle"] = _step("settle", steps.settle, name)
    return done


@DBOS.workflow(name="purge")
def _purge(name: str) -> dict[str, Any]:
    done = {"count": _step("count", steps.count, name)}
    project = done["count"]["project_id"]
    done["purge"] = _step("purge", steps.purge, name, project)
    done["empty"] = _step("empty", steps.empty, name, project)
    done["rest"] = _step("rest", steps.rest, name, project)
    return done


@DBOS.workflow(name="destroy")
def _destroy(name: str) -> dict[str, Any]:
    return {"destroy": _step("destroy", steps.destroy, name), "release": _step("release", steps.release, name)}


def _as_approved(name: str) -> dict[str, Any]:
    """The cloud is made what was approved, and nothing else."""
    done = {"validate": _step("validate", steps.validate, name), "plan": _step("plan", steps.plan, name)}
    digest = done["plan"]["digest"]
    done["approve"] = _step("approve", steps.approve, name, digest)
    done["apply"] = _step("apply", steps.apply, name, digest)
    return done


def _step(title: str, function: Callable[..., dict[str, Any]], name: str, *arguments: Any) -> dict[str, Any]:
    options: StepOptions = {"name": title}
    return DBOS.run_step(options, _told, title, function, name, *arguments)


def _told(title: str, function: Callable[..., dict[str, Any]], name: str, *arguments: Any) -> dict[str, Any]:
    """Run one step. Only here do steps meet the process's context."""
    context = _context
    assert context is not None
    if hand_over.is_set():
        leases.give_back()
        os._exit(HANDED_OVER)  # as if killed here: whoever takes the run up goes on with this step
    later = (*AFTER_APPROVAL[1:], *SUSPENDING[1:], *PURGING)
    step = one_step.Step(
        title, f"{name}: {title}", request=lambda: context.registry.system(name).request_id,
        begins=title in later,  # apply begins by itself, once it knows what to begin
        fails=title in (AFTER_APPROVAL[0], *later),
    )  # fmt: skip
    return one_step.run(context, step, lambda: function(context, name, *arguments))
