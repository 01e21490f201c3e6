"""Nothing works on a state folder while it is saved, so that registry, engine state and runs are of one moment."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from hatang.errors import RefusedError
from hatang.provision import orphans
from hatang.registry.leases import Leases
from hatang.registry.workers import Workers
from hatang.settings import Settings
from hatang.workflow.lock import locked

WAIT_S = 60  # for who writes into the registry, which takes no longer than a moment
STACK = "stack-"


@contextmanager
def quiet(settings: Settings) -> Iterator[None]:
    """Hold every lock of the state folder inside the block, and the registry's place of the writer on SQLite.

    Raises:
        RefusedError: a run, a worker or an engine is under way; also when one began inside the block.
    """
    folder = settings.state_dir / "lock"
    with ExitStack() as held:
        files = sorted(folder.glob("*.lock"))
        busy = [_said(file, holder) for file in files if (holder := held.enter_context(_held(file)))]
        busy += _elsewhere(settings)
        _refuse(busy, folder)
        if (registry := settings.registry_file) is not None and registry.is_file():
            held.enter_context(_no_writer(registry))
        yield
        _refuse([_said(file, "") for file in sorted(set(folder.glob("*.lock")) - set(files))], folder)
        _refuse(_elsewhere(settings), folder)


def _refuse(busy: list[str], folder: Path) -> None:
    if busy:
        raise RefusedError(
            f"work is under way in this state folder: {'; '.join(busy[:5])}", where=str(folder),
            do="wait until it has ended, end the workers, then save again",
        )  # fmt: skip


@contextmanager
def _held(file: Path) -> Iterator[str]:
    """A lock, held inside the block; gives "", or who holds it instead."""
    if not file.name.startswith(STACK):
        with locked(file) as holder:
            yield holder
        return
    handle = os.open(file, os.O_RDWR | os.O_CLOEXEC)  # an engine writes no process id, and finds none of ours
    try:
        yield "" if orphans.take(handle, file, 0) else "unknown"
    finally:
        os.close(handle)


def _said(file: Path, holder: str) -> str:
    name, pid = file.stem, f" (pid {holder})" if holder not in ("", "unknown") else ""
    if name.startswith(STACK):
        return f"the engine on stack {name.removeprefix(STACK)}{pid}"
    if name.startswith("worker"):
        return f"a worker{pid}"
    if name.startswith("site-"):
        return f"the landing of site {name.removeprefix('site-')}{pid}"
    return f"a run on {name}{pid}"


def _elsewhere(settings: Settings) -> list[str]:
    """What works on it from any machine, as the registry on a database server knows."""
    if settings.registry_file is not None:
        return []
    runs = [f"a run on {name}" for name in Leases(settings.registry).live()]
    return runs + [f"worker {w.id}" for w in Workers(settings.registry).all() if w.state == "live"]


@contextmanager
def _no_writer(registry: Path) -> Iterator[None]:
    with closing(_holding(registry)) as connection:
        yield
        connection.rollback()


def _holding(registry: Path) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(f"{registry.as_uri()}?mode=rw", uri=True, timeout=WAIT_S)
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.Error as exc:
        raise RefusedError(f"the registry cannot be held still: {exc}", where=str(registry),
            do="wait until nobody writes into it, then save again; hatang doctor tells more") from exc  # fmt: skip
    return connection
