"""The quota ceiling of an agency: what all its systems may take together. Keystone and Nova have no place for it.

A request may state a ceiling, or some fields of it; they hold once the request is approved, since that is what the
approver allowed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from sqlalchemy.orm import Session

from hatang.errors import InputError, InputErrors, QuotaError
from hatang.model.agency import Agency, QuotaCeiling
from hatang.model.lifecycle import Act
from hatang.model.needs import UNITS, needs
from hatang.model.request import RequestFile
from hatang.model.site import Site
from hatang.model.system import System
from hatang.registry import tables as t
from hatang.registry.cases import case_of


def as_kept(file: RequestFile) -> dict[str, Any]:
    """A request as the registry keeps it: of the ceiling only the fields that it states."""
    spec = file.model_dump(mode="json")
    spec["agency"]["ceiling"] = file.agency.ceiling.model_dump(exclude_unset=True)
    return spec


def take_over(session: Session, request: t.RequestRow) -> None:
    """What this request states of the ceiling is the agency's from now on."""
    row = session.get_one(t.AgencyRow, request.agency_code)
    row.spec = {**row.spec, "ceiling": _with_stated(row, request).model_dump(mode="json")}


def in_force(session: Session, request: t.RequestRow) -> QuotaCeiling:
    """The ceiling that a request is measured against: the agency's, before its approval with what it states itself."""
    agency = _agency(session, request)
    approved = any(e.act is Act.APPROVE for e in case_of(session, request).round)
    return Agency.model_validate(agency.spec).ceiling if approved else _with_stated(agency, request)


def _agency(session: Session, request: t.RequestRow) -> t.AgencyRow:
    """The agency whose system it is today: since the request it may have become another's."""
    system = session.get(t.SystemRow, request.spec["system"]["name"])
    return session.get_one(t.AgencyRow, system.agency_code if system else request.agency_code)


def _with_stated(agency: t.AgencyRow, request: t.RequestRow) -> QuotaCeiling:
    return QuotaCeiling.model_validate({**agency.spec["ceiling"], **request.spec["agency"].get("ceiling", {})})


def check(
    session: Session, system: System, request: t.RequestRow, others: Sequence[System], site: Site | None,
    asked: Mapping[str, System] = MappingProxyType({}),
) -> None:  # fmt: skip
    """Does the agency of a system stay within its ceiling, with this system as the request wants it and these others?

    Args:
        site: without it the sizes of flavors are not known, so hosts and block storage alone are measured.
        asked: others, by name, as a request that is under way wants them; of each the greater need counts.

    Raises:
        QuotaError, InputErrors: it does not; every field that is passed is named.
    """
    agency = _agency(session, request).code
    ceiling = in_force(session, request).model_dump()
    names = ", ".join(s.name for s in others)
    faults: list[InputError] = [
        QuotaError(
            f"system {system.name}{' with ' if names else ''}{names} takes {taken} {UNITS[field]}; "
            f"agency {agency} has {ceiling[field]}",
            where=f"registry, agency {agency}, ceiling.{field}",
            do="ask for less, remove a system that is no longer needed (hatang system destroy NAME --yes), "
            f"or have a request approved that states a higher agency.ceiling.{field}",
        )
        for field, taken in _taken(system, others, asked, site).items()
        if taken > ceiling[field]
    ]
    if faults:
        raise faults[0] if len(faults) == 1 else InputErrors(faults)


def _taken(
    system: System, others: Sequence[System], asked: Mapping[str, System], site: Site | None
) -> dict[str, int]:  # fmt: skip
    found = dict(needs([system], site))
    for other in others:
        now, then = needs([other], site), needs([asked.get(other.name, other)], site)
        found = {field: count + max(now[field], then[field]) for field, count in found.items()}
    return found
