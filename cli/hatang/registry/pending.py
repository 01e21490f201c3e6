"""Which records the journal tells of, and whether one has no entry yet. Asked at the end of every command: light."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from hatang.registry.store import Registry

# Every table whose rows are acts: its name in keys, the table, the columns that name a row. A new one is one more line.
SOURCES: dict[str, tuple[str, tuple[str, ...]]] = {
    "act": ("act", ("id",)),
    "agency-change": ("agency_change", ("request_id", "old_code", "new_code")),
    "agency-key": ("agency_key", ("id",)),
    "agency-key-revocation": ("agency_key_revocation", ("key_id",)),
    "check-run": ("check_run", ("id",)),
    "deployment": ("deployment", ("id",)),
    "handover": ("handover", ("request_id", "system")),
    "hardened-host": ("hardened_host", ("id",)),
    "interconnect": ("interconnect", ("request_id",)),
    "person": ("person", ("user_id",)),
    "request": ("request_event", ("request_id", "number")),
    "review": ("review", ("id",)),
    "review-withdrawal": ("review_withdrawal", ("review_id",)),
    "server": ("server", ("id",)),
    "system-state": ("system_state", ("id",)),
    "waiver": ("waiver", ("id",)),
    "waiver-approval": ("waiver_approval", ("waiver_id",)),
    "waiver-revocation": ("waiver_revocation", ("waiver_id",)),
}


def key(source: str) -> str:
    """SQL for the key of a row of a source: its name and what names the row, with slashes between."""
    table, names = SOURCES[source]
    return " || '/' || ".join([f"'{source}'", *(f"CAST({table}.{name} AS VARCHAR(200))" for name in names)])


def is_waiting(source: str) -> str:
    """SQL that is true for a row of a source without an entry."""
    return f"NOT EXISTS (SELECT 1 FROM journal WHERE journal.key = {key(source)})"  # noqa: S608 (names of ours)


def has_pending(registry: Registry) -> bool:
    """Whether a record has no entry."""
    parts = (f"SELECT 1 FROM {table} WHERE {is_waiting(s)}" for s, (table, _) in SOURCES.items())  # noqa: S608
    with registry._reading() as session:
        return session.execute(text(" UNION ALL ".join(parts) + " LIMIT 1")).first() is not None
