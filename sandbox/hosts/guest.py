"""Into a host under qemu without SSH: its guest agent runs a command as root. Also by `python -m …guest SOCKET WORD…`.

The agent speaks JSON lines over a socket that qemu keeps (QEMU Guest Agent Protocol Reference, guest-exec). It serves
one caller after the other; a caller that was killed leaves half an answer, which `guest-sync-delimited` passes over.
"""

from __future__ import annotations

import base64
import json
import os
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from .programs import HostsError

PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ANSWER_S = 30.0  # longest wait for the agent to answer; a command itself may take as long as it likes
POLL_S = 0.05
# The layer's ssh.service opens its port only when logins are let in, so a banner means that one may come.
BANNER = 'exec 3<>/dev/tcp/127.0.0.1/22 && read -r -t 30 -n 4 said <&3 && [ "$said" = SSH- ]'


class Guest:
    """A talk with the agent of one host. Raises HostsError where nobody answers.

    Args:
        path: qemu's socket.
        answer_s: longest wait for an answer, seconds.
    """

    def __init__(self, path: Path, answer_s: float = ANSWER_S) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(answer_s)
        self._rest = b""
        try:
            self._socket.connect(str(path))
            self._synchronise()
        except (OSError, ValueError) as exc:
            self._socket.close()
            raise HostsError(f"the guest agent behind {path} does not answer: {exc}") from exc

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self._socket.close()

    def run(self, words: Sequence[str]) -> tuple[int, bytes, bytes]:
        """Run a command as root to its end: exit code (128 and the signal that ended it), output, errors."""
        try:
            started = self._ask("guest-exec", path=words[0], arg=list(words[1:]), env=[PATH, "LANG=C.UTF-8",
                                "HOME=/root"], **{"capture-output": True})  # fmt: skip
            while not (state := self._ask("guest-exec-status", pid=started["pid"]))["exited"]:
                time.sleep(POLL_S)
        except OSError as exc:
            raise HostsError(f"the guest agent went away while {words[0]} ran: {exc}") from exc
        out, err = (base64.b64decode(state.get(part, "")) for part in ("out-data", "err-data"))
        return int(state.get("exitcode", 128 + state.get("signal", 0))), out, err

    def _synchronise(self) -> None:
        number = time.monotonic_ns() % 2**31
        self._socket.sendall(b"\xff")
        self._send("guest-sync-delimited", id=number)
        while True:
            self._until(b"\xff")  # what an earlier caller had asked comes before
            if self._answer() == number:
                return

    def _ask(self, command: str, **arguments: Any) -> Any:
        self._send(command, **arguments)
        return self._answer()

    def _send(self, command: str, **arguments: Any) -> None:
        self._socket.sendall(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")

    def _answer(self) -> Any:
        said = json.loads(self._until(b"\n"))
        if "error" in said:
            raise HostsError(f"guest agent: {said['error'].get('desc', said['error'])}")
        return said["return"]

    def _until(self, mark: bytes) -> bytes:
        """What comes before the mark; it is taken away with it."""
        while mark not in self._rest:
            if not (more := self._socket.recv(65536)):
                raise ConnectionResetError("closed")
            self._rest += more
        found, _, self._rest = self._rest.partition(mark)
        return found


def lets_in(path: Path) -> bool:
    """Whether the host's SSH server answers on the host itself, whatever its firewall says."""
    try:
        with Guest(path, answer_s=5) as guest:
            return guest.run(["/bin/bash", "-c", BANNER])[0] == 0
    except HostsError:
        return False


def prefix(path: Path) -> list[str]:
    """Words that run the command after them inside the host as root."""
    return [sys.executable, "-m", "hatang.sandbox.hosts.guest", str(path)]


def main(argv: Sequence[str]) -> int:
    """`SOCKET WORD…`: run it, pass on what it says and how it ends."""
    try:
        with Guest(Path(argv[0])) as guest:
            code, out, err = guest.run(["/usr/bin/env", *argv[1:]])  # env looks for the program, as a shell would
    except HostsError as exc:
        print(exc, file=sys.stderr)
        return 255
    os.write(1, out) if out else None
    os.write(2, err) if err else None
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
