"""One cgroup v2 folder per host. It holds every process of the host: killing it is exact, and hits no other."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

from .programs import HostsError


def root() -> Path:
    """The machine's cgroup v2 mount: /sys/fs/cgroup, or /sys/fs/cgroup/unified on hybrid machines."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        left, right = line.split(" - ", 1)
        if right.startswith("cgroup2 ") and os.access(left.split()[4], os.W_OK):
            return Path(left.split()[4])
    raise HostsError("no writable cgroup v2 mount (mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified)")


def make(path: str) -> Path:
    """Make the folder of a group, and those above it."""
    folder = root() / path
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def exists(path: str) -> bool:
    """Whether the group is there, with or without processes."""
    try:
        return (root() / path).exists()
    except HostsError:
        return False


def alive(path: str) -> bool:
    """Whether any process lives in the group or below it."""
    try:
        return "populated 1" in (root() / path / "cgroup.events").read_text()
    except OSError:
        return False


def tree(path: str) -> list[Path]:
    """The folder and all below it, deepest first."""
    return [Path(d) for d, _, _ in os.walk(root() / path, topdown=False)]


def destroy(path: str, timeout: float = 10) -> None:
    """Kill all processes in the tree and remove it. Nothing to do when it is not there."""
    folder, end = root() / path, time.monotonic() + timeout
    while folder.exists():
        if alive(path):
            if (folder / "cgroup.kill").exists():
                (folder / "cgroup.kill").write_text("1")
            else:  # kernels before 5.14
                for pid in pids(path):
                    os.kill(pid, signal.SIGKILL)
        try:
            for d in tree(path):
                d.rmdir()
        except OSError as exc:
            if time.monotonic() > end:
                raise HostsError(f"processes of {path} do not die: {pids(path)}") from exc
            time.sleep(0.01)


def pids(path: str) -> list[int]:
    """All processes in the group and below it."""
    found = []
    for d in tree(path):
        with contextlib.suppress(OSError):
            found += [int(p) for p in (d / "cgroup.procs").read_text().split()]
    return found


def cpu_seconds(path: str) -> float:
    """CPU that the host has used so far (user + system)."""
    try:
        return int((root() / path / "cpu.stat").read_text().split()[1]) / 1e6
    except OSError:
        return 0.0
