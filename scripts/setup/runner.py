"""Runs steps, those that do not wait for each other at once; shows what runs and for how long."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from . import places

HEARTBEAT_S = 15.0
GRACE_S = 15.0
CAUSE = re.compile(r"\b(error|fatal|failed|cannot|denied|no such|not found)\b", re.IGNORECASE)


class StepFailed(Exception):
    """A step did not succeed; the text is its cause in one line."""


class Log:
    """The log file of one step, and the way to run programs into it."""

    def __init__(self, file: Path) -> None:
        self.file = file
        file.parent.mkdir(parents=True, exist_ok=True)
        self._stream: TextIO = file.open("w")
        self._child: subprocess.Popen[bytes] | None = None

    def write(self, text: str) -> None:
        """Add a line."""
        self._stream.write(text + "\n")
        self._stream.flush()

    def run(self, *argv: object, cwd: Path | None = None, env: Mapping[str, str] | None = None,
            timeout_s: float = 3600) -> None:  # fmt: skip
        """Run a program to its end with its output in the log. Raises StepFailed with the line that tells why."""
        words = [str(a) for a in argv]
        self.write("$ " + " ".join(words))
        begun = self._stream.tell()
        try:
            self._child = subprocess.Popen(
                words,
                cwd=cwd or places.ROOT,
                env=dict(env or places.environment()),
                stdin=subprocess.DEVNULL,
                stdout=self._stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as exc:
            raise StepFailed(f"{words[0]}: {exc.strerror}") from exc
        try:
            code = self._child.wait(timeout_s)
        except subprocess.TimeoutExpired as exc:
            self.stop()
            raise StepFailed(f"{Path(words[0]).name} did not end within {timeout_s:.0f} s") from exc
        if code:
            raise StepFailed(f"{Path(words[0]).name} ended with {code}{self._cause(begun)}")

    def stop(self) -> None:
        """End the program that runs now, with all that it started: asked first, then killed."""
        child = self._child
        for number in (signal.SIGTERM, signal.SIGKILL):
            if child is None or child.poll() is not None:
                return
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(GRACE_S)

    def _cause(self, begun: int) -> str:
        """The line that says what went wrong, as well as can be told; else the last one."""
        with self.file.open() as written:
            written.seek(begun)
            said = [line.strip() for line in written if line.strip()]
        telling = [line for line in said if CAUSE.search(line)] or said
        return f": {telling[-1][:300]}" if telling else ""

    def close(self) -> None:
        """No more lines."""
        self._stream.close()


@dataclass(frozen=True)
class Step:
    """One step of set-up.

    Attributes:
        name: short, also that of the log file.
        why: what it is for, shown while it runs.
        is_done: whether nothing is to do; quick.
        run: does it; raises StepFailed.
        after: names of the steps it waits for.
    """

    name: str
    why: str
    is_done: Callable[[], bool]
    run: Callable[[Log], None]
    after: Sequence[str] = ()


class Runner:
    """One run of all steps of `what`: the word in the line of a failure and in the names of log files."""

    def __init__(self, steps: Iterable[Step], logs: Path, say: Callable[[str], None] | None = None,
                 what: str = "set-up") -> None:  # fmt: skip
        self.what = what
        self.steps = {s.name: s for s in steps}
        self.logs = logs
        self.begun = time.monotonic()
        self.seconds: dict[str, float] = {}
        self._say = say or (lambda text: print(text, file=sys.stderr, flush=True))
        self._running: dict[str, float] = {}
        self._logs: dict[str, Log] = {}
        self._stopping = False
        self._lock = threading.Lock()

    def run(self, workers: int = 3) -> bool:
        """Run what is not done yet; True when all is. A failure ends what runs beside it and is told in one line."""
        with ThreadPoolExecutor(workers) as pool:
            try:
                failure = self._run_all(pool)
            finally:
                self._stopping = True
                for log in list(self._logs.values()):
                    log.stop()
        if failure:
            self._say(failure)
        return not failure

    def _run_all(self, pool: ThreadPoolExecutor) -> str:
        """Run the steps; returns the line of the first failure, or an empty text."""
        waiting, finished = dict(self.steps), set[str]()
        running: dict[Future[None], Step] = {}
        while waiting or running:
            for step in [s for s in waiting.values() if finished.issuperset(s.after)]:
                del waiting[step.name]
                if step.is_done():
                    finished.add(step.name)
                else:
                    running[pool.submit(self._run_one, step)] = step
            if not running:
                continue
            done, _ = wait(running, timeout=HEARTBEAT_S, return_when=FIRST_COMPLETED)
            if not done:
                self._show_running()
            for future in done:
                step = running.pop(future)
                if (error := future.exception()) is not None:
                    cause = " ".join(str(error).split()) or type(error).__name__
                    return f"{self.what} failed at step {step.name}: {cause}; log: {self._log_file(step)}"
                finished.add(step.name)
        return ""

    def _run_one(self, step: Step) -> None:
        if self._stopping:
            return
        begun = time.monotonic()
        log = Log(self._log_file(step))
        with self._lock:
            self._running[step.name], self._logs[step.name] = begun, log
        self._say(f"{self._clock()} {step.name}: {step.why}")
        try:
            step.run(log)
            if not step.is_done():
                raise StepFailed("ended well, yet its result is not there")
        except BaseException as exc:
            log.write(f"{type(exc).__name__}: {exc}")
            raise
        finally:
            with self._lock:
                del self._running[step.name], self._logs[step.name]
            log.close()
        self.seconds[step.name] = round(time.monotonic() - begun, 1)
        self._say(f"{self._clock()} {step.name}: done after {self.seconds[step.name]:.1f} s")

    def _show_running(self) -> None:
        now = time.monotonic()
        with self._lock:
            rows = [f"{name} {now - begun:.0f} s" for name, begun in self._running.items()]
        self._say(f"{self._clock()} still at work: {', '.join(rows)}")

    def _clock(self) -> str:
        return f"[{time.monotonic() - self.begun:6.1f} s]"

    def _log_file(self, step: Step) -> Path:
        return self.logs / f"{self.what.replace('-', '')}-{step.name}.log"
