"""One process at a time works on a system.

With the registry on SQLite there is one machine: a lock on a file, which dies with its holder, also by SIGKILL. With
the registry on PostgreSQL there may be several: a lease there (`hatang.registry.leases`), which also fences.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hatang.errors import BusyError
from hatang.registry import leases
from hatang.settings import Settings


@contextmanager
def exclusive(settings: Settings, name: str, *, wait_s: float = 0.0) -> Iterator[None]:
    """Hold the lock of a system (or of `site-NAME`) inside the block.

    Args:
        wait_s: how long another holder is waited for, seconds; on PostgreSQL only.

    Raises:
        BusyError: another process holds it; the message names its process id.
    """
    if settings.registry_file is None:
        with leases.Leases(settings.registry).hold(name, wait_s):
            yield
        return
    with locked(settings.state_dir / "lock" / f"{name}.lock") as holder:
        if holder:
            raise BusyError(
                f"another process works on system {name} (pid {holder})",
                where=str(settings.state_dir / "lock" / f"{name}.lock"),
                do=f"wait for it, or see how far it is: hatang system status {name}",
            )
        yield


@contextmanager
def locked(path: Path) -> Iterator[str]:
    """Try to hold a lock file inside the block; gives "", or who holds it instead: its process id, or unknown."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield os.pread(handle, 32, 0).decode().strip() or "unknown"
            return
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        yield ""
    finally:
        os.close(handle)
