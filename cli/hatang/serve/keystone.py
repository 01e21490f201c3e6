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
from hatang.serve.federation import Way, faults, way_of
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
    """The validator of a site: Keystone itself, asked as the platform's automation.

    Args:
        subjects: variables by which an identity provider names a person for good (setting `federation_subjects`).
    """

    def __init__(self, cloud: Cloud, subjects: frozenset[str]) -> None:
        self._cloud, self._subjects = cloud, subjects

    def __call__(self, token: str) -> Token | None:
        """What Keystone says. Raises CloudError when it does not answer."""
        needs = "role reader of the system, or service"
        found = self._get("/auth/tokens?nocatalog", "tokens", needs, {"X-Subject-Token": token})
        if found is None:
            return None
        way = way_of(found["token"])
        return told(found["token"], way, self._doubt(way) if way else "")

    def _doubt(self, way: Way) -> str:
        """Why who comes this way is not believed; empty: no reason. Asked anew each time: a way may have ended."""
        if not way.provider:
            return f"the mapping of {way.protocol} makes persons of an identity provider into users of Keystone's own"
        path = f"/OS-FEDERATION/identity_providers/{way.provider}"
        provider = self._federation(path, "identity_provider")
        protocol = self._federation(f"{path}/protocols/{way.protocol}", "protocol")
        if provider is None or not provider.get("enabled") or protocol is None:
            return f"the identity provider {way.provider} does not lead here any more"
        mapping = self._federation(f"/OS-FEDERATION/mappings/{protocol['mapping_id']}", "mapping")
        if mapping is None:
            return f"the identity provider {way.provider} has no mapping any more"
        return "; ".join(faults(way.provider, provider.get("remote_ids") or [], mapping["rules"], self._subjects))

    def _federation(self, path: str, kind: str) -> dict[str, Any] | None:
        found = self._get(path, "identity providers", "role reader of the system")
        return None if found is None else dict(found[kind])

    def _get(self, path: str, about: str, needs: str, headers: dict[str, str] | None = None) -> dict[str, Any] | None:
        """What Keystone has there; None: nothing. Raises CloudError."""
        answer: Any = guarded(lambda: self._cloud.connection.identity.get(path, headers=headers or {}, raise_exc=False))
        if answer.status_code == 404:
            return None
        if answer.status_code != 200:
            raise CloudError(
                f"Keystone does not tell about {about} (status {answer.status_code})", where="Keystone",
                do=f"the user of the server's clouds.yaml needs the right to read them ({needs})",
            )  # fmt: skip
        return dict(answer.json())


def told(found: dict[str, Any], way: Way | None = None, doubt: str = "") -> Token:
    """Keystone's answer in our words.

    Args:
        way: by which the person came, if an identity provider sent them.
        doubt: why that is not believed.
    """
    user, project = found["user"], found.get("project")
    domain = project["domain"] if project else found.get("domain") or {"id": "", "name": ""}
    return Token(
        user["id"], user["name"], user["domain"]["name"], domain["id"], domain["name"],
        project["id"] if project else "", frozenset(r["name"] for r in found.get("roles", ())),
        datetime.fromisoformat(found["expires_at"]).timestamp(), way.provider if way else "", doubt,
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
