"""Identity providers that a sandbox's Keystone believes: one JSON file each, in `<state>/etc/keystone/providers`.

They say what the configuration of Apache's mod_auth_openidc says on a real site; who a person then is, and in which
groups, is said in Keystone itself (identity provider, mapping, protocol `openid`). They are no part of a snapshot, and
gone with a reset. Only the standard library is used: both the manager and the service processes import this module.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from .settings import Settings

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")  # of an identity provider in Keystone; and of a file
KINDS = ("EC", "RSA")


@dataclass(frozen=True)
class Provider:
    """What its tokens must say, and the public keys that sign them."""

    issuer: str  # claim `iss`
    audience: str  # claim `aud`
    keys: tuple[Mapping[str, str], ...]  # JSON Web Keys with `kid` and `kty`

    def __post_init__(self) -> None:
        if not self.issuer or not self.audience:
            raise ValueError("an identity provider needs an issuer and an audience")
        if not self.keys or any(k.get("kty") not in KINDS or not k.get("kid") or "d" in k for k in self.keys):
            raise ValueError(f"keys must be public JSON Web Keys with kid, of kind {' or '.join(KINDS)}")


def folder(s: Settings) -> Path:
    """Where the files are."""
    return s.etc / "keystone" / "providers"


def believe(s: Settings, name: str, issuer: str, audience: str, keys: Sequence[Mapping[str, str]]) -> None:
    """Believe an identity provider from the next request on.

    Args:
        name: its id in Keystone.

    Raises:
        ValueError: name, issuer, audience or keys are not usable.
    """
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of an identity provider")
    provider = Provider(issuer, audience, tuple(keys))
    folder(s).mkdir(mode=0o700, exist_ok=True)
    new = folder(s) / f".{name}.new"
    new.write_text(json.dumps(asdict(provider), indent=1) + "\n")
    os.replace(new, folder(s) / f"{name}.json")


def forget(s: Settings, name: str) -> None:
    """Believe it no longer, from the next request on."""
    if NAME.fullmatch(name):
        (folder(s) / f"{name}.json").unlink(missing_ok=True)


def read(where: Path, name: str) -> Provider | None:
    """What is known of an identity provider; None: it is not believed."""
    if not NAME.fullmatch(name):
        return None
    try:
        found = json.loads((where / f"{name}.json").read_text())
        return Provider(found["issuer"], found["audience"], tuple(found["keys"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
