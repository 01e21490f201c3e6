"""Tables of the journal. Rows are only ever added: triggers of the migration refuse to change or delete one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from hatang.registry.tables import Base, now


class JournalRow(Base):
    """One signed entry: `number` from 1 without a gap, `key` of the record that it was made from."""

    __tablename__ = "journal"
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    envelope: Mapped[str] = mapped_column(Text)


class ActRow(Base):
    """An act that has no table of its own: what it was, plain facts, and SHA-256 of what it stored, by name."""

    __tablename__ = "act"
    id: Mapped[int] = mapped_column(primary_key=True)
    act: Mapped[str] = mapped_column(String(40))
    facts: Mapped[dict[str, Any]]
    digests: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)
