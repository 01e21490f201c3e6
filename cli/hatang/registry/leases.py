"""Leases: who may work on a system, when the registry is on a database server.

The holder beats every `BEAT_S` seconds; by the database's clock the lease lapses `LEASE_S` seconds after the last beat,
at once when the holder was a process of this machine and is dead. Each taking has a greater token. Whoever finds his
token outdone is fenced off: no transaction of the registry commits for him, no engine or Ansible is started by him.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from hatang.errors import BusyError, FencedError, HatangError, RegistryError
from hatang.registry import database, processes, sessions
from hatang.registry.processes import Process
from hatang.registry.worker_tables import LeaseRow

LEASE_S = 30.0
BEAT_S = 5.0
SPARE_S = 5.0  # who could not beat stops this long before others may take over

_held: list[Held] = []


def require() -> None:
    """Before something is done that another holder must not meet. Raises FencedError: a lease of ours was taken."""
    for held in list(_held):
        held.require()


def give_back() -> None:
    """Give back all that this process holds, because it is about to end."""
    for held in list(_held):
        held.end()


class Leases:
    """The leases of a registry."""

    def __init__(self, url: str) -> None:
        self._engine: Engine = database.connect(url)
        database.migrate(self._engine)

    @property
    def url(self) -> str:
        """The registry's URL without password."""
        return database.shown(self._engine.url)

    def take(self, name: str, by: Process) -> int:
        """Take a lease that is free or has lapsed; returns its token.

        Raises:
            BusyError: somebody holds it.
        """
        with sessions.writing(self._engine) as session:
            at = sessions.clock(session)
            row = session.get(LeaseRow, name, with_for_update=True)
            if row is not None and _is_live(row, at):
                raise BusyError(
                    f"another process works on system {name} ({_holder(row)})",
                    where=f"registry, lease of {name}, last beat {_age(row, at):.0f} s ago",
                    do=f"wait for it, or see how far it is: hatang system status {name}",
                )
            token = row.token + 1 if row is not None else 1
            row = row or LeaseRow(name=name)
            row.token, row.machine, row.boot, row.pid, row.ticks = token, by.machine, by.boot, by.pid, by.ticks
            row.taken_at = row.beaten_at = at
            session.add(row)
            return token

    def is_live(self, name: str) -> bool:
        """Whether somebody holds this lease, as far as can be known."""
        with sessions.reading(self._engine) as session:
            row = session.get(LeaseRow, name)
            return row is not None and _is_live(row, sessions.clock(session))

    def live(self) -> list[str]:
        """Names of all leases that somebody holds, as far as can be known."""
        with sessions.reading(self._engine) as session:
            at = sessions.clock(session)
            return sorted(row.name for row in session.scalars(select(LeaseRow)) if _is_live(row, at))

    def beat(self, name: str, token: int) -> bool:
        """Say that the holder lives. False: the lease was taken by another."""
        return self._change(name, token, beat=True)

    def release(self, name: str, token: int) -> bool:
        """Give a lease back. False: it was taken by another."""
        return self._change(name, token, beat=False)

    def is_mine(self, name: str, token: int) -> bool:
        """Whether nobody has taken the lease since."""
        with sessions.reading(self._engine) as session:
            return self._is_mine(session, name, token)

    def _is_mine(self, session: Session, name: str, token: int) -> bool:
        return session.scalar(select(LeaseRow.token).where(LeaseRow.name == name)) == token

    def _change(self, name: str, token: int, *, beat: bool) -> bool:
        with sessions.beating(self._engine) as session:
            what = {"beaten_at": sessions.clock(session)} if beat else {"pid": 0}
            mine = (LeaseRow.name == name, LeaseRow.token == token)
            return session.scalar(update(LeaseRow).where(*mine).values(**what).returning(LeaseRow.token)) == token

    @contextmanager
    def hold(self, name: str, wait_s: float = 0.0, lost: Callable[[FencedError], None] | None = None) -> Iterator[Held]:
        """Hold a lease inside the block, beating.

        Args:
            wait_s: how long another holder is waited for, seconds.
            lost: called when the lease was taken by another; by default this process ends at once, with all that it
                started.

        Raises:
            BusyError: somebody holds it.
        """
        end = time.monotonic() + wait_s
        while True:
            try:
                token = self.take(name, processes.this())
                break
            except BusyError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.5)
        held = Held(self, name, token, lost or die)
        try:
            with sessions.fenced(self._engine.url, held.fence):
                yield held
        finally:
            held.end()


class Held:
    """A lease that this process holds."""

    def __init__(self, leases: Leases, name: str, token: int, lost: Callable[[FencedError], None]) -> None:
        self._leases, self.name, self.token, self._lost = leases, name, token, lost
        self._ended = threading.Event()
        self._beaten = _seconds()
        self._thread = threading.Thread(target=self._keep, name=f"lease-{name}", daemon=True)
        _held.append(self)
        self._thread.start()

    def require(self) -> None:
        """Raises FencedError: another has taken the lease."""
        if not self._leases.is_mine(self.name, self.token):
            raise self._error()

    def fence(self, session: Session) -> None:
        """The same inside a writing transaction: takers wait for its end. Raises FencedError."""
        if not self._leases._is_mine(session, self.name, self.token):
            raise self._error()

    def end(self) -> None:
        """Stop beating and give the lease back."""
        if self in _held:
            _held.remove(self)
            self._ended.set()
            with contextlib.suppress(RegistryError):  # it lapses by itself
                self._leases.release(self.name, self.token)

    def _keep(self) -> None:
        while not self._ended.wait(BEAT_S):
            begun, mine = _seconds(), True
            try:
                mine = self._leases.beat(self.name, self.token)
                self._beaten = begun
            except RegistryError:  # it may come back before the lease lapses
                mine = _seconds() - self._beaten < LEASE_S - SPARE_S
            if not mine and not self._ended.is_set():
                return self._lost(self._error())
        return None

    def _error(self) -> FencedError:
        return FencedError(
            f"the lease of system {self.name} was lost: this process did not beat for too long",
            where=f"registry, lease of {self.name}, token {self.token}",
            do=f"another worker goes on with it: hatang system status {self.name}",
        )


def die(why: HatangError) -> None:
    """End this process and all that it started, at once: nothing more may be written."""
    for pid in processes.descendants(os.getpid()):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    sys.stderr.write(f"{why.code}: {why}\n")
    sys.stderr.flush()
    os._exit(why.exit_code)


def lapsed(beaten_at: datetime, at: datetime) -> bool:
    """Whether who beat last at that time has lost what it held."""
    return at - beaten_at > timedelta(seconds=LEASE_S)


def _is_live(row: LeaseRow, at: datetime) -> bool:
    return row.pid != 0 and not lapsed(row.beaten_at, at) and not _holder(row).is_dead()


def _holder(row: LeaseRow) -> Process:
    return Process(row.machine, row.boot, row.pid, row.ticks)


def _age(row: LeaseRow, at: datetime) -> float:
    return (at - row.beaten_at).total_seconds()


def _seconds() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)  # goes on while the machine sleeps
