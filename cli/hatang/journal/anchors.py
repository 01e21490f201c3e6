"""Anchors: what the journal was at a moment, to be kept where nobody of the site can change it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from pydantic import Field, ValidationError

from hatang import private
from hatang.errors import InputError
from hatang.model.base import Model


class Anchor(Model):
    """The newest entry of a moment. Whoever holds it can tell later whether the journal before it is the same."""

    number: int = Field(ge=1, description="Number of the entry.")
    digest: str = Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of its payload.")
    root: str = Field(pattern=r"^[0-9a-f]{32}$", description="Id of the journal's first key.")
    at: str = Field(description="When the anchor was made, UTC.")


def make(number: int, digest: str, root: str) -> Anchor:
    """An anchor of now."""
    return Anchor(number=number, digest=digest, root=root, at=datetime.now(UTC).isoformat(timespec="seconds"))


def save(anchor: Anchor, file: Path) -> None:
    """Write it. Raises InputError."""
    try:
        private.replace(file, anchor.model_dump_json(indent=1) + "\n")
    except OSError as exc:
        raise InputError(
            f"the anchor cannot be written: {exc.strerror}", where=str(file), do="name a file in a folder that is there"
        ) from exc


def load(file: Path) -> Anchor:
    """Read it. Raises InputError."""
    try:
        return Anchor.model_validate_json(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValidationError) as exc:
        raise InputError(
            f"no anchor: {str(exc).splitlines()[0]}", where=str(file),
            do="name a file that `hatang journal anchor` wrote",
        ) from exc  # fmt: skip
