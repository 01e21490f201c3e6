"""The durable ways of a system: `apply` brings it up, `destroy` takes it away. The only place that orders the steps."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from dbos import DBOS, StepOptions

from hatang.errors import HatangError
from hatang.workflow import durable, lock, steps
from hatang.workflow.context import Context

AFTER_APPROVAL = ("apply", "wait-for-hosts", "harden", "check", "activate")  # a failure here is one of the request
AGAIN_FROM = {"approve": "plan"}  # a refused plan is not looked at again: the cloud may be as approved by then
_context: Context | None = None


def apply_system(context: Context, name: str, *, restart: bool = False) -> dict[str, Any]:
    """Bring a system up, or go on with the run that was killed or failed.

    Returns:
        Result of each step, by step name.

    Raises:
        HatangError: what the failing step raised; run again, it goes on there.
    """
    return _run("apply", context, name, _apply, restart)


def destroy_system(context: Context, name: str, *, restart: bool = False) -> dict[str, Any]:
    """Remove a system from the cloud, or go on with that. Same errors as `apply_system`."""
    return _run("destroy", context, name, _destroy, restart)


def _run(kind: str, context: Context, name: str, workflow: Any, restart: bool) -> dict[str, Any]:
    global _context
    context.registry.system(name)  # an unknown name is an input error, before anything is made
    with lock.exclusive(context.settings.state_dir / "lock", name):
        _context = context
        try:
            with durable.session(context.settings, name):
                if restart:
                    durable.give_up(kind, name)
                result: dict[str, Any] = durable.run_to_end(kind, name, workflow, again_from=AGAIN_FROM)
                return result
        finally:
            _context = None


@DBOS.workflow(name="apply")
def _apply(name: str) -> dict[str, Any]:
    done: dict[str, Any] = {}
    done["validate"] = _step("validate", steps.validate, name)
    done["plan"] = _step("plan", steps.plan, name)
    done["approve"] = _step("approve", steps.approve, name, done["plan"]["digest"])
    done["apply"] = _step("apply", steps.apply, name, done["plan"]["digest"])
    done["wait-for-hosts"] = _step("wait-for-hosts", steps.wait_for_hosts, name)
    done["harden"] = _step("harden", steps.harden, name)
    done["check"] = _step("check", steps.check, name)
    done["activate"] = _step("activate", steps.activate, name)
    return done


@DBOS.workflow(name="destroy")
def _destroy(name: str) -> dict[str, Any]:
    return {"destroy": _step("destroy", steps.destroy, name), "release": _step("release", steps.release, name)}


def _step(title: str, function: Callable[..., dict[str, Any]], name: str, *arguments: Any) -> dict[str, Any]:
    options: StepOptions = {"name": title}
    return DBOS.run_step(options, _told, title, function, name, *arguments)


def _told(title: str, function: Callable[..., dict[str, Any]], name: str, *arguments: Any) -> dict[str, Any]:
    """Run one step and say so. Only here do steps meet the process's context."""
    assert _context is not None
    _context.progress(f"{name}: {title} …")
    begun = time.monotonic()
    if title in AFTER_APPROVAL[1:]:  # apply begins by itself, once it knows what to begin
        _context.registry.begin(_context.registry.system(name).request_id)
        _context.write_journal()
    try:
        result = function(_context, name, *arguments)
    except HatangError as exc:
        if title in AFTER_APPROVAL:
            registry = _context.registry
            registry.fail(registry.system(name).request_id, title, exc.what)
        raise
    finally:
        _context.write_journal()
    _context.progress(f"{name}: {title} done in {time.monotonic() - begun:.1f} s")
    return result
