"""Tables of the registry. Rules live in constraints too; times are UTC; a change of state is a new row."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, DateTime, ForeignKey, MetaData, String, Text, UniqueConstraint
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

NAMES = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Utc(TypeDecorator[datetime]):
    """A time in UTC; SQLite would drop its zone."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store without zone, as UTC. Raises ValueError for a time without zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the zone back."""
        return None if value is None else value.replace(tzinfo=UTC)


def now() -> datetime:
    """The present time, UTC."""
    return datetime.now(UTC)


class Base(DeclarativeBase):
    """Base of all tables."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {datetime: Utc(), dict[str, Any]: JSON()}  # noqa: RUF012 (SQLAlchemy's own convention)


class AgencyRow(Base):
    """A body; one Keystone domain."""

    __tablename__ = "agency"
    code: Mapped[str] = mapped_column(String(35), primary_key=True)
    branch: Mapped[str] = mapped_column(String(16))
    spec: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)


class RequestRow(Base):
    """What an agency asked for: the text as it came, and its digest, so that the same file is one request."""

    __tablename__ = "request"
    __table_args__ = (UniqueConstraint("digest"),)
    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(Text)
    spec: Mapped[dict[str, Any]]
    kind: Mapped[str] = mapped_column(String(16))
    operates: Mapped[bool] = mapped_column(default=False)  # the specialised unit is also the operator
    agency_code: Mapped[str] = mapped_column(ForeignKey("agency.code"))
    requested_by: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(default=now)


class SystemRow(Base):
    """The unit that the law classifies; one Keystone project."""

    __tablename__ = "system"
    __table_args__ = (CheckConstraint("level BETWEEN 1 AND 5", name="level"),)
    name: Mapped[str] = mapped_column(String(31), primary_key=True)
    agency_code: Mapped[str] = mapped_column(ForeignKey("agency.code"))
    request_id: Mapped[str] = mapped_column(ForeignKey("request.id"))
    level: Mapped[int]
    spec: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)


class ServerNameRow(Base):
    """Name of a server that a system asks for or has; no two systems may have the same."""

    __tablename__ = "server_name"
    name: Mapped[str] = mapped_column(String(63), primary_key=True)
    system: Mapped[str] = mapped_column(ForeignKey("system.name"), index=True)


class SystemStateRow(Base):
    """A state that a system came into; the newest row counts."""

    __tablename__ = "system_state"
    id: Mapped[int] = mapped_column(primary_key=True)
    system: Mapped[str] = mapped_column(ForeignKey("system.name"), index=True)
    state: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(default=now)


class BlockRow(Base):
    """The IPv4 block of a system, and its router's address on the bastion network of its branch."""

    __tablename__ = "block"
    __table_args__ = (UniqueConstraint("cidr"), UniqueConstraint("bastion_address"))
    system: Mapped[str] = mapped_column(ForeignKey("system.name"), primary_key=True)
    branch: Mapped[str] = mapped_column(String(16))
    cidr: Mapped[str] = mapped_column(String(18))
    bastion_address: Mapped[str] = mapped_column(String(15))


class BlockSlotRow(Base):
    """A part of a system's block, counted in the smallest blocks that there are: blocks that overlap share one."""

    __tablename__ = "block_slot"
    slot: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    system: Mapped[str] = mapped_column(ForeignKey("system.name"), index=True)


class ZoneRow(Base):
    """A zone of a system with its subnets."""

    __tablename__ = "zone"
    __table_args__ = (UniqueConstraint("cidr"), UniqueConstraint("cidr_v6"))
    system: Mapped[str] = mapped_column(ForeignKey("system.name"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    cidr: Mapped[str] = mapped_column(String(18))
    cidr_v6: Mapped[str] = mapped_column(String(43))


class AddressRow(Base):
    """The fixed address of a host."""

    __tablename__ = "address"
    __table_args__ = (UniqueConstraint("address"),)
    system: Mapped[str] = mapped_column(ForeignKey("system.name"), primary_key=True)
    host: Mapped[str] = mapped_column(String(31), primary_key=True)
    zone: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(String(15))


class HostRow(Base):
    """A server that exists."""

    __tablename__ = "host"
    __table_args__ = (UniqueConstraint("server_id"),)
    name: Mapped[str] = mapped_column(String(63), primary_key=True)
    system: Mapped[str] = mapped_column(ForeignKey("system.name"), index=True)
    zone: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(String(15))
    login: Mapped[str] = mapped_column(String(31))
    server_id: Mapped[str] = mapped_column(String(36))


class RemoteIdRow(Base):
    """Ids that the cloud gave: of a domain, a project, a router …"""

    __tablename__ = "remote_id"
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(63), primary_key=True)
    key: Mapped[str] = mapped_column(String(63), primary_key=True)
    value: Mapped[str] = mapped_column(String(255))


class DeploymentRow(Base):
    """One change of the cloud: what was planned (digest) and what came of it."""

    __tablename__ = "deployment"
    id: Mapped[int] = mapped_column(primary_key=True)
    system: Mapped[str] = mapped_column(ForeignKey("system.name"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    plan_digest: Mapped[str] = mapped_column(String(64))
    summary: Mapped[dict[str, Any]]
    is_ok: Mapped[bool]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime]


class CheckRunRow(Base):
    """One run of the checks of a system: counts by state, and where its report lies."""

    __tablename__ = "check_run"
    id: Mapped[int] = mapped_column(primary_key=True)
    system: Mapped[str] = mapped_column(ForeignKey("system.name"), index=True)
    summary: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)
