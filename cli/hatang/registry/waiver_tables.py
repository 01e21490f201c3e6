"""Tables of waivers. Rows are only ever added: triggers of the migration refuse to change or delete one."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hatang.registry.tables import Base, now


class WaiverRow(Base):
    """What was proposed. `proposer` is the name in the form in which names are compared."""

    __tablename__ = "waiver"
    __table_args__ = (
        UniqueConstraint("id", "proposer"),  # so that an approval can point to both
        CheckConstraint("scope_kind IN ('host', 'system', 'agency')", name="scope_kind"),
        CheckConstraint("(scope_kind = 'agency') = (system IS NULL)", name="system"),
    )
    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    control: Mapped[str] = mapped_column(String(16), index=True)
    scope_kind: Mapped[str] = mapped_column(String(8))
    scope: Mapped[str] = mapped_column(String(63))
    system: Mapped[str | None] = mapped_column(ForeignKey("system.name"))
    reason: Mapped[str] = mapped_column(Text)
    measure: Mapped[str] = mapped_column(Text)
    proposed_by: Mapped[str] = mapped_column(String(200))
    proposer: Mapped[str] = mapped_column(String(200))
    expires_on: Mapped[date]
    created_at: Mapped[datetime] = mapped_column(default=now)


class WaiverPinRow(Base):
    """What the control demanded when the waiver was proposed, at one level of its scope."""

    __tablename__ = "waiver_pin"
    __table_args__ = (CheckConstraint("level BETWEEN 1 AND 5", name="level"),)
    waiver_id: Mapped[str] = mapped_column(ForeignKey("waiver.id"), primary_key=True)
    level: Mapped[int] = mapped_column(primary_key=True)
    applies: Mapped[str] = mapped_column(String(200), primary_key=True)
    source: Mapped[str] = mapped_column(Text)
    clause: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))
    demand: Mapped[dict[str, Any]]


class WaiverApprovalRow(Base):
    """Who allowed it. Not the proposer: the name stands in the foreign key, so no row can tell another one."""

    __tablename__ = "waiver_approval"
    __table_args__ = (
        ForeignKeyConstraint(["waiver_id", "proposer"], ["waiver.id", "waiver.proposer"]),
        CheckConstraint("approver <> proposer", name="not_by_proposer"),
    )
    waiver_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    proposer: Mapped[str] = mapped_column(String(200))
    approved_by: Mapped[str] = mapped_column(String(200))
    approver: Mapped[str] = mapped_column(String(200))
    note: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=now)


class WaiverRevocationRow(Base):
    """Who ended it before its time, or withdrew the proposal. Anybody may: it only makes things stricter."""

    __tablename__ = "waiver_revocation"
    waiver_id: Mapped[str] = mapped_column(ForeignKey("waiver.id"), primary_key=True)
    revoked_by: Mapped[str] = mapped_column(String(200))
    revoker: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=now)
