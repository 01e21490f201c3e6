"""Bodies over time: which there were on a day, what they were called, whose each system was, what became of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hatang.model.agency import Agency
from hatang.model.waiver import civil_day
from hatang.registry import tables as t
from hatang.registry.overview import AgencyLine
from hatang.registry.reorganisation_tables import AgencyChangeRow, HandoverRow
from hatang.registry.states import ended, home_of
from hatang.registry.store import Registry
from hatang.registry.unknown import unknown


@dataclass(frozen=True)
class Became:
    """A line of the mapping of codes: the old one, the new one, from which day, by which request and document."""

    day: date
    kind: str
    old: str
    new: str
    request_id: str
    document: str
    systems: tuple[str, ...]  # that went this way


class Succession:
    """What was when."""

    def __init__(self, registry: Registry) -> None:
        self._reading = registry._reading

    def ended(self) -> dict[str, date]:
        """Bodies that are no more, and from which day on."""
        with self._reading() as session:
            return ended(session)

    def as_of(self, day: date) -> list[AgencyLine]:
        """The bodies of a day, by code, as they were then, with the systems that they had then."""
        with self._reading() as session:
            changes = list(session.scalars(select(AgencyChangeRow).order_by(AgencyChangeRow.id)))
            gone, systems = ended(session), _systems(session, day)
            domains = _domains(session)
            found = []
            for row in session.scalars(select(t.AgencyRow)):
                began = _began(row, changes)
                if began <= day and not (row.code in gone and gone[row.code] <= day):
                    spec = next((c.before for c in changes if c.old_code == row.code and c.day > day), row.spec)
                    names = tuple(sorted(n for n, code in systems.items() if code == row.code))
                    found.append(AgencyLine(Agency.model_validate(spec), domains.get(row.code, ""), names))
        return sorted(found, key=lambda line: line.agency.code)

    def agency_of(self, system: str, day: date) -> str | None:
        """Code of the body whose system it was on that day; None: there was no such system then."""
        with self._reading() as session:
            return _systems(session, day).get(system)

    def afar(self, code: str) -> dict[str, str]:
        """Projects of a body's systems that are in the domain of another one, which had them before: their domains."""
        with self._reading() as session:
            domains, found = _domains(session), {}
            for row in session.scalars(select(t.SystemRow).where(t.SystemRow.agency_code == code)):
                project = session.get(t.RemoteIdRow, ("system", row.name, "project_id"))
                if project is not None and (home := home_of(session, row)) != code and home in domains:
                    found[project.value] = domains[home]
            return found

    def history(self, code: str) -> list[Became]:
        """All that led to a body and all that came of it, oldest first. Raises UnknownNameError."""
        with self._reading() as session:
            if session.get(t.AgencyRow, code) is None:
                raise unknown("agency", code, session.scalars(select(t.AgencyRow.code)))
            changes = list(session.scalars(select(AgencyChangeRow)))
            before = _reached(code, [(c.new_code, c.old_code) for c in changes])
            after = _reached(code, [(c.old_code, c.new_code) for c in changes])
            rows = [c for c in changes if c.new_code in before or c.old_code in after]
            return sorted((_became(session, c) for c in rows), key=lambda b: (b.day, b.old, b.new))


def _became(session: Session, row: AgencyChangeRow) -> Became:
    moved = select(HandoverRow.system).where(
        HandoverRow.request_id == row.request_id, HandoverRow.old_code == row.old_code,
        HandoverRow.new_code == row.new_code,
    )  # fmt: skip
    basis: dict[str, Any] = session.get_one(t.RequestRow, row.request_id).spec["basis"]
    return Became(row.day, row.kind, row.old_code, row.new_code, row.request_id, basis["document"],
                  tuple(sorted(session.scalars(moved))))  # fmt: skip


def _reached(start: str, ways: Iterable[tuple[str, str]]) -> set[str]:
    found, ways = {start}, list(ways)
    while more := {b for a, b in ways if a in found} - found:
        found |= more
    return found


def _began(row: t.AgencyRow, changes: Iterable[AgencyChangeRow]) -> date:
    """The first day of a body: that of the reorganisation that made it, or when it was first recorded."""
    rows = list(changes)
    was = {(c.request_id, c.old_code) for c in rows}
    made = [c.day for c in rows if c.new_code == row.code and (c.request_id, row.code) not in was]
    return min(made, default=civil_day(row.created_at))


def _systems(session: Session, day: date) -> dict[str, str]:
    """Systems that were there on a day, and the body whose each was."""
    states: dict[str, str] = {}
    for name, state, at in session.execute(
        select(t.SystemStateRow.system, t.SystemStateRow.state, t.SystemStateRow.created_at)
        .order_by(t.SystemStateRow.id)
    ).tuples():  # fmt: skip
        if civil_day(at) <= day:
            states[name] = state
    whose = {r.name: r.agency_code for r in session.scalars(select(t.SystemRow)) if civil_day(r.created_at) <= day}
    later = select(HandoverRow).where(HandoverRow.day > day).order_by(HandoverRow.id.desc())
    for row in session.scalars(later):  # the earliest one after the day says whose it was until then
        whose[row.system] = row.old_code
    return {name: code for name, code in whose.items() if states.get(name, "removed") != "removed"}


def _domains(session: Session) -> dict[str, str]:
    rows = select(t.RemoteIdRow).where(t.RemoteIdRow.kind == "agency", t.RemoteIdRow.key == "domain_id")
    return {r.name: r.value for r in session.scalars(rows)}
