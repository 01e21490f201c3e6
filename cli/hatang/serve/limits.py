"""What one caller may ask of the server: size and depth of a body, time to send it, requests in a time."""

from __future__ import annotations

import asyncio
import math
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hatang.serve.problems import answer

MOST_BYTES = 128 * 1024  # a request for 64 hosts and 256 accounts has some 60 KiB
MOST_DEPTH = 32  # brackets within brackets; YAML's own depth is measured where it is read
BODY_S = 20.0
BRACKETS = re.compile(rb"[\[\]{}]")
CALLERS = 20_000  # that are told apart


class Rate:
    """A bucket for each caller: `burst` requests at once, then `per_s` in a second."""

    def __init__(self, per_s: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_s, self._burst, self._clock = per_s, burst, clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # caller: what is left, when
        self._lock = threading.Lock()

    def wait(self, caller: str) -> int:
        """Seconds after which this caller may ask again; 0: now, and one request is taken from the bucket."""
        now = self._clock()
        with self._lock:
            left, then = self._buckets.pop(caller, (self._burst, now))
            left = min(self._burst, left + (now - then) * self._per_s)
            allowed = left >= 1
            self._buckets[caller] = (left - 1 if allowed else left, now)
            while len(self._buckets) > CALLERS:
                self._buckets.popitem(last=False)
        return 0 if allowed else max(1, math.ceil((1 - left) / self._per_s))


class Bodies:
    """Reads the body before anything else sees it, as far as it is small, flat and comes in time."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        try:
            body = await asyncio.wait_for(_whole(receive), BODY_S)
        except TimeoutError:
            return await answer(408, f"the body did not come within {BODY_S:.0f} s")(scope, receive, send)
        if body is None:
            return await answer(
                413, f"the body is larger than {MOST_BYTES} bytes", do="ask for less at once",
                headers={"Connection": "close"},
            )(scope, receive, send)  # fmt: skip
        if too_deep(body):
            return await answer(422, f"nested more than {MOST_DEPTH} levels deep", where="body")(scope, receive, send)
        sent = False

        async def again() -> Message:
            nonlocal sent
            if sent:
                return await receive()
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        return await self._app(scope, again, send)


async def _whole(receive: Receive) -> bytes | None:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b"".join(parts)
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MOST_BYTES:
            return None
        if not message.get("more_body", False):
            return b"".join(parts)


def too_deep(body: bytes) -> bool:
    """Whether brackets are nested deeper than any form of ours; those within quoted texts count too."""
    depth = 0
    for bracket in BRACKETS.findall(body):
        depth = depth + 1 if bracket in (b"[", b"{") else max(0, depth - 1)
        if depth > MOST_DEPTH:
            return True
    return False
