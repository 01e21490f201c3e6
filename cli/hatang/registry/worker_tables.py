"""Tables of the workers: who lives, who holds what, and what all of them must share."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from hatang.registry.tables import Base


class LeaseRow(Base):
    """Who may work on a system. The token only ever grows: who holds an older one is fenced off."""

    __tablename__ = "lease"
    __table_args__ = (CheckConstraint("token > 0", name="token"),)
    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    token: Mapped[int] = mapped_column(BigInteger)
    machine: Mapped[str] = mapped_column(String(255))
    boot: Mapped[str] = mapped_column(String(80))  # of the kernel and the process namespace that the pid belongs to
    pid: Mapped[int]  # 0: given back
    ticks: Mapped[int] = mapped_column(BigInteger)  # when that process began; pids are used again
    taken_at: Mapped[datetime]
    beaten_at: Mapped[datetime]


class WorkerRow(Base):
    """A worker, from its start on."""

    __tablename__ = "worker"
    id: Mapped[str] = mapped_column(String(120), primary_key=True)
    machine: Mapped[str] = mapped_column(String(255))
    pid: Mapped[int]
    started_at: Mapped[datetime]
    beaten_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    doing: Mapped[str] = mapped_column(String(31), default="")  # the system that it works on


class SharedRow(Base):
    """What the state folder of every worker must answer to: a mark that lies in it, a proof of its passphrase."""

    __tablename__ = "shared"
    name: Mapped[str] = mapped_column(String(16), primary_key=True)
    mark: Mapped[str] = mapped_column(String(64))
    proof: Mapped[str] = mapped_column(String(128))
