"""Tables of removals: until when a closed system can still be kept, and what rests after it is gone."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from hatang.registry.tables import Base, now


class RemovalRow(Base):
    """A removal whose system is closed. The grace period is that of the day on which it was closed."""

    __tablename__ = "removal"
    __table_args__ = (CheckConstraint("until >= closed_at", name="until"),)
    request_id: Mapped[str] = mapped_column(ForeignKey("request.id"), primary_key=True)
    system: Mapped[str] = mapped_column(ForeignKey("system.name"), index=True)
    closed_at: Mapped[datetime] = mapped_column(default=now)
    until: Mapped[datetime]  # from then on it may be purged


class QuarantineRow(Base):
    """A removed system whose addresses and names nobody gets until that day. Its rows of them stay where they are, so
    that the same constraints guard them; they go with this row."""

    __tablename__ = "quarantine"
    system: Mapped[str] = mapped_column(ForeignKey("system.name"), primary_key=True)
    project_id: Mapped[str] = mapped_column(String(36), default="")  # of the project that is gone
    created_at: Mapped[datetime] = mapped_column(default=now)
    until: Mapped[datetime]
