"""Which process on which machine this is, and whether another one on this machine still lives."""

from __future__ import annotations

import functools
import os
import platform
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True)
class Process:
    """A process among those of all machines.

    Attributes:
        machine: name of the machine, for people to read.
        boot: the kernel's boot and the namespace that the pid is of; containers share a kernel and not their pids.
        ticks: when it began, clock ticks since boot.
    """

    machine: str
    boot: str
    pid: int
    ticks: int

    def is_dead(self) -> bool:
        """Whether it is certain that it lives no more; of a process elsewhere nothing is certain."""
        return self.boot == boot() and began(self.pid) != self.ticks

    def __str__(self) -> str:
        return f"pid {self.pid} on {self.machine}"


def this() -> Process:
    """The process that asks."""
    return Process(platform.node(), boot(), os.getpid(), began(os.getpid()))


@functools.cache
def boot() -> str:
    """Id of this boot and of this process's pid namespace."""
    kernel = (PROC / "sys/kernel/random/boot_id").read_text().strip()
    return f"{kernel}/{os.readlink(PROC / 'self/ns/pid')}"  # noqa: PTH115 (no path: pid:[4026531836])


def began(pid: int) -> int:
    """When a process of this machine began, clock ticks since boot; 0: there is none, or it has ended."""
    try:
        fields = (PROC / str(pid) / "stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0
    return 0 if fields[0] in "ZX" else int(fields[19])


def descendants(pid: int) -> list[int]:
    """All processes that come from this one, nearest first."""
    children: dict[int, list[int]] = {}
    for folder in PROC.glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(folder.name))
    found = list(children.get(pid, []))
    for child in found:  # grows while it is walked
        found += children.get(child, [])
    return found
