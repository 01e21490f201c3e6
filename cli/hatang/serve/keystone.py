"""Tokens, shown to the site's Keystone; what it says is believed for a short time."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from hatang.errors import CloudError
from hatang.provision.cloud import Cloud, guarded
from hatang.serve.personas import Principal, Token

BELIEVED_S = 30.0  # how long a revoked token may still be good here
REFUSED_S = 5.0
MOST = 10_000  # answers that are kept
FORM = re.compile(r"[!-~]{1,8192}")  # Keystone's Fernet tokens have some 250 characters


class Validator(Protocol):
    """Asks whoever issued a token."""

    def __call__(self, token: str) -> Token | None:
        """What is known of it; None: it is not good. Raises CloudError: the issuer does not answer."""


class Keystone:
    """The validator of a site: Keystone itself, asked as the platform's automation."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def __call__(self, token: str) -> Token | None:
        """What Keystone says. Raises CloudError when it does not answer."""
        answer: Any = guarded(
            lambda: self._cloud.connection.identity.get(
                "/auth/tokens?nocatalog", headers={"X-Subject-Token": token}, raise_exc=False
            )
        )
        if answer.status_code == 404:
            return None
        if answer.status_code != 200:
            raise CloudError(
                f"Keystone does not tell about tokens (status {answer.status_code})", where="Keystone",
                do="the user of the server's clouds.yaml needs the right to validate tokens (role admin or service)",
            )  # fmt: skip
        return told(answer.json()["token"])


def told(found: dict[str, Any]) -> Token | None:
    """Keystone's answer in our words; None: the token has no scope that means anything here."""
    user, project = found["user"], found.get("project")
    domain = project["domain"] if project else found.get("domain")
    if domain is None:
        return None
    return Token(
        user["id"], user["name"], user["domain"]["name"], domain["id"], domain["name"],
        project["id"] if project else "", frozenset(r["name"] for r in found.get("roles", ())),
        datetime.fromisoformat(found["expires_at"]).timestamp(),
    )  # fmt: skip


@dataclass(frozen=True)
class Caller:
    """A token that is good, and whose it is; None: of nobody here."""

    token: Token
    principal: Principal | None


class Believed:
    """Who somebody is by a token, kept for a short time; never the tokens themselves, only their digests."""

    def __init__(
        self, ask: Validator, who: Callable[[Token], Principal | None], clock: Callable[[], float] = time.time
    ) -> None:
        self._ask, self._who, self._clock = ask, who, clock
        self._kept: OrderedDict[bytes, tuple[float, Caller | None]] = OrderedDict()
        self._lock = threading.Lock()

    def known(self, token: str) -> tuple[bool, Caller | None]:
        """Whether the answer is known already, and the answer."""
        with self._lock:
            until, found = self._kept.get(_digest(token), (0.0, None))
        return (True, found) if until > self._clock() else (False, None)

    def __call__(self, token: str) -> Caller | None:
        """The answer, asked for anew. Raises CloudError: Keystone does not answer."""
        told = self._ask(token) if FORM.fullmatch(token) else None
        now = self._clock()
        found = Caller(told, self._who(told)) if told is not None and told.expires_at > now else None
        until = now + REFUSED_S if found is None else min(now + BELIEVED_S, found.token.expires_at)
        with self._lock:
            self._kept[_digest(token)] = (until, found)
            self._kept.move_to_end(_digest(token))
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)
        return found


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
