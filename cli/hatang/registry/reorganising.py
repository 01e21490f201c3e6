"""Reorganisations in the registry: handed in, begun, carried over system by system, ended."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hatang.errors import InputError, InputErrors, RefusedError
from hatang.model.change import Difference
from hatang.model.lifecycle import RequestKind
from hatang.model.reorganisation import Reorganisation
from hatang.model.site import Site
from hatang.registry import tables as t
from hatang.registry.arrangement import Arrangement, arrange
from hatang.registry.reorganisation_tables import AgencyChangeRow, HandoverRow
from hatang.registry.states import ended

KIND = "reorganise"


def as_drafted(file: Reorganisation) -> dict[str, Any]:
    """A reorganisation as the registry keeps it before it is handed in: it names no single system."""
    none = {"name": "", "level": None, "operator": ""}
    nothing: dict[str, list[str]] = {"successors": [], "ended": [], "changes": [], "handovers": []}
    return {**file.model_dump(mode="json"), "agency": {"code": file.agency}, "system": none, "owners": [],
            "arranged": nothing}  # fmt: skip


def take(
    session: Session, row: t.RequestRow, file: Reorganisation, site: Site | None, open_: Iterable[t.RequestRow]
) -> None:
    """Resolve a reorganisation that is handed in, and keep that with the request.

    Args:
        open_: requests that are under way.

    Raises:
        InputErrors: every fault, with the field.
    """
    made = arrange(session, file, site)
    faults = []
    touched = {code: f"moves.{i}.predecessors.{j}" for i, m in enumerate(file.moves)
               for j, code in enumerate(m.predecessors)}  # fmt: skip
    for other in open_:
        if other.id == row.id:
            continue
        for code in sorted(codes_of(other) & set(touched)):
            faults.append(InputError(
                f"request {other.id} ({other.kind}) of {code} is under way", where=touched[code],
                do=f"let it be carried out, rejected or returned first: hatang request show {other.id}",
            ))  # fmt: skip
    if faults:
        raise InputErrors(faults)
    system = {"name": "", "level": made.level, "operator": ""}
    row.spec = {**row.spec, "system": system, "owners": list(made.owners), "arranged": made.as_kept()}
    session.flush()


def codes_of(row: t.RequestRow) -> set[str]:
    """Bodies that a request is about."""
    if row.kind == RequestKind.INTERCONNECT:
        return set(row.spec["agencies"])
    if row.kind != KIND:
        return {row.agency_code}
    moves = row.spec["moves"]
    return {c for m in moves for c in m["predecessors"]} | {s["code"] for m in moves for s in m["successors"]}


def refuse_touched(session: Session, code: str, open_: Iterable[t.RequestRow]) -> None:
    """Nothing is asked for a body that is no more, or is being reorganised. Raises InputError, RefusedError."""
    if day := ended(session).get(code):
        new = sorted(set(session.scalars(select(AgencyChangeRow.new_code).where(AgencyChangeRow.old_code == code))))
        raise InputError(f"body {code} ended on {day}; its successors: {', '.join(new)}", where="agency.code",
            do="write the code of the successor whose system it is")  # fmt: skip
    for other in open_:
        if other.kind == KIND and code in codes_of(other):
            raise RefusedError(f"body {code} is being reorganised by request {other.id}",
                where=f"registry, request {other.id}",
                do="ask when that is over, or have it returned first")  # fmt: skip


def differences(session: Session, row: t.RequestRow) -> list[Difference]:
    """Old against new in words; none once it is over."""
    made, found = Arrangement.of(row.spec), []
    if session.scalars(select(AgencyChangeRow.id).where(AgencyChangeRow.request_id == row.id).limit(1)).first():
        return []
    heirs: dict[str, list[str]] = {}
    for _kind, old, new in made.changes:
        heirs.setdefault(old, []).append(new)
    for code in made.ended:
        found.append(Difference(f"agency.{code}.state", "in being", f"ended: {', '.join(heirs[code])}", True))
    for agency in made.successors:
        there = session.get(t.AgencyRow, agency.code)
        was: dict[str, Any] = there.spec if there else {}
        now = agency.model_dump(mode="json")
        for field in ("name", "tier", "contact", "ceiling"):
            if was.get(field) != now[field]:
                place = f"agency.{agency.code}.{field}"
                found.append(Difference(place, _said(was.get(field)), _said(now[field]), True))
    found += [Difference(f"system.{s}.agency", old, new, True) for s, old, new in made.handovers]
    return found


def _said(value: Any) -> str:
    if isinstance(value, dict):
        return value["vi"] if "vi" in value else ", ".join(f"{k} {n}" for k, n in value.items())
    return "" if value is None else str(value)


def begin_agencies(session: Session, made: Arrangement) -> None:
    """Bodies that come are known from now on, as they shall be. Known already: what they were stays until the end."""
    for agency in made.successors:
        if session.get(t.AgencyRow, agency.code) is None:
            session.add(t.AgencyRow(code=agency.code, branch=agency.branch.value, spec=agency.model_dump(mode="json")))


def hand_over(session: Session, request_id: str, made: Arrangement, system: str) -> None:
    """A system is its successor's from now on. Said before: nothing more."""
    old, new = next((o, n) for s, o, n in made.handovers if s == system)
    row = session.get_one(t.SystemRow, system)
    if row.agency_code == new:
        return
    row.agency_code = new
    session.add(HandoverRow(request_id=request_id, system=system, old_code=old, new_code=new, day=made.day))


def end_agencies(session: Session, request_id: str, made: Arrangement) -> None:
    """The mapping of codes is written down, and what successors that were there before are from now on."""
    there = select(AgencyChangeRow.id).where(AgencyChangeRow.request_id == request_id).limit(1)
    if session.scalars(there).first() is not None:
        return
    specs = {code: session.get_one(t.AgencyRow, code).spec for _k, code, _n in made.changes}
    for kind, old, new in made.changes:
        session.add(AgencyChangeRow(
            request_id=request_id, kind=kind, old_code=old, new_code=new, day=made.day, before=specs[old],
        ))  # fmt: skip
    for agency in made.successors:
        session.get_one(t.AgencyRow, agency.code).spec = agency.model_dump(mode="json")
