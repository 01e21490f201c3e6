"""Tables of what comes over the network or in sealed files: who a Keystone user is here, and the keys of agencies.

Rows are only ever added: triggers of the migration refuse to change one.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hatang.registry.tables import Base, now


class PersonRow(Base):
    """The name under which a user of Keystone acts here. It stays when the user is renamed there."""

    __tablename__ = "person"
    __table_args__ = (UniqueConstraint("name_key"),)
    user_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    name_key: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(default=now)


class AgencyKeyRow(Base):
    """A public key with which an agency seals request files. `id` is the SHA-256 of the key."""

    __tablename__ = "agency_key"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    agency_code: Mapped[str] = mapped_column(
        String(35), index=True
    )  # the agency may be known only by its first request
    public: Mapped[str] = mapped_column(String(64))
    registered_by: Mapped[str] = mapped_column(String(200))
    note: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=now)


class AgencyKeyRevocationRow(Base):
    """A key that counts no longer."""

    __tablename__ = "agency_key_revocation"
    key_id: Mapped[str] = mapped_column(ForeignKey("agency_key.id"), primary_key=True)
    revoked_by: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=now)
