"""Table of what was done to requests. Rows are only ever added: triggers of the migration refuse to change one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hatang.registry.tables import Base, now


class RequestEventRow(Base):
    """One act; the newest row of a request has its state. `actor_key` and `requester_key` are names for comparison."""

    __tablename__ = "request_event"
    __table_args__ = (
        UniqueConstraint("request_id", "number"),
        CheckConstraint(
            "act NOT IN ('appraise', 'opinion', 'approve') OR actor_key <> requester_key", name="not_by_requester"
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[str] = mapped_column(ForeignKey("request.id"))
    number: Mapped[int]
    act: Mapped[str] = mapped_column(String(16))
    role: Mapped[str] = mapped_column(String(20))
    actor: Mapped[str] = mapped_column(String(200))
    actor_key: Mapped[str] = mapped_column(String(200))
    requester_key: Mapped[str] = mapped_column(String(200))
    target: Mapped[str] = mapped_column(String(16), index=True)
    plan: Mapped[str] = mapped_column(String(64), default="")
    intent: Mapped[str] = mapped_column(String(64), default="")
    document: Mapped[str] = mapped_column(String(64), default="")
    step: Mapped[str] = mapped_column(String(32), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    body: Mapped[str] = mapped_column(String(200), default="")  # the owner for whom somebody agrees
    created_at: Mapped[datetime] = mapped_column(default=now)
