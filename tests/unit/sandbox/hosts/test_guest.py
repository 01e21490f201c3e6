"""Words with a guest agent: in order, after a caller that was killed, and where nobody answers."""

from __future__ import annotations

import base64
import json
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hatang.sandbox.hosts import guest
from hatang.sandbox.hosts.programs import HostsError

Serve = Callable[..., Path]


class Agent(threading.Thread):
    """Speaks the protocol of qemu-ga on a socket and runs what it is asked on this machine.

    The program itself wants a port of a virtual machine: tests/integration/hosts/test_faithful.py talks to it.
    """

    def __init__(self, path: Path, stale: bytes) -> None:
        super().__init__(daemon=True)
        self.path, self.stale, self.ran = path, stale, list[list[str]]()
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(str(path))
        self.server.listen()

    def run(self) -> None:
        """Serve one caller after the other."""
        while True:
            try:
                caller, _ = self.server.accept()
            except OSError:
                return
            with caller, caller.makefile("rwb") as stream:
                stream.write(self.stale)
                for line in stream:
                    stream.write(self._answer(json.loads(line.lstrip(b"\xff"))) + b"\n")
                    stream.flush()

    def _answer(self, asked: dict[str, Any]) -> bytes:
        given = asked["arguments"]
        if asked["execute"] == "guest-sync-delimited":
            return b"\xff" + json.dumps({"return": given["id"]}).encode()
        if asked["execute"] == "guest-exec":
            if not given["path"].startswith("/"):
                return json.dumps({"error": {"desc": "Failed to execute child process"}}).encode()
            self.ran.append([given["path"], *given["arg"]])
            self.done = subprocess.run(self.ran[-1], capture_output=True, check=False)
            return b'{"return": {"pid": 7}}'
        assert (asked["execute"], given["pid"]) == ("guest-exec-status", 7)
        said = {"exited": True, "out-data": base64.b64encode(self.done.stdout).decode()}
        ended = {"signal": -self.done.returncode} if self.done.returncode < 0 else {"exitcode": self.done.returncode}
        return json.dumps({"return": {**said, **ended}}).encode()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """serve(what an earlier caller left) → the agent's socket."""
    agents = []

    def begin(stale: bytes = b"") -> Path:
        agents.append(Agent(tmp_path / "s", stale))
        agents[-1].start()
        return agents[-1].path

    yield begin
    for agent in agents:
        agent.server.close()


def test_a_command_ends_as_it_ended_inside(serve: Serve) -> None:
    with guest.Guest(serve()) as talk:
        assert talk.run(["/bin/sh", "-c", "printf 'xin chào\n'; exit 3"]) == (3, "xin chào\n".encode(), b"")
        assert talk.run(["/bin/sh", "-c", "kill -9 $$"])[0] == 128 + 9


def test_half_an_answer_to_an_earlier_caller_is_passed_over(serve: Serve) -> None:
    path = serve(b'{"return": {"exited": fal\xff{"return": 12345}\n')
    with guest.Guest(path) as talk:
        assert talk.run(["/bin/echo", "ok"])[1] == b"ok\n"


def test_what_the_agent_refuses_is_said(serve: Serve) -> None:
    with guest.Guest(serve()) as talk, pytest.raises(HostsError, match="Failed to execute"):
        talk.run(["nothing"])


def test_nobody_there_is_an_error_and_no_login(tmp_path: Path) -> None:
    with pytest.raises(HostsError, match="does not answer"):
        guest.Guest(tmp_path / "nobody")
    assert not guest.lets_in(tmp_path / "nobody")


def test_an_agent_that_is_silent_is_not_waited_for_long(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "s"))
        silent.listen()
        with pytest.raises(HostsError, match="does not answer"):
            guest.Guest(tmp_path / "s", answer_s=0.05)


def test_the_prefix_passes_on_output_errors_and_exit_code(serve: Serve) -> None:
    prefix = guest.prefix(serve())
    done = subprocess.run([*prefix, "sh", "-c", "echo out; exit 5"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (5, "out\n")
    assert subprocess.run([*prefix[:-1], "/nowhere", "true"], capture_output=True, check=False).returncode == 255
