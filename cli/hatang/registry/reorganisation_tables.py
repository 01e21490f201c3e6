"""Tables of reorganisations: which code became which, and whose each system was. Rows are only ever added."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hatang.registry.tables import Base, now


class AgencyChangeRow(Base):
    """A body that became another, or stayed with another name: old code → new code, from which day, by which request.

    `before`: what the registry knew of the old one until then.
    """

    __tablename__ = "agency_change"
    __table_args__ = (UniqueConstraint("request_id", "old_code", "new_code"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[str] = mapped_column(ForeignKey("request.id"))
    kind: Mapped[str] = mapped_column(String(16))
    old_code: Mapped[str] = mapped_column(ForeignKey("agency.code"), index=True)
    new_code: Mapped[str] = mapped_column(ForeignKey("agency.code"), index=True)
    day: Mapped[date]
    before: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)


class HandoverRow(Base):
    """A system that came from one body to another. Its project stays in the domain in which it was made."""

    __tablename__ = "handover"
    __table_args__ = (UniqueConstraint("request_id", "system"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[str] = mapped_column(ForeignKey("request.id"))
    system: Mapped[str] = mapped_column(ForeignKey("system.name"), index=True)
    old_code: Mapped[str] = mapped_column(ForeignKey("agency.code"))
    new_code: Mapped[str] = mapped_column(ForeignKey("agency.code"))
    day: Mapped[date]
    created_at: Mapped[datetime] = mapped_column(default=now)
