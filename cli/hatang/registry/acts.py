"""Acts that have no table of their own: runs of the roles, of a part of the checks, of the landing; logins."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import select

from hatang import digests
from hatang.registry.journal_tables import ActRow
from hatang.registry.store import Registry


def note(
    registry: Registry, act: str, facts: Mapping[str, Any], files: Mapping[str, Path | str] | None = None,
    parts: Mapping[str, str] | None = None,
) -> None:  # fmt: skip
    """Keep an act, so that the journal gets an entry for it.

    Args:
        act: such as `host.harden`.
        facts: plain data for everybody to read: no free text of people, no output of a program.
        files: stored artefacts by name; their SHA-256 is kept. One that is gone is left out.
        parts: SHA-256 by name of what is only a part of a file.
    """
    digests = {name: found for name, file in (files or {}).items() if (found := sha256(file))}
    with registry._writing() as session:
        session.add(ActRow(act=act, facts=dict(facts), digests=digests | dict(parts or {})))


def newest(registry: Registry, act: str, fact: str, value: str) -> dict[str, Any] | None:
    """Facts of the newest act of a kind with this fact; None: there is none."""
    with registry._reading() as session:
        rows = session.scalars(select(ActRow.facts).where(ActRow.act == act).order_by(ActRow.id.desc()))
        return next((f for f in rows if f.get(fact) == value), None)


def sha256(file: Path | str) -> str:
    """SHA-256 of a file; empty when there is none."""
    try:
        return digests.of_file(Path(file))
    except OSError:
        return ""
