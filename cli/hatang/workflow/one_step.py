"""One step of a durable run, whatever it is a run of: said, fenced, its failure kept with the request, journalled."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hatang.errors import FencedError, HatangError
from hatang.locale import _
from hatang.registry import leases
from hatang.workflow.context import Context

Result = dict[str, Any]
LONGEST = 32  # characters of a step's name that the registry keeps


@dataclass(frozen=True)
class Step:
    """How a step is told of.

    Attributes:
        title: its name in the run.
        said: what people read of it while it runs.
        request: the request that it belongs to; asked when it is needed, since a step may make another one count.
        begins: its request is under way from here on.
        fails: its failure is one of the request.
    """

    title: str
    said: str
    request: Callable[[], str]
    begins: bool
    fails: bool


def run(context: Context, step: Step, work: Callable[[], Result]) -> Result:
    """Run one step and say so. Only what was done while nobody else held the work is a result, or a failure.

    Raises:
        HatangError: what the step raised. When another has taken the work meanwhile this process ends at once.
    """
    require_or_die()
    context.progress(f"{step.said} …")
    begun = time.monotonic()
    if step.begins:
        context.registry.begin(step.request())
        context.write_journal()
    try:
        result = work()
        require_or_die()
    except FencedError as exc:
        leases.die(exc)
        raise
    except HatangError as exc:
        require_or_die()
        if step.fails:
            context.registry.fail(step.request(), step.title[:LONGEST], exc.what)
        raise
    finally:
        context.write_journal()
    context.progress(_("{what} done in {s} s").format(what=step.said, s=f"{time.monotonic() - begun:.1f}"))
    return result


def require_or_die() -> None:
    """End here and now when another has taken the work meanwhile: not even the failure may be written."""
    try:
        leases.require()
    except FencedError as exc:
        leases.die(exc)
