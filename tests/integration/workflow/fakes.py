"""Worker, run and registry as in use, with steps that need no cloud: each writes what it did to a file.

python -m tests.integration.workflow.fakes worker [--drain]     a worker, whose runs are this module's
python -m tests.integration.workflow.fakes run SYSTEM PID       one run, as hatang.workflow.carry

Settings come by the environment. Variables of this module's own: STEP_S, seconds that a step takes; FAIL=SYSTEM/STEP;
HOLD, a step that waits for the file `go` in the state folder; LEASE_S, which shortens a lease, so that a test need not
wait for a whole one; STEPS, those that are not real, if not all.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

from hatang import settings as settings_module
from hatang.errors import StepError
from hatang.registry import Registry, leases
from hatang.workflow import carry, shared, steps, worker
from hatang.workflow.context import Context
from hatang.workflow.worker import Worker

ROOT = Path(__file__).resolve().parents[3]
NAMES = ("validate", "plan", "approve", "apply", "wait_for_hosts", "harden", "check")


def submit(url: str, *names: str) -> None:
    """Systems whose requests are approved."""
    from tests.unit.registry.decided import approve
    from tests.unit.registry.test_registry import SITE, named

    registry = Registry.open(url)
    for name in names:
        approve(registry, registry.submit(named(name), name, SITE).id)


def diary(folder: Path) -> list[tuple[str, str, str, str]]:
    """What was done, in this order: (begin or end, system, step, process id)."""
    file = folder / "diary"
    rows = [line.split() for line in file.read_text().splitlines()] if file.exists() else []
    return [(what, system, step, pid) for what, system, step, pid in rows]


def _note(context: Context, what: str, system: str, step: str) -> None:
    with (context.settings.state_dir / "diary").open("a") as file:
        file.write(f"{what} {system} {step} {os.getpid()}\n")


def _fake(step: str) -> Any:
    def act(context: Context, name: str, *_: object) -> dict[str, Any]:
        _note(context, "begin", name, step)
        if step == "apply":
            context.registry.begin(context.registry.system(name).request_id)
        if os.environ.get("FAIL") == f"{name}/{step}":
            raise StepError("as the test wants", where="tests", do="run again")
        while os.environ.get("HOLD") == step and not (context.settings.state_dir / "go").exists():
            time.sleep(0.02)
        time.sleep(float(os.environ["STEP_S"]))
        if step == "apply":  # a write that only who holds the system may do
            context.registry.record_remote_ids("system", name, {"project_id": str(os.getpid())})
        _note(context, "end", name, step)
        return {"digest": "d" * 64, "counts": {}, "changes": {}}

    return act


def _shorten(seconds: float) -> None:
    for module in (leases, carry, shared, worker):
        for name, value in (("LEASE_S", seconds), ("BEAT_S", seconds / 8), ("SPARE_S", seconds / 4)):
            if hasattr(module, name):
                setattr(module, name, value)


def main(what: str, *words: str) -> int:
    """A worker, or a run."""
    if given := os.environ.get("LEASE_S"):
        _shorten(float(given))
    if what == "run":
        for name in os.environ.get("STEPS", ",".join(NAMES)).split(","):
            setattr(steps, name, _fake(name))
        return carry.main(words[0], int(words[1]))
    working = Worker(
        settings_module.load(), lambda text: print(text, flush=True),
        (sys.executable, "-m", "tests.integration.workflow.fakes", "run"),
    )  # fmt: skip
    return working.run(drain="--drain" in words)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
