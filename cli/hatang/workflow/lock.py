"""One process at a time works on a system. The lock dies with its holder, also by SIGKILL."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hatang.errors import BusyError


@contextmanager
def exclusive(folder: Path, system: str) -> Iterator[None]:
    """Hold the system's lock inside the block.

    Raises:
        BusyError: another process holds it; the message names its process id.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{system}.lock"
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            holder = os.pread(handle, 32, 0).decode().strip() or "unknown"
            raise BusyError(
                f"another process works on system {system} (pid {holder})",
                where=str(path),
                do=f"wait for it, or see how far it is: hatang system status {system}",
            ) from exc
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(handle)
