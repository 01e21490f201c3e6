"""Whose turn it is to write to SQLite: those who wait are served, and who has just written does not go before them.

SQLite lets a waiter look again ten times a second and no oftener, so of sixteen processes that write all the time some
waited a minute in vain. The kernel wakes those who wait for a lock on a file as soon as it is free; but who has just
written is awake already, and on a busy machine takes it again before them. So there are two locks, on two files: who
stands first in line holds one and waits for the other, and nobody can pass. Locks end with their process.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

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
    place = _Place(file)
    if not place.comes(wait_s):
        raise RegistryError(
            f"another process writes to the registry and did not come to an end in {wait_s:g} s",
            where=file,
            do=f"see who holds {file}.lock (fuser -v {file}.lock), end it or let it go on, then run the command again",
        )
    try:
        yield
    finally:
        place.leave()


class _Place:
    """A place in line."""

    def __init__(self, file: str) -> None:
        self.first = _opened(f"{file}.next.lock", file)
        try:
            self.writes = _opened(f"{file}.lock", file)
        except RegistryError:
            os.close(self.first)
            raise

    def comes(self, wait_s: float) -> bool:
        """Whether the turn came in time. If not, the place is left by whoever still waits in it."""
        with suppress(BlockingIOError):
            fcntl.flock(self.first, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fcntl.flock(self.writes, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fcntl.flock(self.first, fcntl.LOCK_UN)
            return True
        given_up, came = threading.Event(), threading.Event()
        deciding = threading.Lock()

        def wait() -> None:
            fcntl.flock(self.first, fcntl.LOCK_EX)
            if not given_up.is_set():
                fcntl.flock(self.writes, fcntl.LOCK_EX)
            fcntl.flock(self.first, fcntl.LOCK_UN)
            with deciding:
                came.set()
                if given_up.is_set():
                    self.leave()

        threading.Thread(target=wait, name="registry-turn", daemon=True).start()
        came.wait(wait_s)
        with deciding:
            if not came.is_set():
                given_up.set()
        return not given_up.is_set()

    def leave(self) -> None:
        """Somebody else's turn."""
        os.close(self.writes)
        os.close(self.first)


def _opened(name: str, database: str) -> int:
    try:
        return os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as exc:
        raise RegistryError(
            f"the registry's database is not usable: {name}: {exc.strerror}",
            where=database,
            do="see that its folder is there and that this user may write to it, then run the command again",
        ) from exc
