"""What somebody does who can write into a journal, with keys of their own or with the journal's."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hatang.journal import dsse
from hatang.journal.verify import Fault, Verified

Rows = list[tuple[int, str]]


def payload(row: tuple[int, str]) -> dict[str, Any]:
    """What an entry says."""
    content: dict[str, Any] = json.loads(dsse.parse(row[1]).content)
    return content


def forged(row: tuple[int, str], key: Ed25519PrivateKey, **predicate: Any) -> tuple[int, str]:
    """The entry with other content, signed by some key."""
    content = payload(row)
    content["predicate"] |= predicate
    return row[0], dsse.sign(content, key).model_dump_json()


def naming(key: Ed25519PrivateKey) -> dict[str, Any]:
    """Predicate of an entry that names a key."""
    public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    return {"act": "key", "facts": {"keyid": dsse.keyid(key.public_key()), "public_key": public}}


def with_keyid(row: tuple[int, str], name: str) -> tuple[int, str]:
    """The entry, claiming to be signed by another key."""
    envelope = json.loads(row[1])
    envelope["signatures"][0]["keyid"] = name
    return row[0], json.dumps(envelope)


@dataclass(frozen=True)
class Flip:
    """Change one bit of an entry: of what it says, of its signature, or of the name of its key."""

    at: int  # position of the entry
    part: str  # payload, sig, keyid
    bit: int

    def __call__(self, rows: Rows) -> Rows:
        """The journal afterwards."""
        envelope = json.loads(rows[self.at][1])
        holder = envelope if self.part == "payload" else envelope["signatures"][0]
        if self.part == "keyid":
            name = holder["keyid"]
            at = self.bit % len(name)
            holder["keyid"] = name[:at] + f"{int(name[at], 16) ^ 1:x}" + name[at + 1 :]
        else:
            content = bytearray(base64.b64decode(holder[self.part]))
            bit = self.bit % (8 * len(content))
            content[bit // 8] ^= 1 << bit % 8
            holder[self.part] = base64.b64encode(content).decode()
        return [*rows[: self.at], (rows[self.at][0], json.dumps(envelope, separators=(",", ":"))), *rows[self.at + 1 :]]


def named(found: Verified) -> set[int]:
    """Numbers of the entries that are said to be at fault, those that are missing among them."""
    numbers = set()
    for f in found.findings:
        if f.fault is Fault.MISSING:
            first, _, last = f.detail.partition("–")
            numbers |= set(range(int(first), int(last or first) + 1))
        else:
            numbers.add(f.number)
    return numbers
