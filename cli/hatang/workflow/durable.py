"""Durable runs on DBOS: each finished step is recorded, so that a killed run goes on where it was.

A process must only ever pick up work of the system whose lock it holds. On SQLite every system has a database of its
own for that; on PostgreSQL all share one, and each system's runs bear a version of their own, by which DBOS chooses.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import make_url

from hatang.errors import RegistryError, StepError
from hatang.settings import SQLITE, Settings
from hatang.workflow import sqlite_clock

if TYPE_CHECKING:
    from dbos import DBOSClient, DBOSConfig

sqlite_clock.help_out()
# Raised when the order or meaning of steps changes: an unfinished run of another version is not taken up blindly.
VERSION = "chain-2"
APPLICATION = "hatang"
KINDS = ("apply", "suspend", "purge", "destroy", "reorganise", "interconnect", "interconnect-end")
T = TypeVar("T")
BEING_MADE_S = 10.0  # longest that another process is waited for that makes DBOS's tables
UNDEFINED = ("42P01", "42703")  # PostgreSQL's words for a table and a column that are not there
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
    if server := settings.workflow_server:
        return server
    folder = settings.state_dir / "workflow"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return f"sqlite:///{folder / system}.db"


def version(settings: Settings, system: str) -> str:
    """What DBOS knows the runs of one system by; only runs of its own version are taken up by a process."""
    return f"{VERSION}/{system}" if settings.workflow_server else VERSION


@contextlib.contextmanager
def session(settings: Settings, system: str) -> Iterator[None]:
    """DBOS, open on the system's database inside the block. The caller holds the system's lock.

    On entry DBOS takes up runs that a killed process left; the workflow functions must be imported by then.
    """
    config: DBOSConfig = {
        "name": APPLICATION,
        "system_database_url": database(settings, system),
        "application_version": version(settings, system),
        "executor_id": "local",
    }
    with launched(config):
        yield


@contextlib.contextmanager
def launched(config: DBOSConfig, *, queues: Iterable[str] = ()) -> Iterator[None]:
    """DBOS, launched inside the block, listening to these queues alone.

    Raises:
        RegistryError: its database does not answer.
    """
    from dbos import DBOS
    from sqlalchemy.exc import DBAPIError

    from hatang.registry.database import unusable

    logging.getLogger("dbos").setLevel(logging.CRITICAL)
    url = str(config["system_database_url"])
    DBOS(config={"log_level": "CRITICAL", "notification_listener_polling_interval_sec": 0.1, **config, **pool(url)})
    try:
        DBOS.listen_queues(list(queues))
        try:
            DBOS.launch()
        except DBAPIError as exc:
            raise unusable(make_url(url), exc) from exc
        yield
    finally:
        DBOS.destroy()


def pool(url: str) -> DBOSConfig:
    """A run needs few connections, and a database server has not many."""
    return {"sys_db_pool_size": 5} if url.startswith("postgresql") else {}


def run_to_end(
    settings: Settings, kind: str, system: str, workflow: Any, *arguments: Any, again_from: Mapping[str, str],
    once: bool = False,
) -> Any:  # fmt: skip
    """Start a run, or go on with the unfinished one, and return its result.

    A run that failed goes on with the step that failed; a run that was killed goes on after its last finished step.

    Args:
        again_from: for a step that failed, the earlier one to go on with, by name.
        once: the result of a run that has ended is told again, and no other one is started.

    Raises:
        HatangError: what the failing step raised.
    """
    from dbos import DBOS, SetWorkflowID

    runs = sorted(
        DBOS.list_workflows(workflow_id_prefix=f"{kind}/{system}/"), key=lambda w: int(w.workflow_id.rsplit("/", 1)[1])
    )
    last = runs[-1] if runs else None
    if once and last is not None and last.status in FINISHED:
        return DBOS.retrieve_workflow(last.workflow_id).get_result()
    if last is None or last.status in FINISHED:
        number = int(last.workflow_id.rsplit("/", 1)[1]) + 1 if last else 1
        with SetWorkflowID(f"{kind}/{system}/{number}"):
            return DBOS.start_workflow(workflow, system, *arguments).get_result(polling_interval_sec=0.05)
    if last.app_version != version(settings, system):
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


def leave_others(settings: Settings, kind: str, system: str) -> None:
    """Forget unfinished runs of other kinds, before DBOS would take them up beside the one that is wanted now.

    What they left half done is found by the run that comes: it looks at cloud, engine and registry anew.
    """
    others = set(KINDS) - {kind}
    unfinished = [r for r in history(settings, system) if r.kind in others and r.state not in FINISHED]
    if not unfinished:
        return
    with _client(settings, system) as client:
        for run in unfinished:
            client.cancel_workflow(run.id)
            client.delete_workflow(run.id)


@contextlib.contextmanager
def _client(settings: Settings, system: str) -> Iterator[DBOSClient]:
    with client_of(database(settings, system), APPLICATION) as client:
        yield client


@contextlib.contextmanager
def client_of(url: str, application: str) -> Iterator[DBOSClient]:
    """A client of a workflow database that is there. Raises RegistryError: it does not answer."""
    from dbos import DBOSClient
    from sqlalchemy.exc import DBAPIError

    from hatang.registry.database import unusable

    logging.getLogger("dbos").setLevel(logging.CRITICAL)
    try:
        client = DBOSClient(system_database_url=url, application_name=application, retry_connection_errors=False)
        try:
            yield client
        finally:
            client.destroy()
    except DBAPIError as exc:
        raise unusable(make_url(url), exc) from exc


def is_there(url: str) -> bool:
    """Whether DBOS has begun to make its tables in that database. Raises RegistryError: it does not answer."""
    from sqlalchemy import inspect
    from sqlalchemy.exc import DBAPIError

    from hatang.registry.database import connect, unusable

    if url.startswith(SQLITE):
        file = Path(url.removeprefix(SQLITE))
        return file.exists() and _has_runs(file)
    engine = connect(url)
    try:
        return inspect(engine).has_table("workflow_status", schema="dbos")
    except DBAPIError as exc:
        raise unusable(make_url(url), exc) from exc
    finally:
        engine.dispose()


def _has_runs(file: Path) -> bool:
    """Whether the table of runs is in a SQLite file; one that was killed while it made the file left it empty."""
    try:
        with contextlib.closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True)) as connection:
            asked = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'workflow_status'")
            return asked.fetchone() is not None
    except sqlite3.Error:
        return True  # whoever opens it says what is wrong with it


def ask(url: str, application: str, question: Callable[[DBOSClient], T]) -> T:
    """The client's answer. Another process may just be making the tables, one by one: they are waited for.

    Args:
        question: may be asked again; what it writes is written once, or not at all.

    Raises:
        RegistryError: the database does not answer; what lacks is still not there after `BEING_MADE_S`.
    """
    until = time.monotonic() + BEING_MADE_S
    while True:
        try:
            with client_of(url, application) as client:
                return question(client)
        except RegistryError as exc:
            if not _lacks_something(exc.__cause__) or time.monotonic() > until:
                raise
        time.sleep(0.1)


def _lacks_something(cause: BaseException | None) -> bool:
    """Whether a database refused since a table or column is not there."""
    said = getattr(cause, "orig", None)
    return getattr(said, "sqlstate", None) in UNDEFINED or str(said).startswith(("no such table", "no such column"))


def history(settings: Settings, system: str) -> list[RunRecord]:
    """All runs of a system, oldest first, with their steps. Reads only; another process may be at work."""
    url = database(settings, system)
    return ask(url, APPLICATION, lambda client: _runs(client, system)) if is_there(url) else []


def _runs(client: DBOSClient, system: str) -> list[RunRecord]:
    runs = client.list_workflows(workflow_id_prefix=[f"{kind}/{system}/" for kind in KINDS])
    return [
        RunRecord(
            w.workflow_id,
            w.workflow_id.split("/")[0],
            w.status,
            tuple(map(_step, client.list_workflow_steps(w.workflow_id))),
        )
        for w in sorted(runs, key=lambda w: w.created_at or 0)
    ]


def _step(info: Any) -> StepRecord:
    begun, ended = info["started_at_epoch_ms"] or 0, info["completed_at_epoch_ms"] or 0
    error = info["error"]
    return StepRecord(
        info["function_name"], "failed" if error else "done", round(max(0, ended - begun) / 1000, 1), str(error or "")
    )
