"""Talk over TCP between network namespaces: a server that tells whom it sees, and calls that stay open."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence

SERVE = """
import os, socketserver, sys, threading
class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.sendall(f"{sys.argv[1]} sees {self.client_address[0]}\\n".encode())
        while data := self.request.recv(100):
            self.request.sendall(data)
socketserver.ThreadingTCPServer.allow_reuse_address = True
with socketserver.ThreadingTCPServer(("0.0.0.0", 443), Echo) as server:
    print("ready", flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
    os._exit(0)
"""
CALL = """
import socket, sys
sock = socket.create_connection((sys.argv[1], 443), 1)
sock.settimeout(1)
print(sock.recv(100).decode().strip(), flush=True)
for line in sys.stdin:
    try:
        sock.sendall(line.encode())
        print(sock.recv(100).decode().strip(), flush=True)
    except OSError as exc:
        print(type(exc).__name__, flush=True)
"""


class Talk:
    """Servers and calls; `place` is the command before one that runs at a place. All end with `close`."""

    def __init__(self) -> None:
        self.running: list[subprocess.Popen[str]] = []

    def serve(self, place: Sequence[str], name: str) -> None:
        """Answer on port 443 under this name."""
        server = _run(place, SERVE, name)
        self.running.append(server)
        assert server.stdout and server.stdout.readline() == "ready\n"

    def call(self, place: Sequence[str], address: str) -> subprocess.Popen[str]:
        """A connection that stays open."""
        call = _run(place, CALL, address)
        self.running.append(call)
        assert call.stdout and call.stdout.readline().strip()
        return call

    def close(self) -> None:
        """End all: they end with their input, since a signal would not get through to what runs in a host."""
        for one in self.running:
            one.communicate()


def hears(place: Sequence[str], address: str) -> str:
    """What a server says there to a call from the place: its name and whom it sees; empty: nobody answers."""
    with _run(place, CALL, address) as call:
        return call.communicate("")[0].strip()


def says(call: subprocess.Popen[str], word: str) -> str:
    """What comes back."""
    assert call.stdin and call.stdout
    call.stdin.write(word + "\n")
    call.stdin.flush()
    return call.stdout.readline().strip()


def goes_on_for(call: subprocess.Popen[str], within_s: float) -> float:
    """Seconds until a word gets no answer any more, at the last one that did; `within_s`: it goes on."""
    begun = last = time.monotonic()
    while last < begun + within_s and says(call, "word") == "word":
        last = time.monotonic()
        time.sleep(0.02)
    return last - begun


def _run(place: Sequence[str], program: str, *words: str) -> subprocess.Popen[str]:
    argv, pipe = [*place, "python3", "-c", program, *words], subprocess.PIPE
    return subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True)
