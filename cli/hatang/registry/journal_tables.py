"""Tables of the journal. Rows are only ever added: triggers of the migration refuse to change or delete one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from hatang.registry.tables import Base, now


class JournalRow(Base):
    """One signed entry: `number` from 1 without a gap, `key` of the record that it was made from."""

    __tablename__ = "journal"
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    envelope: Mapped[str] = mapped_column(Text)


class HardeningRow(Base):
    """One run of the roles on hosts: what it changed, and where its log lies."""

    __tablename__ = "hardening"
    id: Mapped[int] = mapped_column(primary_key=True)
    system: Mapped[str] = mapped_column(ForeignKey("system.name"), index=True)
    tags: Mapped[str] = mapped_column(Text, default="")
    summary: Mapped[dict[str, Any]]
    is_ok: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(default=now)
