"""What removed systems had rests: addresses, servers' names and the system's own name, until a day.

Nothing is copied. The rows that give a system its addresses and names stay, so the constraints that keep two systems
apart keep a new one from them too; when the day has come, the next writer who looks for something free lets them go.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from hatang.errors import RefusedError
from hatang.model.waiver import civil_day
from hatang.registry import addresses, names, published
from hatang.registry import tables as t
from hatang.registry.removal_tables import QuarantineRow
from hatang.registry.states import state_of
from hatang.registry.tables import now


def rest(session: Session, system: str, project_id: str, until: datetime) -> None:
    """From now on the addresses and names of a removed system rest until then. Resting already: that stays."""
    if session.get(QuarantineRow, system) is None:
        session.add(QuarantineRow(system=system, project_id=project_id, until=until))
        session.flush()


def expire(session: Session, at: datetime | None = None) -> list[str]:
    """Let go what has rested long enough; returns the systems."""
    at = at or now()
    published.expire(session, at)
    due = sorted(session.scalars(select(QuarantineRow.system).where(QuarantineRow.until <= at)))
    for system in due:
        addresses.release(session, system)
        names.release(session, system)
    session.execute(delete(QuarantineRow).where(QuarantineRow.system.in_(due)))
    session.flush()
    return due


def refuse_resting(session: Session, system: str) -> None:
    """Raises RefusedError when the name of a system rests. `expire` comes first."""
    row = session.get(QuarantineRow, system)
    if row is not None:
        raise RefusedError(
            f"the name {system} rests until {civil_day(row.until)}: a system of that name was removed",
            where=f"registry, system {system}", do="choose another name, or ask again after that day",
        )  # fmt: skip


def keep(session: Session, system: str) -> None:
    """A removal is called off: the system stays, suspended. Raises RefusedError: its deletion has begun."""
    if (state := state_of(session, system)) != "removing":
        raise RefusedError(
            f"system {system} is {state}; it cannot be kept any more", where=f"registry, system {system}",
            do=f"see where it stands: hatang system status {system}",
        )  # fmt: skip
    session.add(t.SystemStateRow(system=system, state="suspended"))
