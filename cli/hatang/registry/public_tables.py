"""Table of public addresses: whom the Internet reaches where, and which addresses rest after they were given up."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hatang.registry.tables import Base, now


class PublicAddressRow(Base):
    """An address on the Internet that a system has. Without host it rests: names out there may still lead to it."""

    __tablename__ = "public_address"
    __table_args__ = (
        UniqueConstraint("system", "host"),
        CheckConstraint("(host IS NULL) = (until IS NOT NULL)", name="rests"),
    )
    address: Mapped[str] = mapped_column(String(15), primary_key=True)
    system: Mapped[str] = mapped_column(ForeignKey("system.name"), index=True)
    host: Mapped[str | None] = mapped_column(String(31), default=None)
    until: Mapped[datetime | None] = mapped_column(default=None)  # until then nobody else gets it
    created_at: Mapped[datetime] = mapped_column(default=now)
