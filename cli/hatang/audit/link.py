"""The controller's end of a link: one ssh connection to a host, over which an agent runs commands in turn.

Requests may be sent ahead: the host works through them while the controller does something else. A few at a time are
under way, so that who waits for an answer that nobody foresaw has few in front. They run one at a time, so that no
check sees another one's processes. A link that breaks stays broken: whoever waits gets LinkLostError,
and a check that gets it has not passed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from hatang.audit.agent import DONE, HELLO, NOT_STARTED, SIGNALLED, SYNC, TIMED_OUT, TOO_MUCH

AGENT = Path(__file__).with_name("agent.py")
START_TIMEOUT_S = 45.0  # from the start of ssh to the agent's greeting
COMMAND_TIMEOUT_S = 60.0
GRACE_S = 20.0  # longer than the host's own timeout: what it takes ssh to notice that the host is gone
NOISE = 1 << 16  # bytes that a host may print before the agent speaks
AT_ONCE = 8  # commands of those sent ahead that the host has at a time: more than it does in a round trip
LARGEST = 1 << 26  # of a reply; the agent stops long before


class LinkError(RuntimeError):
    """A command gave no answer: the check that needs it could not tell."""


class LinkLostError(LinkError):
    """The host could not be reached, or the connection broke."""


@dataclass(frozen=True)
class Answer:
    """What came of a command that ran to its end."""

    code: int
    out: bytes
    err: bytes


def bootstrap(source: bytes) -> str:
    """The shell words that start an agent whose text follows on standard input.

    Short, since sudo writes it to the host's log; no word of it comes from outside.
    """
    return f"python3 -I -S -c 'import sys;exec(sys.stdin.buffer.read({len(source)}))'"


class Link:
    """One connection. `open` it before anything else; safe for several threads.

    Args:
        name: of the host, for messages.
        argv: program that connects standard input and output with a shell on the host; `bootstrap(…)` is added to it.
        prefix: shell words in front of the agent's, such as `exec sudo -n --`.
    """

    def __init__(self, name: str, argv: Sequence[str], prefix: str = "exec") -> None:
        self.name, self.argv, self.prefix = name, list(argv), prefix
        self.cause = ""  # why it broke
        self.was_open = False
        self._pending: dict[int, Future[Answer]] = {}
        self._room = threading.Semaphore(AT_ONCE)  # with the host, for what is sent ahead
        self._lock = threading.Lock()
        self._writing = threading.Lock()  # apart: writing may have to wait until answers are taken off
        self._listener = threading.Thread(target=self._listen, name=f"link-{name}", daemon=True)
        self._count = 0
        self._process: subprocess.Popen[bytes] | None = None
        # A file, not a pipe: a shared connection of a bastion may hold a pipe open for long.
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        self._heard = time.monotonic()

    def open(self, timeout_s: float = START_TIMEOUT_S) -> None:
        """Connect, and wait for the agent. Never raises: a link that could not be opened says so to whoever asks."""
        source = AGENT.read_bytes()
        try:
            self._process = subprocess.Popen(
                [*self.argv, f"{self.prefix} {bootstrap(source)}"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, start_new_session=True,
            )  # fmt: skip
        except OSError as exc:
            self._lose(str(exc))
            return
        watch = threading.Timer(timeout_s, self._lose, [f"no answer in {timeout_s:g} s"])
        watch.daemon = True
        watch.start()
        try:
            stream = self._stream(self._process.stdin)
            stream.write(source)
            stream.flush()
            _skip_to_hello(self._stream(self._process.stdout))
            self.was_open = True
        except (OSError, EOFError) as exc:
            self._lose(self._said() or str(exc))
        except ValueError as exc:
            self._lose(str(exc))
        finally:
            watch.cancel()
        if self.was_open:
            self._listener.start()

    def send(self, command: str, shell: str = "/bin/sh", timeout_s: float = COMMAND_TIMEOUT_S) -> Future[Answer]:
        """Send a command; `wait` for what comes of it. Standard input of the command is empty."""
        future: Future[Answer] = Future()
        self._post(command, future, shell, timeout_s)
        return future

    def send_ahead(self, commands: Sequence[str]) -> dict[str, Future[Answer]]:
        """Send commands that somebody will wait for later, in this order and behind whatever `send` sends meanwhile."""
        futures: dict[str, Future[Answer]] = {command: Future() for command in commands}
        sent = list(futures.items())  # whoever has an answer takes it out of the other
        for _, future in sent:
            future.add_done_callback(lambda _: self._room.release())

        def feed() -> None:
            for command, future in sent:
                self._room.acquire()
                self._post(command, future)

        threading.Thread(target=feed, name=f"ahead-{self.name}", daemon=True).start()
        return futures

    def _post(
        self, command: str, future: Future[Answer], shell: str = "/bin/sh", timeout_s: float = COMMAND_TIMEOUT_S
    ) -> None:
        with self._lock:
            self._count += 1
            number = self._count
            if not self._pending:
                self._heard = time.monotonic()
            self._pending[number] = future
        path = shell.encode()
        body = number.to_bytes(4, "big") + int(timeout_s * 1000).to_bytes(4, "big")
        body += len(path).to_bytes(2, "big") + path + command.encode()
        with self._writing:
            try:
                if self._process and not self.cause:
                    stream = self._stream(self._process.stdin)
                    stream.write(len(body).to_bytes(4, "big") + body)
                    stream.flush()
            except (OSError, ValueError):
                pass  # the listener notices too, and knows more
        if self.cause:
            self._lose(self.cause)

    def wait(self, future: Future[Answer], timeout_s: float = COMMAND_TIMEOUT_S) -> Answer:
        """The answer to a command.

        Args:
            timeout_s: the longest timeout of any command that was sent and not answered yet.

        Raises:
            LinkLostError: the host is gone.
            LinkError: the command was killed, did not end in time, or printed too much.
        """
        while True:
            left = self._heard + timeout_s + GRACE_S - time.monotonic()
            if left <= 0:
                self._lose(f"nothing heard for {timeout_s + GRACE_S:g} s")
            try:
                return future.result(timeout=max(left, 0.1))
            except NotYet:
                continue

    def close(self) -> None:
        """End the connection: the agent sees the end of its input, and ends with what it runs."""
        with self._lock:
            self.cause = self.cause or "closed"
        if self._process:
            with contextlib.suppress(OSError):
                self._stream(self._process.stdin).close()
            try:
                self._process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
            if self._listener.is_alive():
                self._listener.join(timeout=5)
        self._lose("closed")
        self._errors.close()

    def _listen(self) -> None:
        """Hand each reply to who waits for it, until the connection ends."""
        assert self._process
        stream = self._stream(self._process.stdout)
        try:
            while True:
                head = _exactly(stream, 8)
                size = int.from_bytes(head[4:], "big")
                if head[:4] != SYNC or not 13 <= size <= LARGEST:
                    raise ValueError("something other than the agent writes into the connection")
                number, answer = _parse(_exactly(stream, size))
                with self._lock:
                    self._heard = time.monotonic()
                    future = self._pending.pop(number)
                if isinstance(answer, Answer):
                    future.set_result(answer)
                else:
                    future.set_exception(LinkError(f"{self.name}: {answer}"))
        except (OSError, EOFError) as exc:
            self._lose(f"connection lost: {self._said() or exc}")
        except (ValueError, KeyError) as exc:
            self._lose(f"connection lost: {exc}")

    def _lose(self, cause: str) -> None:
        with self._lock:
            self.cause = self.cause or cause
            waiting, self._pending = list(self._pending.values()), {}
        if self._process and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)  # with ssh's own children, which may hold the pipe open
        for future in waiting:
            future.set_exception(LinkLostError(f"{self.name}: {self.cause}"))

    def _said(self) -> str:
        """The last line that ssh, sudo or the agent wrote before the connection ended."""
        assert self._process
        try:
            code = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return ""
        size = self._errors.seek(0, 2)
        self._errors.seek(max(0, size - 4096))
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        return lines[-1].strip() if lines else f"the connection ended with {code}"

    @staticmethod
    def _stream(stream: IO[bytes] | None) -> IO[bytes]:
        assert stream is not None
        return stream


def _parse(body: bytes) -> tuple[int, Answer | str]:
    number, state, code = int.from_bytes(body[:4], "big"), body[4], int.from_bytes(body[5:9], "big")
    end = 13 + int.from_bytes(body[9:13], "big")
    if end > len(body):
        raise ValueError("a reply does not add up")
    if state == DONE:
        return number, Answer(code, body[13:end], body[end:])
    return number, {
        SIGNALLED: f"the command was killed by signal {code}",
        TIMED_OUT: "the command did not end in time",
        TOO_MUCH: "the command printed too much",
        NOT_STARTED: f"the command could not be started: {body[end:].decode(errors='replace')}",
    }.get(state, "the agent sent an unknown answer")


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError("end of the connection")
    return data


def _skip_to_hello(stream: IO[bytes]) -> None:
    seen = b""
    while not seen.endswith(HELLO):
        seen += _exactly(stream, 1)
        if len(seen) > NOISE:
            raise ValueError("the host prints without end when it is logged in to")
