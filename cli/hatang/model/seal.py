"""Niêm phong: a request file with the signature of its agency, so that it can come on any way. No I/O.

What is signed is the text of the request as it is, byte by byte, with the agency's code and a word that says what the
signature is for: a signature for something else, or for another agency, does not fit. Ed25519 (RFC 8032).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import Field

from hatang.model.base import Model

FORM = "hatang.sealed-request/1"


class SealedRequest(Model):
    """A sealed request file."""

    form: Literal["hatang.sealed-request/1"] = Field(description="What this file is.")
    agency: str = Field(min_length=3, max_length=35, description="Code of the agency that sealed it.")
    key: str = Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the public key.")
    signature: str = Field(min_length=88, max_length=88, description="Ed25519 signature, base64.")
    request: str = Field(min_length=1, description="The request file, byte by byte.")

    def is_by(self, public: Ed25519PublicKey) -> bool:
        """Whether exactly this text was sealed for this agency with the key."""
        try:
            signature = base64.b64decode(self.signature, validate=True)
            public.verify(signature, signed(self.agency, self.request))
        except (InvalidSignature, binascii.Error, ValueError):
            return False
        return fingerprint(public) == self.key


def signed(agency: str, request: str) -> bytes:
    """The bytes that a signature is over. Lengths stand before texts, so that no two pairs give the same bytes."""
    parts = [FORM.encode(), agency.encode(), request.encode()]
    return b"".join(f"{len(p)}:".encode() + p for p in parts)


def seal(agency: str, request: str, key: Ed25519PrivateKey) -> SealedRequest:
    """A request sealed with a private key."""
    signature = base64.b64encode(key.sign(signed(agency, request))).decode()
    return SealedRequest(
        form=FORM, agency=agency, key=fingerprint(key.public_key()), signature=signature, request=request
    )


def fingerprint(public: Ed25519PublicKey) -> str:
    """SHA-256 of the public key: what people compare over the telephone."""
    return hashlib.sha256(public.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()
