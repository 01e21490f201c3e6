"""The access log: one JSON line for each request, with the person and never with a token; and the last way out."""

from __future__ import annotations

import json
import logging
import time
from datetime import UTC, datetime
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hatang.serve.problems import answer

log = logging.getLogger("hatang.serve")
access = logging.getLogger("hatang.serve.access")


def to_file(file: Path) -> None:
    """Write the access log there, mode 0600. Raises OSError."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file.touch(mode=0o600)
    handler = WatchedFileHandler(file, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(message)s"))
    access.addHandler(handler)
    access.setLevel(logging.INFO)
    access.propagate = False


class Access:
    """Notes each request, and turns what nobody expected into a problem document."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        begun, status = time.monotonic(), 0
        scope.setdefault("state", {})

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", []), *HEADERS]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception:
            log.exception("a request ended in an error that nobody expected")
            if status:  # the answer has begun: the connection is closed
                raise
            await answer(500, "something went wrong on the server", do="tell the platform engineers the time")(
                scope, receive, noting
            )
        finally:
            access.info(json.dumps(_line(scope, status, begun), ensure_ascii=False))
        return None


HEADERS = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]


def _line(scope: Scope, status: int, begun: float) -> dict[str, Any]:
    client = scope.get("client")
    state = scope["state"]
    return {
        "at": datetime.now(UTC).isoformat(timespec="milliseconds"), "from": client[0] if client else "",
        "person": state.get("person", ""), "user": state.get("user", ""), "personas": state.get("personas", []),
        "method": scope["method"], "path": scope["path"],
        "query": scope.get("query_string", b"").decode("ascii", "replace"),
        "status": status, "ms": round((time.monotonic() - begun) * 1000, 1),
    }  # fmt: skip
