"""One token cache per process, handed to keystonemiddleware through the WSGI environment.

keystonemiddleware's own in-process fallback keeps one cache per concurrent request, so a token may be validated as
often as there are threads, and it is deprecated. Option: [keystone_authtoken] cache = hatang.token_cache.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic

ENVIRON_KEY = "hatang.token_cache"
LIMIT = 10_000


class TokenCache:
    """The two memcache-like calls which the middleware makes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: dict[str, tuple[float, object]] = {}

    def get(self, key: str) -> object | None:
        with self._lock:
            end, value = self._entries.get(key, (0.0, None))
        return value if end > monotonic() else None

    def set(self, key: str, value: object, time: float = 0) -> bool:
        now = monotonic()
        with self._lock:
            if len(self._entries) >= LIMIT:
                self._entries = {k: e for k, e in self._entries.items() if e[0] > now}
                if len(self._entries) >= LIMIT:
                    self._entries.clear()
            self._entries[key] = (now + time, value)
        return True


def wrap(app: Callable) -> Callable:
    """WSGI middleware which puts the cache where keystonemiddleware looks for it."""
    cache = TokenCache()

    def with_cache(environ: dict, start_response: Callable) -> object:
        environ[ENVIRON_KEY] = cache
        return app(environ, start_response)

    return with_cache
