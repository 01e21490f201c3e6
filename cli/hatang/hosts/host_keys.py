"""Host keys: as cloud-init prints them on a console, and as known_hosts holds them.

A console is read through Nova's API, so it is the cloud that vouches for what stands there, not the network between.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from hatang.errors import InputError

BEGIN, END = "-----BEGIN SSH HOST KEY KEYS-----", "-----END SSH HOST KEY KEYS-----"
# Fields of a public key of each kind (RFC 4253, 5656, 8709). DSA is left out: no SSH of today takes it.
FIELDS = {
    "ssh-ed25519": 2, "ssh-rsa": 3,
    "ecdsa-sha2-nistp256": 3, "ecdsa-sha2-nistp384": 3, "ecdsa-sha2-nistp521": 3,
}  # fmt: skip


def from_console(text: str) -> frozenset[str]:
    """The host's keys, each `TYPE KEY`: those of the newest block that is whole; empty where there is none.

    Lines must begin with what they say. One with a prefix is a log's, into which others than root may write.
    """
    newest: list[str] = []
    block: list[str] | None = None
    for line in (raw.strip(" \t\r") for raw in text.split("\n")):
        if line == BEGIN:
            block = []
        elif line == END and block is not None:
            newest, block = block, None
        elif block is not None and (key := _public_key(line.split())):
            block.append(key)
    return frozenset(newest)


def fingerprint(key: str) -> str:
    """The short form of a key, as `ssh-keygen -l` shows it."""
    digest = hashlib.sha256(base64.b64decode(key.split()[1])).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def agree(known: Collection[str], said: Collection[str]) -> bool:
    """Whether both may be of one host: one of them holds all that the other does."""
    return set(known) <= set(said) or set(said) <= set(known)


@dataclass(frozen=True)
class KnownHosts:
    """The lines of a known_hosts file; those that are about others stay as they are."""

    lines: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str, where: str) -> KnownHosts:
        """Read a file's text. Raises InputError: it is something else."""
        lines = tuple(text.splitlines())
        for number, line in enumerate(lines, 1):
            if line.strip() and not line.lstrip().startswith("#") and not any(_parts(line)):
                raise InputError(
                    "this is no line of known_hosts, so the file is left alone", where=f"{where}:{number}",
                    do="correct it or move the file away",
                )  # fmt: skip
        return cls(lines)

    @property
    def text(self) -> str:
        """The file's text."""
        return "".join(f"{line}\n" for line in self.lines)

    def keys(self, name: str) -> frozenset[str]:
        """Keys that a host of this name may show; lines with a marker (@revoked …) are not among them."""
        return frozenset(key for line in self.lines for names, key in [_parts(line)] if key and _names(names, name))

    def adding(self, name: str, keys: Iterable[str]) -> KnownHosts:
        """With these keys of a host too."""
        new = sorted(set(keys) - self.keys(name))
        return KnownHosts((*self.lines, *(f"{name} {key}" for key in new)))

    def without(self, name: str) -> KnownHosts:
        """Without the keys of a host; other names on its lines keep them."""
        kept = []
        for line in self.lines:
            names, key = _parts(line)
            if not key or not _names(names, name):
                kept.append(line)
            elif others := [n for n in names.split(",") if not _names(n, name)]:
                kept.append(line.replace(names, ",".join(others), 1))
        return KnownHosts(tuple(kept))


def _parts(line: str) -> tuple[str, str]:
    """Names and key of a line, as it is for ssh; no key: it has a marker, and vouches for no host's own key."""
    words = line.split()
    marker = words.pop(0) if words and words[0] in ("@revoked", "@cert-authority") else ""
    key = _public_key(words[1:]) or _other_key(words[1:])
    if not key or words[0].startswith("#"):
        return "", ""
    return words[0], "" if marker else key


def _names(names: str, name: str) -> bool:
    """Whether the first field of a line names this host, in clear or hashed."""
    if not names.startswith("|1|"):
        return name in names.lower().split(",")
    try:
        salt, digest = (base64.b64decode(part) for part in names.split("|")[2:4])
    except ValueError:
        return False
    return hmac.compare_digest(hmac.new(salt, name.encode(), "sha1").digest(), digest)


def _public_key(words: list[str]) -> str:
    """`TYPE KEY` where these words are a public key that is whole, to the last byte; else empty."""
    if len(words) < 2 or words[0] not in FIELDS:
        return ""
    try:
        rest = base64.b64decode(words[1], validate=True)
    except ValueError:
        return ""
    fields = []
    while len(rest) >= 4 and len(rest) - 4 >= (size := int.from_bytes(rest[:4], "big")):
        fields.append(rest[4 : 4 + size])
        rest = rest[4 + size :]
    whole = not rest and len(fields) == FIELDS[words[0]] and fields[0] == words[0].encode() and all(fields)
    return " ".join(words[:2]) if whole and (words[0] != "ssh-ed25519" or len(fields[1]) == 32) else ""


def _other_key(words: list[str]) -> str:
    """The same for a key of a kind that is not looked into, such as those of security tokens."""
    if len(words) < 2 or words[0] in FIELDS:
        return ""
    try:
        return " ".join(words[:2]) if base64.b64decode(words[1], validate=True) else ""
    except ValueError:
        return ""
