"""Durable runs on DBOS: each finished step is recorded, so that a killed run goes on where it was.

One SQLite database per system: a process can then only ever pick up work of the system whose lock it holds.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hatang.errors import StepError
from hatang.settings import Settings

# Raised when the order or meaning of steps changes: an unfinished run of another version is not taken up blindly.
VERSION = "chain-2"
FINISHED = ("SUCCESS",)
FAILED = ("ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")


@dataclass(frozen=True)
class StepRecord:
    """One step of a run: name, state (done, failed) and seconds."""

    name: str
    state: str
    seconds: float
    detail: str = ""


@dataclass(frozen=True)
class RunRecord:
    """One run of a workflow."""

    id: str
    kind: str
    state: str
    steps: tuple[StepRecord, ...]


def database(settings: Settings, system: str) -> str:
    """URL of the workflow database of one system."""
    if settings.workflow_url:
        return settings.workflow_url
    folder = settings.state_dir / "workflow"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return f"sqlite:///{folder / system}.db"


@contextlib.contextmanager
def session(settings: Settings, system: str) -> Iterator[None]:
    """DBOS, open on the system's database inside the block. The caller holds the system's lock.

    On entry DBOS takes up runs that a killed process left; the workflow functions must be imported by then.
    """
    from dbos import DBOS, DBOSConfig

    logging.getLogger("dbos").setLevel(logging.CRITICAL)
    config: DBOSConfig = {
        "name": "hatang",
        "system_database_url": database(settings, system),
        "application_version": VERSION,
        "executor_id": "local",
        "log_level": "CRITICAL",
        "notification_listener_polling_interval_sec": 0.1,
    }
    DBOS(config=config)
    DBOS.launch()
    try:
        yield
    finally:
        DBOS.destroy()


def run_to_end(kind: str, system: str, workflow: Any, *arguments: Any, again_from: Mapping[str, str]) -> Any:
    """Start a run, or go on with the unfinished one, and return its result.

    A run that failed goes on with the step that failed; a run that was killed goes on after its last finished step.

    Args:
        again_from: for a step that failed, the earlier one to go on with, by name.

    Raises:
        HatangError: what the failing step raised.
    """
    from dbos import DBOS, SetWorkflowID

    runs = sorted(
        DBOS.list_workflows(workflow_id_prefix=f"{kind}/{system}/"), key=lambda w: int(w.workflow_id.rsplit("/", 1)[1])
    )
    last = runs[-1] if runs else None
    if last is None or last.status in FINISHED:
        number = int(last.workflow_id.rsplit("/", 1)[1]) + 1 if last else 1
        with SetWorkflowID(f"{kind}/{system}/{number}"):
            return DBOS.start_workflow(workflow, system, *arguments).get_result(polling_interval_sec=0.05)
    if last.app_version != VERSION:
        raise StepError(
            f"the unfinished run {last.workflow_id} belongs to another version of hatang ({last.app_version})",
            where=f"workflow of system {system}",
            do="finish it with that version, or give it up: hatang system apply --restart",
        )
    if last.status in FAILED:
        steps = DBOS.list_workflow_steps(last.workflow_id)
        ids = {s["function_name"]: s["function_id"] for s in steps}
        names = [again_from.get(s["function_name"], s["function_name"]) for s in steps if s["error"] is not None]
        failed = [ids[n] for n in names]
        DBOS.rewind_workflow(last.workflow_id, start_step=min(failed) if failed else len(steps) + 1)
    return DBOS.retrieve_workflow(last.workflow_id).get_result(polling_interval_sec=0.05)


def give_up(kind: str, system: str) -> None:
    """Forget an unfinished run, so that the next one starts with the first step. Cloud and registry stay."""
    from dbos import DBOS

    for run in DBOS.list_workflows(workflow_id_prefix=f"{kind}/{system}/"):
        if run.status not in FINISHED:
            DBOS.cancel_workflow(run.workflow_id)
            DBOS.delete_workflow(run.workflow_id)


def history(settings: Settings, system: str) -> list[RunRecord]:
    """All runs of a system, oldest first, with their steps. Reads only; another process may be at work."""
    if not settings.workflow_url and not (settings.state_dir / "workflow" / f"{system}.db").exists():
        return []
    from dbos import DBOSClient

    logging.getLogger("dbos").setLevel(logging.CRITICAL)
    client = DBOSClient(system_database_url=database(settings, system))
    try:
        runs = client.list_workflows()
        return [
            RunRecord(
                w.workflow_id,
                w.workflow_id.split("/")[0],
                w.status,
                tuple(map(_step, client.list_workflow_steps(w.workflow_id))),
            )
            for w in sorted(runs, key=lambda w: w.created_at or 0)
            if f"/{system}/" in w.workflow_id
        ]
    finally:
        client.destroy()


def _step(info: Any) -> StepRecord:
    begun, ended = info["started_at_epoch_ms"] or 0, info["completed_at_epoch_ms"] or 0
    error = info["error"]
    return StepRecord(
        info["function_name"], "failed" if error else "done", round(max(0, ended - begun) / 1000, 1), str(error or "")
    )
