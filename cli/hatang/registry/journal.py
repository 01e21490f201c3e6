"""The journal's rows, and the records that have none yet. What an entry says is no matter of the registry."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from hatang.registry import (  # noqa: F401 (part of the metadata)
    interconnect_tables,
    network_tables,
    reorganisation_tables,
    request_tables,
    review_tables,
)
from hatang.registry import tables as t
from hatang.registry import waiver_tables as w
from hatang.registry.database import unusable
from hatang.registry.journal_tables import JournalRow
from hatang.registry.pending import SOURCES, is_waiting
from hatang.registry.store import Registry

HANDED_IN = ("draft", "submit")  # acts that bring the text of a request


@dataclass(frozen=True)
class Record:
    """A row of a table of acts.

    Args:
        source: see `hatang.registry.pending.SOURCES`.
        key: its name in the journal.
        columns: all that the row says.
        parts: SHA-256, by name, of what belongs to it and lies elsewhere: the text of a request, a waiver's pins.
    """

    source: str
    key: str
    columns: dict[str, Any]
    parts: dict[str, str] = field(default_factory=dict)

    @property
    def at(self) -> datetime:
        """When it was written, UTC."""
        at = self.columns.get("created_at") or self.columns.get("finished_at")
        assert isinstance(at, datetime)
        return at

    @property
    def digest(self) -> str:
        """SHA-256 of all that the row says, free text too; a column of a later schema, empty here, changes nothing."""
        return _sha256({k: v for k, v in self.columns.items() if v not in (None, "")})


class JournalRows:
    """Reads and adds rows."""

    def __init__(self, registry: Registry) -> None:
        self._reading, self._writing = registry._reading, registry._writing
        self._url = registry._engine.url

    def all(self) -> list[tuple[int, str]]:
        """Number and envelope of every entry, by number."""
        with self._reading() as session:
            query = select(JournalRow.number, JournalRow.envelope).order_by(JournalRow.number)
            return [(n, e) for n, e in session.execute(query)]

    def with_records(self) -> tuple[list[tuple[int, str]], list[Record]]:
        """Every entry and every act on record, as they were at one moment."""
        with self._reading() as session:
            query = select(JournalRow.number, JournalRow.envelope).order_by(JournalRow.number)
            return [(n, e) for n, e in session.execute(query)], _records(session, waiting=False)

    def keys(self) -> list[str]:
        """Ids of the keys that entries name, the one that signs now last."""
        with self._reading() as session:
            query = select(JournalRow.key).where(JournalRow.key.startswith("key/")).order_by(JournalRow.number)
            return [key.removeprefix("key/") for key in session.scalars(query)]

    def add(self, make: Callable[[tuple[int, str] | None, Sequence[Record]], Sequence[tuple[str, str]]]) -> int:
        """Add entries, alone: nobody else writes meanwhile.

        Args:
            make: from the newest entry and the records without one to key and envelope of each new entry.

        Returns:
            How many were added.

        Raises:
            RegistryError: the database does not take them.
        """
        try:
            with self._writing() as session:
                newest = select(JournalRow).order_by(JournalRow.number.desc()).limit(1)
                row = session.scalars(newest).first()
                made = make((row.number, row.envelope) if row else None, _records(session, waiting=True))
                first = (row.number if row else 0) + 1
                session.add_all(JournalRow(number=n, key=k, envelope=e) for n, (k, e) in enumerate(made, first))
                return len(made)
        except DBAPIError as exc:  # such as: this user may only read
            raise unusable(self._url, exc) from exc


def _records(session: Session, *, waiting: bool) -> list[Record]:
    """Records, oldest first: all, or only those without an entry."""
    found = []
    for source, (name, names) in SOURCES.items():
        query = select(t.Base.metadata.tables[name])
        for row in session.execute(query.where(text(is_waiting(source))) if waiting else query):
            columns = dict(row._mapping)
            found.append(Record(source, "/".join((source, *(str(columns[n]) for n in names))), columns))
    found.sort(key=lambda r: (r.at, r.key))
    parts = _parts(session, found, few=waiting)
    return [Record(r.source, r.key, r.columns, parts.get(r.key, {})) for r in found]


def _parts(session: Session, records: Iterable[Record], *, few: bool) -> dict[str, dict[str, str]]:
    """What belongs to these records and lies elsewhere, by key."""
    newest = {
        r.columns["request_id"]: r.key for r in records if r.source == "request" and r.columns["act"] in HANDED_IN
    }  # a request that is handed in again has another text
    waivers = {r.columns["id"]: r.key for r in records if r.source == "waiver"}
    made: dict[str, dict[str, str]] = {}
    texts = select(t.RequestRow.id, t.RequestRow.text)
    for request, content in session.execute(texts.where(t.RequestRow.id.in_(newest)) if few else texts):
        if request in newest:
            made[newest[request]] = {f"text of request {request}": hashlib.sha256(content.encode()).hexdigest()}
    pins: dict[str, list[dict[str, Any]]] = {waiver: [] for waiver in waivers}
    table = w.WaiverPinRow.__table__
    query = select(table)
    for row in session.execute(query.where(table.c.waiver_id.in_(waivers)) if few else query):
        if row.waiver_id in pins:
            pins[row.waiver_id].append(dict(row._mapping))
    for waiver, rows in pins.items():
        rows.sort(key=lambda p: (p["level"], p["applies"]))
        made[waivers[waiver]] = {f"demands of waiver {waiver}": _sha256(rows)}
    return made


def _sha256(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True, default=str).encode()).hexdigest()
