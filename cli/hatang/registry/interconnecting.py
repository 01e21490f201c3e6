"""Ways between systems in the registry: handed in and resolved, begun, listed by system, ended."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from hatang.errors import InputErrors
from hatang.model.agency import Agency
from hatang.model.authority import is_operator
from hatang.model.case import Case, Event
from hatang.model.change import Difference
from hatang.model.interconnect import Interconnect, InterconnectFile
from hatang.model.lifecycle import Act, RequestState, Role, find
from hatang.model.site import Site
from hatang.model.waiver import civil_day
from hatang.registry import reorganising
from hatang.registry import tables as t
from hatang.registry.cases import add, case_of
from hatang.registry.crossing import Resolver
from hatang.registry.interconnect_tables import InterconnectRow
from hatang.registry.states import state_of
from hatang.registry.tables import now

GONE = ("purging", "removed")


def as_drafted(file: InterconnectFile) -> dict[str, Any]:
    """A request as the registry keeps it before it is handed in: nothing is resolved."""
    none = {"name": "", "level": None, "operator": ""}
    return {
        **file.model_dump(mode="json", by_alias=True), "agency": {"code": file.agency}, "system": none, "owners": [],
        "agencies": [file.agency], "interconnect": None,
    }  # fmt: skip


def take(
    session: Session, row: t.RequestRow, file: InterconnectFile, site: Site | None, open_: Iterable[t.RequestRow]
) -> None:
    """Resolve a way that is handed in, and keep that with the request.

    Args:
        site: its address plan has the interconnect network of the branch.
        open_: requests that are under way.

    Raises:
        InputErrors: every fault, with the field.
        RefusedError: one of the bodies is being reorganised.
    """
    resolver = Resolver(session, site, civil_day(now()))
    made = resolver.made(row.id, file)
    if resolver.faults or made is None or site is None:
        raise InputErrors(resolver.faults)
    ends = resolver.ends
    others = [other for other in open_ if other.id != row.id]
    for code in sorted({e.agency_code for e in ends}):
        reorganising.refuse_touched(session, code, others)
    specs = [e.spec for e in ends]
    row.operates = any(is_operator(site.specialised_unit, s.operator) for s in specs)
    system = {"name": "", "level": max(int(s.level) for s in specs), "operator": ""}
    row.spec = {
        **row.spec, "system": system, "owners": sorted({s.owner for s in specs}),
        "agencies": sorted({e.agency_code for e in ends}), "interconnect": made.model_dump(mode="json"),
    }  # fmt: skip
    session.flush()


def is_same(row: t.RequestRow, file: InterconnectFile) -> bool:
    """Whether a request is about a way between the same two systems."""
    return (row.spec["from"]["system"], row.spec["to"]["system"]) == (file.from_.system, file.to.system)


def ended_before(session: Session, file: InterconnectFile) -> str:
    """Tells requests by the same file apart: one that has ended is not the one that is asked for after it."""
    query = select(t.RequestRow).where(t.RequestRow.kind == file.kind)
    same = [row for row in session.scalars(query) if is_same(row, file)]
    return ",".join(sorted(r.id for r in same if case_of(session, r).state is RequestState.REMOVED))


def begin(session: Session, row: t.RequestRow) -> None:
    """From now on the way is wanted. Said before: nothing more."""
    made = Interconnect.model_validate(row.spec["interconnect"])
    if session.get(InterconnectRow, row.id) is None:
        session.add(InterconnectRow(
            request_id=row.id, from_system=made.source.system, to_system=made.destination.system, until=made.until,
        ))  # fmt: skip


def of_system(session: Session, name: str, *, level: int | None = None) -> tuple[Interconnect, ...]:
    """Ways to and from a system that were ever begun, by id, each with why it holds no more.

    Args:
        level: that the system shall have; None: as it is.
    """
    at_either = or_(InterconnectRow.from_system == name, InterconnectRow.to_system == name)
    ids = sorted(session.scalars(select(InterconnectRow.request_id).where(at_either)))
    levels = {name: level} if level is not None else {}
    return tuple(resolved(session, session.get_one(t.RequestRow, i), levels=levels) for i in ids)


def resolved(
    session: Session, row: t.RequestRow, *, levels: dict[str, int] | None = None, today: date | None = None
) -> Interconnect:
    """A way as it was decided, with why it holds no more."""
    made = Interconnect.model_validate(row.spec["interconnect"])
    case = case_of(session, row)
    return made.model_copy(update={"lapsed": _lapsed(session, case, made, levels or {}, today or civil_day(now()))})


def _lapsed(session: Session, case: Case, made: Interconnect, levels: dict[str, int], today: date) -> str:
    if case.state is RequestState.REMOVED:
        return f"ended on {civil_day(case.events[-1].at)}"
    if made.until < today:
        return f"expired on {made.until}"
    for end in (made.source, made.destination):
        system = session.get_one(t.SystemRow, end.system)
        if state_of(session, end.system) in GONE:
            return f"system {end.system} is removed"
        if (level := levels.get(end.system, system.level)) != end.level:
            return f"level of {end.system} is {level}, was {end.level}"
    return ""


def end_all(session: Session, system: str, why: str) -> None:
    """No way to or from this system is wanted any more; what leads to the other systems is closed there."""
    for way in of_system(session, system):
        row = session.get_one(t.RequestRow, way.id)
        case = case_of(session, row)
        if find(case.kind, case.state, Act.END):
            add(session, row, case, Event(Act.END, Role.HATANG, note=why))


def differences(session: Session, row: t.RequestRow) -> list[Difference]:
    """Old against new in words; none once it has begun."""
    if session.get(InterconnectRow, row.id) is not None or row.spec["interconnect"] is None:
        return []
    made = Interconnect.model_validate(row.spec["interconnect"])
    found = [Difference("interconnect", "", made.told, True)]
    for field, end in (("from", made.source), ("to", made.destination)):
        agency = Agency.model_validate(
            session.get_one(t.AgencyRow, session.get_one(t.SystemRow, end.system).agency_code).spec
        )
        told = f"{agency.code} {end.system}/{end.zone.value}: {', '.join(str(n) for n in end.networks)}"
        found.append(Difference(f"interconnect.{field}", "", told, True))
    found.append(Difference("interconnect.until", "", made.until.isoformat(), True))
    return [*found, *(Difference(f"interconnect.{f}", "", row.spec[f], True) for f in ("reason", "legal_ground"))]
