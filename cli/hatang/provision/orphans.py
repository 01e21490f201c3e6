"""Plugins that outlived their engine.

After a SIGKILL of the engine the provider lives on for five minutes, and finishes the calls that it had begun.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

ENGINE = "pulumi"
PROC = Path("/proc")
GONE_S = 5.0  # until those that were killed are gone, and their lock with them


def take(handle: int, lock: Path, wait_s: float) -> bool:
    """Lock a stack's file, which is open as `handle`, ending plugins that hold it without their engine.

    Returns:
        False: somebody else held it for `wait_s` seconds.
    """
    begun, ended = time.monotonic(), False
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            ended = bool(end(lock.resolve())) or ended
            if time.monotonic() - begun > (max(wait_s, GONE_S) if ended else wait_s):
                return False
            time.sleep(0.1)


def end(lock: Path) -> list[int]:
    """Kill the plugins that hold this lock file open although their engine is gone; returns their process ids.

    Plugins inherit the lock from their engine, so no other process is ever meant.
    """
    ended = []
    for process in _holders(lock):
        words = _words(process)
        if _is_plugin(words) and Path((_words(_parent(process)) or [""])[0]).name != ENGINE:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(int(process.name), signal.SIGKILL)
                ended.append(int(process.name))
    return ended


def _holders(lock: Path) -> Iterator[Path]:
    for process in PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended meanwhile, or is another user's
            if any(fd.readlink() == lock for fd in (process / "fd").iterdir()):
                yield process


def _is_plugin(words: list[str]) -> bool:
    return bool(words) and (
        Path(words[0]).name.startswith("pulumi-resource-") or any("pulumi.policy" in w for w in words)
    )


def _words(process: Path) -> list[str]:
    try:
        return (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []


def _parent(process: Path) -> Path:
    try:
        return PROC / (process / "stat").read_text().rsplit(")", 1)[1].split()[1]
    except OSError:
        return PROC / "0"
