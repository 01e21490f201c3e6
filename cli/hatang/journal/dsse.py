"""DSSE envelopes (Dead Simple Signing Envelope 1.0) with Ed25519, as in-toto attestations use them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import Field, ValidationError

from hatang.model.base import Model

PAYLOAD_TYPE = "application/vnd.in-toto+json"


class Signature(Model):
    """One signature; `keyid` only helps to find the key and proves nothing."""

    keyid: str
    sig: str


class Envelope(Model):
    """A signed payload."""

    payloadType: str = PAYLOAD_TYPE
    payload: str
    signatures: tuple[Signature, ...] = Field(min_length=1)

    @property
    def content(self) -> bytes:
        """What was signed. Raises ValueError."""
        return base64.b64decode(self.payload, validate=True)

    @property
    def digest(self) -> str:
        """SHA-256 of the payload; the next entry names it. Raises ValueError."""
        return hashlib.sha256(self.content).hexdigest()

    def is_as_signed_by(self, name: str) -> bool:
        """Whether it is as `sign` writes it with the key of this id: Base64 and `keyid` can be changed unseen."""
        texts = (self.payload, self.signatures[0].sig)
        return (
            len(self.signatures) == 1
            and self.signatures[0].keyid == name
            and all(base64.b64encode(base64.b64decode(t)).decode() == t for t in texts)
        )


def sign(content: Mapping[str, Any], key: Ed25519PrivateKey) -> Envelope:
    """The envelope of a JSON document."""
    payload = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    signature = key.sign(authenticated(PAYLOAD_TYPE, payload))
    return Envelope(
        payload=base64.b64encode(payload).decode(),
        signatures=(Signature(keyid=keyid(key.public_key()), sig=base64.b64encode(signature).decode()),),
    )


def is_signed_by(envelope: Envelope, key: Ed25519PublicKey) -> bool:
    """Whether one of the signatures is of this key. `keyid` is not believed."""
    try:
        message = authenticated(envelope.payloadType, envelope.content)
    except ValueError:
        return False
    for signature in envelope.signatures:
        try:
            key.verify(base64.b64decode(signature.sig, validate=True), message)
        except (InvalidSignature, binascii.Error, ValueError):
            continue
        return True
    return False


def parse(text: str) -> Envelope:
    """An envelope from JSON. Raises ValueError: it is none."""
    try:
        return Envelope.model_validate_json(text)
    except ValidationError as exc:
        raise ValueError(str(exc.errors()[0]["msg"])) from exc


def authenticated(payload_type: str, payload: bytes) -> bytes:
    """The pre-authentication encoding: what is signed is the type with the payload."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def keyid(key: Ed25519PublicKey) -> str:
    """A short name of a key: the first 128 bits of the SHA-256 of its bytes, in hexadecimal."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:32]
