"""Sealed request files and the key files that they are sealed and believed with."""

from __future__ import annotations

import os
from pathlib import Path

import yaml
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from hatang.errors import InputError, RefusedError
from hatang.inputs.files import request_of
from hatang.inputs.messages import validated
from hatang.inputs.yaml_lines import parse, raw_bytes
from hatang.model.asked import AnyRequest
from hatang.model.seal import FORM, SealedRequest, fingerprint, seal
from hatang.model.site import Site

MARK = f"form: {FORM}".encode()


def is_sealed(raw: bytes) -> bool:
    """Whether it is a sealed file: it begins with its form, after comments."""
    lines = (line.strip() for line in raw.removeprefix(b"\xef\xbb\xbf").splitlines())
    return next((line for line in lines if line and not line.startswith(b"#")), b"") == MARK


def read_sealed(raw: bytes, name: str) -> SealedRequest:
    """A sealed file. Raises InputError, InputErrors."""
    return validated(SealedRequest, parse(raw, Path(name)))


def opened(sealed: SealedRequest, name: str, site: Site | None) -> tuple[AnyRequest, str]:
    """The request in it, when it is of the agency that sealed it; the seal itself is checked elsewhere.

    Raises:
        InputError, InputErrors: what is wrong with the request.
        RefusedError: it asks for another agency.
    """
    file, text = request_of(sealed.request.encode(), name, site)
    if file.agency_code != sealed.agency:
        raise RefusedError(
            f"agency {sealed.agency} sealed a request of agency {file.agency_code}", where=f"{name} (agency.code)",
            do="each agency seals its own requests",
        )  # fmt: skip
    return file, text


def load_any(path: Path, site: Site | None = None) -> tuple[AnyRequest, str, SealedRequest | None]:
    """A request file, sealed or not: the request, the text of the file as it came, and the seal, not checked yet.

    Raises:
        InputError, InputErrors: what is wrong, with line, field and remedy.
        RefusedError: it was sealed by another agency than it asks for.
    """
    raw = raw_bytes(path)
    if not is_sealed(raw):
        return *request_of(raw, str(path), site), None
    sealed = read_sealed(raw, str(path))
    return opened(sealed, f"{path}, sealed text", site)[0], raw.decode("utf-8-sig"), sealed


def seal_file(file: Path, key_file: Path) -> tuple[SealedRequest, str]:
    """A request file, sealed, and the text of the sealed file.

    Raises:
        InputError, InputErrors: what is wrong with the request or the key.
    """
    raw = raw_bytes(file)
    request, text = request_of(raw, str(file))
    made = seal(request.agency_code, text, private_key(key_file))
    return made, yaml.safe_dump(made.model_dump(), allow_unicode=True, sort_keys=False, width=10_000)


def make_key(file: Path) -> str:
    """A new private key, mode 0600, with the public one in `<file>.pub`; returns its fingerprint.

    Raises:
        InputError: a file of that name is there, or cannot be made.
    """
    key = Ed25519PrivateKey.generate()
    public = file.with_name(file.name + ".pub")
    try:
        for path, content, mode in (
            (file, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600),
            (public, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), 0o644),
        ):
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as out:
                out.write(content)
    except OSError as exc:
        raise InputError(
            f"cannot make {exc.filename}: {exc.strerror}", where=str(file), do="name a file that is not there yet"
        ) from exc
    return fingerprint(key.public_key())


def private_key(file: Path) -> Ed25519PrivateKey:
    """The private key of a file that nobody else can read. Raises InputError."""
    raw = raw_bytes(file)
    if file.stat().st_mode & 0o077:
        raise InputError("others may read this private key", where=str(file), do=f"chmod 600 {file}")
    try:
        key = load_pem_private_key(raw, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise InputError(
            "this is no private key of Ed25519 without a password",
            where=str(file),
            do="make one: hatang request key FILE",
        )
    return key


def public_key(file: Path) -> Ed25519PublicKey:
    """The public key of a file. Raises InputError."""
    try:
        key = load_pem_public_key(raw_bytes(file))
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise InputError(
            "this is no public key of Ed25519", where=str(file), do="name the .pub file that hatang request key made"
        )
    return key
