"""The controller's end of a place that takes part in a proof: a process beyond ssh, talked to in lines."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hatang.audit.link import bootstrap

PROBER = Path(__file__).with_name("prober.py")
ANSWER_S = 60.0


class StationError(RuntimeError):
    """The place does not answer; the text says why."""


class Station:
    """One place. Everything that runs there ends with `close`.

    Args:
        name: of the place, for messages.
        argv: words that run one more word as a shell command there, such as `ssh web` or `sh -c`.
        prefix: shell words in front of the prober's, such as `exec sudo -n --`.
    """

    def __init__(self, name: str, argv: Sequence[str], prefix: str = "exec") -> None:
        self.name = name
        source = PROBER.read_bytes()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        try:
            self._process = subprocess.Popen(
                [*argv, f"{prefix} {bootstrap(source)}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=self._errors, start_new_session=True,
            )  # fmt: skip
        except OSError as exc:
            raise StationError(f"{name}: {exc}") from exc
        self._write(source)

    def ask(self, do: str, **more: Any) -> Any:
        """One request and its answer. Raises StationError."""
        watch = threading.Timer(ANSWER_S, self._kill)
        watch.daemon = True
        watch.start()
        try:
            self._write(json.dumps({"do": do, **more}).encode() + b"\n")
            assert self._process.stdout
            line = self._process.stdout.readline()
        finally:
            watch.cancel()
        try:
            answer = json.loads(line)
        except ValueError as exc:
            raise StationError(f"{self.name}: {self._said() or 'the connection ended'}") from exc
        if "error" in answer:
            raise StationError(f"{self.name}: {answer['error']}")
        return answer["result"]

    def close(self) -> None:
        """End the prober and what leads to it."""
        with contextlib.suppress(OSError):
            assert self._process.stdin
            self._process.stdin.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._kill()
            self._process.wait()
        assert self._process.stdout
        self._process.stdout.close()
        self._errors.close()

    def _write(self, data: bytes) -> None:
        try:
            assert self._process.stdin
            self._process.stdin.write(data)
            self._process.stdin.flush()
        except (OSError, ValueError) as exc:
            raise StationError(f"{self.name}: {self._said() or exc}") from exc

    def _said(self) -> str:
        """The last line that ssh, sudo or the prober wrote."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=2)
        self._errors.seek(0)
        lines = self._errors.read()[-4096:].decode(errors="replace").strip().splitlines()
        return lines[-1].strip() if lines else ""

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
