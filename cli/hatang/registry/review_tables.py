"""Tables of what people put on record, of servers, and of hardening runs. Rows are only added: triggers hold that."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hatang.registry.tables import Base, now


class ReviewRow(Base):
    """A review, drill or document of a control, for a system, an agency or the site."""

    __tablename__ = "review"
    __table_args__ = (
        CheckConstraint("scope_kind IN ('system', 'agency', 'site')", name="scope_kind"),
        CheckConstraint("(scope_kind = 'system') = (system IS NOT NULL)", name="system"),
        CheckConstraint("length(sha256) = 64", name="sha256"),
    )
    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    control: Mapped[str] = mapped_column(String(16), index=True)
    scope_kind: Mapped[str] = mapped_column(String(8))
    scope: Mapped[str] = mapped_column(String(63))
    system: Mapped[str | None] = mapped_column(ForeignKey("system.name"))
    day: Mapped[date]
    recorded_by: Mapped[str] = mapped_column(String(200))
    document: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))
    note: Mapped[str] = mapped_column(Text)
    succeeded: Mapped[bool]
    covers: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(default=now)


class ReviewWithdrawalRow(Base):
    """A record that was wrong; it stays readable and counts no longer."""

    __tablename__ = "review_withdrawal"
    review_id: Mapped[str] = mapped_column(ForeignKey("review.id"), primary_key=True)
    withdrawn_by: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=now)


class HardenedHostRow(Base):
    """A hardening run that came to its end on a server. `whole`: all roles, not only some tags."""

    __tablename__ = "hardened_host"
    id: Mapped[int] = mapped_column(primary_key=True)
    system: Mapped[str] = mapped_column(ForeignKey("system.name"), index=True)
    host: Mapped[str] = mapped_column(String(63))
    server_id: Mapped[str] = mapped_column(String(36))
    whole: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(default=now)


class ServerRow(Base):
    """A server, when the registry first knew of it."""

    __tablename__ = "server"
    __table_args__ = (UniqueConstraint("server_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    system: Mapped[str] = mapped_column(ForeignKey("system.name"), index=True)
    server_id: Mapped[str] = mapped_column(String(36))
    created_at: Mapped[datetime] = mapped_column(default=now)
