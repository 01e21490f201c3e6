"""A proxy in front of the nine services that can fail as real ones do: answers 503, stalls, drops, is away.

Whoever finds the cloud through `clouds_file` meets it; the services among themselves do not. Addresses of services in
answers are replaced by those of the proxy, which have as many digits, so lengths stay.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

HOST, SERVICES, AWAY = "127.0.0.1", 9, 50  # the proxy stands this many ports above the services
STALL_S = 30.0
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


@dataclass(frozen=True)
class Seen:
    """One request, before it is passed on."""

    service: int  # 0: Keystone
    method: str
    path: str
    token: str
    at: float  # seconds since the first request
    number: int


Fault = Callable[[Seen], str]  # "": pass on; 503; stall; drop; lose (carried out, its answer lost); expire


class FaultyCloud:
    """The proxy. `fault` decides about each request."""

    def __init__(self, base: int, clouds_file: Path, folder: Path) -> None:
        self.base = base
        self.fault: Fault = _pass
        self.counts: dict[str, int] = {}
        self.clouds_file = folder / "clouds.yaml"
        self.clouds_file.touch(mode=0o600)
        self.clouds_file.write_text(self.replaced(clouds_file.read_bytes()).decode())
        self._lock, self._began, self._number = threading.Lock(), 0.0, 0
        self._servers = [_server(self, n) for n in range(SERVICES)]

    @contextmanager
    def running(self) -> Iterator[FaultyCloud]:
        """Serve until the end of the block."""
        for server in self._servers:
            threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield self
        finally:
            for server in self._servers:
                server.shutdown()
                server.server_close()

    def begin(self, fault: Fault) -> None:
        """From now on requests meet this fault; time and numbers begin anew."""
        with self._lock:
            self.fault, self._began, self._number, self.counts = fault, 0.0, 0, {}

    def decide(self, service: int, method: str, path: str, token: str) -> str:
        """What becomes of a request."""
        with self._lock:
            self._began = self._began or time.monotonic()
            self._number += 1
            seen = Seen(service, method, path, token, time.monotonic() - self._began, self._number)
            what = self.fault(seen)
            self.counts[what] = self.counts.get(what, 0) + 1
            return what

    def replaced(self, body: bytes) -> bytes:
        """A body with the proxy's ports in place of the services'."""
        for n in range(SERVICES):
            body = body.replace(f"{HOST}:{self.base + n}".encode(), f"{HOST}:{self.base + AWAY + n}".encode())
        return body

    def expire(self, token: str) -> None:
        """Keystone takes the token back, as if its time were over."""
        connection = http.client.HTTPConnection(HOST, self.base, timeout=30)
        connection.request("DELETE", "/v3/auth/tokens", headers={"X-Auth-Token": token, "X-Subject-Token": token})
        connection.getresponse().read()
        connection.close()


def _pass(seen: Seen) -> str:
    return ""


def _server(cloud: FaultyCloud, service: int) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            """Quiet."""

        def handle_one_request(self) -> None:
            """Any method."""
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            body = self._body()
            token = self.headers.get("X-Auth-Token", "")
            what = cloud.decide(service, self.command, self.path, token)
            if what == "drop":
                self.close_connection = True
            elif what == "503":
                self._answer(503, {"Content-Type": "application/json"}, json.dumps({"error": {"code": 503}}).encode())
            else:
                if what == "stall":
                    time.sleep(STALL_S)
                if what == "expire":
                    cloud.expire(token)
                self._pass_on(body, answer=what != "lose")

        def _body(self) -> bytes:
            if "chunked" not in self.headers.get("Transfer-Encoding", ""):
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            found = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                found += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return found

        def _pass_on(self, body: bytes, *, answer: bool) -> None:
            status, headers, content = _ask(cloud, service, self.command, self.path, dict(self.headers), body)
            if answer:
                self._answer(status, headers, content)
            else:
                self.close_connection = True

        def _answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers.items():
                if name.lower() not in HOP_BY_HOP:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

    server = ThreadingHTTPServer((HOST, cloud.base + AWAY + service), Handler)
    server.daemon_threads = True
    return server


def _ask(
    cloud: FaultyCloud, service: int, method: str, path: str, headers: dict[str, str], body: bytes
) -> tuple[int, dict[str, str], bytes]:
    """The service's own answer, with the proxy's addresses in it."""
    connection = http.client.HTTPConnection(HOST, cloud.base + service, timeout=300)
    connection.request(method, path, body, {k: v for k, v in headers.items() if k.lower() not in HOP_BY_HOP})
    got = connection.getresponse()
    content = cloud.replaced(got.read())
    connection.close()
    return got.status, {k: cloud.replaced(v.encode()).decode() for k, v in got.getheaders()}, content
