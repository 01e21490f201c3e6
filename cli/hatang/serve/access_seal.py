"""The access log in the journal: from time to time an entry with the digest of what was added since the one before.

An entry per request would make each read a write. So a line that is taken out or changed is found once its part is
sealed; what was written since the last seal, ten minutes at most, is held by nothing but the file.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from fastapi.concurrency import run_in_threadpool

from hatang.errors import HatangError
from hatang.journal.journal import Journal
from hatang.registry.acts import newest, note
from hatang.registry.store import Registry
from hatang.settings import Settings

EVERY_S = 600.0
ACT = "serve.access"
log = logging.getLogger("hatang.serve")


class AccessSeal:
    """Seals one access log."""

    def __init__(self, settings: Settings, registry: Registry, file: Path) -> None:
        self._settings, self._registry, self._file = settings, registry, file
        self.name = f"{socket.gethostname()}:{file}"

    def seal(self) -> bool:
        """Note what was added, and write its entry; False: nothing was, or it could not be (the log says why)."""
        try:
            part = self._part()
            if part is None:
                return False
            start, end, lines, digest = part
            facts = {"log": self.name, "from": start, "to": end, "lines": lines}
            note(self._registry, ACT, facts, parts={f"{self._file.name} {start}-{end}": digest})
            Journal(self._settings, self._registry).catch_up()
        except (HatangError, OSError) as exc:
            log.error("the access log cannot be sealed: %s", exc)
            return False
        return True

    def _part(self) -> tuple[int, int, int, str] | None:
        """From where to where (bytes), how many lines, and the digest of whole lines that no entry covers."""
        last = newest(self._registry, ACT, "log", self.name)
        size = self._file.stat().st_size
        start = int(last["to"]) if last and int(last["to"]) <= size else 0  # shorter than sealed: a new file
        found, lines, end = hashlib.sha256(), 0, start
        with self._file.open("rb") as content:
            content.seek(start)
            for line in content:
                if not line.endswith(b"\n"):
                    break
                found.update(line)
                lines, end = lines + 1, end + len(line)
        return (start, end, lines, found.hexdigest()) if lines else None


@asynccontextmanager
async def sealing(seal: AccessSeal | None) -> AsyncIterator[None]:
    """Seal every ten minutes, and once more at the end."""
    if seal is None:
        yield
        return

    async def again() -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            await run_in_threadpool(seal.seal)

    task = asyncio.create_task(again())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await run_in_threadpool(seal.seal)
