"""Whose turn it is to write to SQLite: those who wait are served, and who has just written does not go before them.

SQLite lets a waiter look again ten times a second and no oftener, so of sixteen processes that write all the time some
waited a minute in vain. The kernel wakes those who wait for a lock on a file as soon as it is free. The lock ends with
its process.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

from hatang.errors import RegistryError


@contextmanager
def turn(engine: Engine, wait_s: float) -> Iterator[None]:
    """Inside the block nobody else writes to this SQLite file, of those who ask; on other databases it does nothing.

    Args:
        wait_s: seconds to wait at most.

    Raises:
        RegistryError: another writer does not come to an end.
    """
    file = engine.url.database if engine.dialect.name == "sqlite" else None
    if not file or file == ":memory:":
        yield
        return
    try:
        handle = os.open(f"{file}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as exc:
        raise RegistryError(
            f"the registry's database is not usable: {file}.lock: {exc.strerror}",
            where=file,
            do="see that its folder is there and that this user may write to it, then run the command again",
        ) from exc
    if not _locked(handle, wait_s):
        raise RegistryError(
            f"another process writes to the registry and did not come to an end in {wait_s:g} s",
            where=file,
            do=f"see who holds {file}.lock (fuser -v {file}.lock), end it or let it go on, then run the command again",
        )
    try:
        yield
    finally:
        os.close(handle)


def _locked(handle: int, wait_s: float) -> bool:
    """Whether the lock came in time. If not, the handle is closed by whoever still waits for it."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        pass
    given_up, came = threading.Event(), threading.Event()
    deciding = threading.Lock()

    def wait() -> None:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with deciding:
            came.set()
            if given_up.is_set():
                os.close(handle)

    threading.Thread(target=wait, name="registry-turn", daemon=True).start()
    came.wait(wait_s)
    with deciding:
        if not came.is_set():
            given_up.set()
    return not given_up.is_set()
