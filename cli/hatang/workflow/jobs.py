"""The queue of what workers do: one job brings one system up, or goes on with that.

A queue of DBOS for each cloud endpoint, limited to so many jobs at once by all workers together; its partitions are the
systems, with one job at a time. A job is carried out by a process of its own (`carry`), whose steps are recorded apart
from the job: taken up by another worker, it goes on with the step that was under way.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from dbos import DBOS, DBOSClient, DBOSConfig, StepOptions

from hatang.errors import HatangError
from hatang.provision.cloud import Cloud
from hatang.settings import Settings
from hatang.workflow import durable

APPLICATION = "hatang-jobs"
VERSION = "jobs-1"
POLL_S = 0.5
WORKFLOW = "carry-out"
STATES = {"ENQUEUED": "queued", "DELAYED": "queued", "PENDING": "running", "SUCCESS": "done"}
_carrier: Callable[[str], dict[str, Any]] | None = None


@dataclass(frozen=True)
class Job:
    """A job. `state`: queued, running, done, failed. `worker`: id of the worker that has it or had it last."""

    id: str
    system: str
    state: str
    worker: str
    error: str


@DBOS.workflow(name=WORKFLOW)
def _carry_out(system: str) -> dict[str, Any]:
    assert _carrier is not None
    options: StepOptions = {"name": "carry"}
    return DBOS.run_step(options, _carrier, system)


def queue(settings: Settings) -> str:
    """Name of the queue: the endpoint of the cloud that its runs load. Raises SettingsError."""
    return f"cloud {Cloud(settings).connection.config.get_auth_args()['auth_url']}"


def database(settings: Settings) -> str:
    """URL of the database of the jobs."""
    return settings.workflow_server or f"sqlite:///{settings.state_dir}/jobs.db"


def enqueue(settings: Settings, system: str) -> tuple[Job, bool]:
    """Ask the workers to bring a system up; returns the job, and whether it is new.

    One that waits or is under way is not asked for twice.

    Raises:
        RegistryError: the database does not answer.
    """
    if not durable.is_there(database(settings)):
        with durable.launched(_config(settings, "enqueue")):
            pass  # DBOS makes its tables
    return durable.ask(database(settings), APPLICATION, lambda client: _enqueue(client, queue(settings), system))


def _enqueue(client: DBOSClient, queue_name: str, system: str) -> tuple[Job, bool]:
    known = _of(client, system)
    if known and known[-1].state in ("queued", "running"):
        return known[-1], False
    number = int(known[-1].id.rsplit("/", 1)[1]) + 1 if known else 1
    job_id = f"job/{system}/{number}"  # two that ask at once ask for the same
    client.enqueue(
        {
            "workflow_name": WORKFLOW, "queue_name": queue_name, "workflow_id": job_id, "app_version": VERSION,
            "queue_partition_key": system, "application_name": APPLICATION,
        },
        system,
    )  # fmt: skip
    return _of(client, system)[-1], True


def latest(settings: Settings, system: str) -> Job | None:
    """The last job of a system; None: it never had one."""
    url = database(settings)
    known = durable.ask(url, APPLICATION, lambda client: _of(client, system)) if durable.is_there(url) else []
    return known[-1] if known else None


def unfinished(settings: Settings) -> list[Job]:
    """Jobs that wait or are under way, of this cloud's queue. For a process in which DBOS is launched."""
    rows = DBOS.list_workflows(status=["ENQUEUED", "PENDING"], name=WORKFLOW, queue_name=queue(settings))
    return [_job(w) for w in rows]


def recover(worker_id: str) -> int:
    """Put what a worker had under way back into the queue; returns how many jobs. Harmless when others do it too."""
    return len(DBOS._recover_pending_workflows([worker_id]))  # only where executor_id still is that worker's


@contextlib.contextmanager
def listening(settings: Settings, worker_id: str, carrier: Callable[[str], dict[str, Any]]) -> Iterator[None]:
    """Take jobs inside the block, one at a time, each carried out by `carrier`, in a thread.

    Raises:
        RegistryError: the database does not answer.
    """
    global _carrier
    _carrier = carrier
    name = queue(settings)
    try:
        with durable.launched(_config(settings, worker_id), queues=[name]):
            DBOS.register_queue(
                name, worker_concurrency=1, partition_concurrency=1,
                global_concurrency=max(1, settings.cloud_runs), polling_interval_sec=POLL_S,
                on_conflict="always_update",
            )  # fmt: skip
            yield
    finally:
        _carrier = None


def _config(settings: Settings, executor: str) -> DBOSConfig:
    return {
        "name": APPLICATION, "system_database_url": database(settings), "application_version": VERSION,
        "executor_id": executor,
    }  # fmt: skip


def _of(client: Any, system: str) -> list[Job]:
    found = client.list_workflows(workflow_id_prefix=f"job/{system}/")
    return [_job(w) for w in sorted(found, key=lambda w: int(w.workflow_id.rsplit("/", 1)[1]))]


def _job(w: Any) -> Job:
    error = w.error.what if isinstance(w.error, HatangError) else str(w.error or "")
    worker = "" if w.status in ("ENQUEUED", "DELAYED") else str(w.executor_id or "")
    return Job(w.workflow_id, w.workflow_id.split("/")[1], STATES.get(w.status, "failed"), worker, error)
