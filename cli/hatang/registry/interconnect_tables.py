"""Table of the ways between systems that were ever begun. Rows are only added; whether one holds, its request tells."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from hatang.registry.tables import Base, now


class InterconnectRow(Base):
    """A way from one system to another; what exactly passes stands in its request."""

    __tablename__ = "interconnect"
    __table_args__ = (CheckConstraint("from_system <> to_system", name="two_systems"),)
    request_id: Mapped[str] = mapped_column(ForeignKey("request.id"), primary_key=True)
    from_system: Mapped[str] = mapped_column(ForeignKey("system.name"), index=True)
    to_system: Mapped[str] = mapped_column(ForeignKey("system.name"), index=True)
    until: Mapped[date]
    created_at: Mapped[datetime] = mapped_column(default=now)
