"""Acts that have no table of their own: runs of the roles, of a part of the checks, of the landing; logins."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hatang.registry.journal_tables import ActRow
from hatang.registry.store import Registry


def note(registry: Registry, act: str, facts: Mapping[str, Any], files: Mapping[str, Path | str] | None = None) -> None:
    """Keep an act, so that the journal gets an entry for it.

    Args:
        act: such as `host.harden`.
        facts: plain data for everybody to read: no free text of people, no output of a program.
        files: stored artefacts by name; their SHA-256 is kept. One that is gone is left out.
    """
    digests = {name: found for name, file in (files or {}).items() if (found := sha256(file))}
    with registry._writing() as session:
        session.add(ActRow(act=act, facts=dict(facts), digests=digests))


def sha256(file: Path | str) -> str:
    """SHA-256 of a file; empty when there is none."""
    try:
        with Path(file).open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError:
        return ""
