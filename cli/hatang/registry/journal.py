"""The journal's rows, and the records that have none yet. What an entry says is no matter of the registry."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hatang.registry import tables as t
from hatang.registry import waiver_tables as w
from hatang.registry.journal_tables import HardeningRow, JournalRow
from hatang.registry.request_tables import RequestEventRow
from hatang.registry.store import Registry

# Every table of acts: its name in keys, and the columns that name a row of it. A new one is one more line.
RECORDS: dict[str, tuple[type[t.Base], tuple[str, ...]]] = {
    "request": (RequestEventRow, ("request_id", "number")),
    "deployment": (t.DeploymentRow, ("id",)),
    "hardening": (HardeningRow, ("id",)),
    "check-run": (t.CheckRunRow, ("id",)),
    "system-state": (t.SystemStateRow, ("id",)),
    "waiver": (w.WaiverRow, ("id",)),
    "waiver-approval": (w.WaiverApprovalRow, ("waiver_id",)),
    "waiver-revocation": (w.WaiverRevocationRow, ("waiver_id",)),
}


@dataclass(frozen=True)
class Record:
    """A row of a table of acts."""

    table: str
    key: str
    columns: dict[str, Any]

    @property
    def at(self) -> datetime:
        """When it was written, UTC."""
        at = self.columns.get("created_at") or self.columns.get("finished_at")
        assert isinstance(at, datetime)
        return at

    @property
    def digest(self) -> str:
        """SHA-256 of all that the row says, free text too; a column of a later schema, empty here, changes nothing."""
        said = {k: v for k, v in self.columns.items() if v not in (None, "")}
        text = json.dumps(said, ensure_ascii=False, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()


class JournalRows:
    """Reads and adds rows."""

    def __init__(self, registry: Registry) -> None:
        self._reading, self._writing = registry._reading, registry._writing

    def all(self) -> list[tuple[int, str]]:
        """Number and envelope of every entry, by number."""
        with self._reading() as session:
            query = select(JournalRow.number, JournalRow.envelope).order_by(JournalRow.number)
            return [(n, e) for n, e in session.execute(query)]

    def last(self) -> tuple[int, str] | None:
        """The newest entry."""
        with self._reading() as session:
            return _last(session)

    def records(self) -> list[Record]:
        """Every act on record, oldest first."""
        with self._reading() as session:
            return sorted(_records(session), key=lambda r: (r.at, r.key))

    def record_hardening(self, system: str, tags: Sequence[str], summary: dict[str, Any], *, ok: bool) -> None:
        """Keep what a run of the roles did to the hosts of a system."""
        with self._writing() as session:
            session.add(HardeningRow(system=system, tags=" ".join(tags), summary=summary, is_ok=ok))

    def has_pending(self) -> bool:
        """Whether a record has no entry."""
        with self._reading() as session:
            kept = set(session.scalars(select(JournalRow.key)))
            return any(key not in kept for _, key, _ in _keys(session))

    def add(self, make: Callable[[tuple[int, str] | None, Sequence[Record]], Sequence[tuple[str, str]]]) -> int:
        """Add entries, alone: nobody else writes meanwhile.

        Args:
            make: from the newest entry and the records without one to key and envelope of each new entry.

        Returns:
            How many were added.
        """
        with self._writing() as session:
            kept = set(session.scalars(select(JournalRow.key)))
            last = _last(session)
            waiting = sorted((r for r in _records(session) if r.key not in kept), key=lambda r: (r.at, r.key))
            made = make(last, waiting)
            first = (last[0] if last else 0) + 1
            for number, (key, envelope) in enumerate(made, first):
                session.add(JournalRow(number=number, key=key, envelope=envelope))
            return len(made)


def _last(session: Session) -> tuple[int, str] | None:
    row = session.scalars(select(JournalRow).order_by(JournalRow.number.desc()).limit(1)).first()
    return (row.number, row.envelope) if row else None


def _keys(session: Session) -> Iterator[tuple[str, str, Any]]:
    for table, (row, names) in RECORDS.items():
        for values in session.execute(select(*(getattr(row, n) for n in names))):
            yield table, "/".join((table, *map(str, values))), values


def _records(session: Session) -> Iterator[Record]:
    for table, (kind, names) in RECORDS.items():
        for row in session.scalars(select(kind)):
            columns = {c.key: getattr(row, c.key) for c in kind.__table__.columns}
            yield Record(table, "/".join((table, *(str(columns[n]) for n in names))), columns)
