"""/v1/agencies: an agency sees itself, the site's own staff all."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from hatang.desk.rows import agency_row
from hatang.registry.overview import AgencyLine
from hatang.serve import shapes
from hatang.serve.office import Caller, Here
from hatang.serve.personas import Principal
from hatang.serve.problems import missing
from hatang.serve.routes import problems

router = APIRouter(prefix="/v1/agencies", tags=["agencies"])


@router.get("", response_model=shapes.Agencies, responses=problems())
def list_agencies(here: Here, caller: Caller) -> dict[str, Any]:
    """Agencies, by code."""
    rows = [_row(line, caller) for line in here.overview.agencies(caller.agency)]
    return {"schema": "hatang.agencies/1", "agencies": rows}


@router.get("/{code}", response_model=shapes.OneAgency, responses=problems(404))
def show(here: Here, caller: Caller, code: str) -> dict[str, Any]:
    """One agency."""
    found = here.overview.agencies(code) if caller.sees(code, caller.system) else []
    if not found:
        raise missing("agency")
    return {"schema": "hatang.agency/1", "agency": _row(found[0], caller)}


def _row(line: AgencyLine, caller: Principal) -> dict[str, Any]:
    row = agency_row(line)
    return row | {"systems": [s for s in row["systems"] if caller.sees(line.agency.code, s)]}
