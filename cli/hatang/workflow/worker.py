"""A worker: takes jobs from the queue until it is asked to end, and takes over what lost workers had under way."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from hatang import settings as settings_module
from hatang.errors import FencedError, RefusedError, RegistryError, StepError
from hatang.locale import _
from hatang.registry import leases, processes
from hatang.registry.leases import BEAT_S, LEASE_S, SPARE_S, Leases
from hatang.registry.workers import Workers
from hatang.settings import Settings
from hatang.workflow import jobs, shared
from hatang.workflow.lock import locked
from hatang.workflow.tenant import HANDED_OVER

CARRY = (sys.executable, "-m", "hatang.workflow.carry")
LOOK_S = 2.0  # between two looks at what lost workers left
LEAVE_S = 15.0  # for the last words to the database; a thread of DBOS would try to reach it for ever


class Worker:
    """One worker. On SQLite it is the only one.

    Args:
        command: what carries a job out; the system and the worker's process id are added.
    """

    def __init__(self, settings: Settings, say: Callable[[str], None], command: Sequence[str] = CARRY) -> None:
        self.settings, self.say, self.command = settings, say, command
        self.process = processes.this()
        self.id = f"{self.process.machine}-{self.process.pid}-{secrets.token_hex(2)}"
        self.failed = 0
        self._workers = Workers(settings.registry)
        self._leases = Leases(settings.registry)
        self._stopping = threading.Event()
        self._child: subprocess.Popen[str] | None = None
        self._doing = ""
        self._beaten = 0.0  # when the database last took the beat
        self._handed_over = False
        self._left_anyway = threading.Timer(LEAVE_S, self._leave_anyway)
        self._left_anyway.daemon = True

    def run(self, *, drain: bool = False) -> int:
        """Work until SIGTERM or SIGINT; with `drain`, until nothing is left to do.

        Returns:
            How many jobs failed.

        Raises:
            SettingsError: this machine does not share what the other workers wrote.
            RefusedError: the registry is on SQLite, and another worker works on it.
            FencedError: the other workers held this one for lost.
            RegistryError: the database did not answer for longer than a lease.
        """
        with self._alone(), self._signals(), self._in_time(), jobs.listening(self.settings, self.id, self._carry):
            self._workers.enter(self.id, self.process)
            self.say(_("Worker {id} takes work from {queue}.").format(id=self.id, queue=jobs.queue(self.settings)))
            try:
                with self._watched():
                    self._work(drain)
            except FencedError as exc:
                leases.die(exc)
            finally:
                self._end_child()
                self._soon()
                self._end()
            self.say(_("Worker {id} ends.").format(id=self.id))
            if self._handed_over:
                self._leave()
        return self.failed

    def _work(self, drain: bool) -> None:
        looked = 0.0
        while not (self._stopping.is_set() and not self._doing):
            now = time.monotonic()
            if now - self._beaten >= BEAT_S or looked == 0.0:
                self._beat(now)
            if now - looked >= LOOK_S:
                looked = now
                with contextlib.suppress(RegistryError):  # the beat tells when it stays away
                    self._take_over()
                    if drain and not self._doing and not self._left():
                        return
            if self._stopping.is_set() and self._child:
                self._child.terminate()  # it ends before its next step
            time.sleep(0.2)

    def _beat(self, now: float) -> None:
        try:
            if not self._workers.beat(self.id, self._doing):
                raise FencedError(
                    "the other workers hold this one for lost, and have taken its work",
                    where=f"registry, worker {self.id}", do="start a worker again",
                )  # fmt: skip
        except RegistryError:
            if now - self._beaten > LEASE_S - SPARE_S:
                raise
        else:
            self._beaten = now

    @contextlib.contextmanager
    def _watched(self) -> Iterator[None]:
        """Past its lease a worker ends, also when its main thread hangs in a call that tries the database for ever."""
        self._beaten, over = time.monotonic(), threading.Event()

        def watch() -> None:
            late = 0
            while not over.wait(1.0):
                late = late + 1 if time.monotonic() - self._beaten > LEASE_S else 0
                if late > 2:  # after it stood still, the main thread finds out first that others took its work
                    self._leave_anyway()

        threading.Thread(target=watch, daemon=True).start()
        try:
            yield
        finally:
            over.set()

    def _left(self) -> bool:
        """Whether something is to be done that no other living worker does."""
        live = {w.id for w in self._workers.all() if w.state == "live"} - {self.id}
        return any(job.state == "queued" or job.worker not in live for job in jobs.unfinished(self.settings))

    def _take_over(self) -> None:
        """Put jobs of workers that have ended or are lost back into the queue, unless their process still lives."""
        known = {w.id: w for w in self._workers.all()}
        for job in jobs.unfinished(self.settings):
            owner = known.get(job.worker)
            if job.state == "queued" or job.worker == self.id or self._is_served(job, owner.state if owner else ""):
                continue
            if owner and owner.state == "lost" and not self._workers.end(job.worker, if_lost=True):
                continue  # it has beaten meanwhile
            if jobs.recover(job.worker):
                self.say(_("{system}: taken over from worker {other}.").format(system=job.system, other=job.worker))

    def _is_served(self, job: jobs.Job, state: str) -> bool:
        if self.settings.registry_file is not None:
            return False  # we are the only worker
        return state == "live" or self._leases.is_live(job.system)

    def _carry(self, system: str) -> dict[str, Any]:
        """One job, in a thread of DBOS: its own process, waited for."""
        if self._stopping.is_set():
            self._leave_to_others()
        self._doing = system
        self.say(_("{system}: begun.").format(system=system))
        own = {"HATANG_STATE_DIR": str(self.settings.state_dir)}
        if self.settings.site_file:
            own["HATANG_SITE_FILE"] = str(self.settings.site_file)
        begun = time.monotonic()
        self._child = subprocess.Popen(
            [*self.command, system, str(os.getpid())], env=settings_module.environment(**own), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        said, _none = self._child.communicate()
        code, self._child = self._child.returncode, None
        if code == HANDED_OVER or (code < 0 and self._stopping.is_set()):
            self._leave_to_others()
        self._doing = ""
        seconds = round(time.monotonic() - begun, 1)
        if code == 0:
            self.say(_("{system}: done in {s} s.").format(system=system, s=seconds))
            return {"seconds": seconds}
        self.failed += 1
        error = _error(said, system, code)
        self.say(_("{system}: failed: {why}").format(system=system, why=error.what))
        raise error

    def _leave_to_others(self) -> None:
        """The job stays under way in the records, until another worker finds that this one has ended."""
        self._handed_over, self._doing = True, ""
        threading.Event().wait()

    def _end(self) -> None:
        try:
            self._workers.end(self.id)
        except RegistryError as exc:
            if self._handed_over:  # the thread that waits with the job would keep this process for ever
                leases.die(exc)
            raise

    def _leave(self) -> None:
        """End, although a thread of this process still waits with the job that another takes over."""
        if self.settings.registry_file is None:
            shared.lock_file(self.settings, self.id).unlink(missing_ok=True)
        sys.stderr.flush()
        os._exit(0)

    def _soon(self) -> None:
        with contextlib.suppress(RuntimeError):  # started already
            self._left_anyway.start()

    def _leave_anyway(self) -> None:
        """The database does not hear that this worker ends: others find out when its lease is over."""
        self._end_child()
        file = self.settings.state_dir if self.settings.registry_file else "registry_url"
        self.say(_("Worker {id} ends without a word to the database, which does not answer.").format(id=self.id))
        sys.stderr.write(f"{RegistryError.code}: the database does not answer ({file})\n")
        sys.stderr.flush()
        os._exit(RegistryError.exit_code)

    @contextlib.contextmanager
    def _in_time(self) -> Iterator[None]:
        yield
        self._left_anyway.cancel()  # not after an error: then a thread of DBOS may keep this process

    def _end_child(self) -> None:
        if child := self._child:
            for pid in [*processes.descendants(child.pid), child.pid]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """On SQLite, the only worker; on PostgreSQL, one that shares what it must, with a lock that tells it lives."""
        on_sqlite = self.settings.registry_file is not None
        file = self.settings.state_dir / "lock" / "worker.lock" if on_sqlite else shared.lock_file(
            self.settings, self.id)  # fmt: skip
        if not on_sqlite:
            shared.require(self.settings, self._workers)
            shared.require_locks(self.settings, self._workers)
        with locked(file) as holder:
            if holder:
                raise RefusedError(
                    f"a worker works here already (pid {holder}), and a registry on SQLite can have only one",
                    where=str(file),
                    do="keep the registry on PostgreSQL for more workers: docs/how-to/workers.md",
                )
            yield
            if not on_sqlite:
                file.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        def stop(*_args: object) -> None:
            if self._stopping.is_set() or not self._doing:
                self._soon()  # asked twice, it waits for no step; this thread may hang on the database
            self._stopping.set()

        before = {s: signal.signal(s, stop) for s in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _error(said: str, system: str, code: int) -> StepError:
    try:
        told = json.loads(said.strip().splitlines()[-1])["error"]
        return StepError(told["what"], where=told["where"], do=told["do"])
    except (ValueError, KeyError, IndexError, TypeError):
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return StepError(f"the process of this run ended by {how}", where=f"worker, system {system}",
            do=f"hatang system apply {system} --queue; it goes on where it was")  # fmt: skip
