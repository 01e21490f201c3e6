"""/v1/systems: list, show, status, the last results of the checks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from fastapi import APIRouter

from hatang.audit.results import CheckRun
from hatang.audit.waivers import applied, standings
from hatang.desk.rows import system_row
from hatang.serve import shapes
from hatang.serve.office import Caller, Here, Office
from hatang.serve.personas import Principal
from hatang.serve.routes import problems
from hatang.workflow.status import system_status

router = APIRouter(prefix="/v1/systems", tags=["systems"])


@router.get("", response_model=shapes.Systems, responses=problems())
def list_systems(here: Here, caller: Caller) -> dict[str, Any]:
    """Systems, by name."""
    lines = [s for s in here.overview.systems(caller.agency) if caller.sees(s.agency, s.name)]
    return {"schema": "hatang.systems/1", "systems": [system_row(s) for s in lines]}


@router.get("/{name}", response_model=shapes.System, responses=problems(404))
def show(here: Here, caller: Caller, name: str) -> dict[str, Any]:
    """One system, in short."""
    return system_row(here.system(caller, name))


@router.get("/{name}/status", response_model=shapes.Status, responses=problems(404))
def status(here: Here, caller: Caller, name: str) -> dict[str, Any]:
    """Where a system stands, step by step, and what it waits for."""
    line = here.system(caller, name)
    found = system_status(here.settings, here.registry, line.name)
    if caller.agency is not None:
        found = _for_agency(found)
    return {"schema": "hatang.system-status/1", **found}


def _for_agency(found: dict[str, Any]) -> dict[str, Any]:
    """Without the texts of errors: they tell of machines, folders and networks of the platform."""
    failed = [s["name"] for s in found["steps"] if s["state"] == "failed"]
    steps = [s | {"detail": ""} for s in found["steps"]]
    waits = f"{failed[0]}: the platform engineers see why" if failed else found["waits_for"]
    if found["queue"] == "running":
        waits = "a worker, which works on it"
    return found | {"steps": steps, "waits_for": waits, "bastion_address": "", "worker": ""}


@router.get("/{name}/results", response_model=shapes.Results, responses=problems(404))
def results(here: Here, caller: Caller, name: str) -> dict[str, Any]:
    """What the last run of the checks found, with the waivers that hold today."""
    line = here.system(caller, name)
    last = here.registry.last_check_run(line.name)
    rows = _found(here, caller, line.name, last) if last else None
    return {
        "schema": "hatang.check-results/1", "system": line.name, "at": last["at"] if last else None,
        "counts": (last or {}).get("counts", {}), "results": rows,
    }  # fmt: skip


def _found(here: Office, caller: Principal, name: str, last: dict[str, Any]) -> list[dict[str, Any]] | None:
    try:
        run = CheckRun.read(Path(last["report"]))
    except (OSError, KeyError, TypeError, ValueError):  # on another machine, or gone
        return None
    mine = [r for r in run.results if r.system == name]
    judged = applied(mine, standings(here.registry), {name: here.registry.system(name)})
    fields = shapes.Found.model_fields
    rows = [{k: v for k, v in r.as_dict().items() if k in fields} for r in (replace(r, detail=r.told) for r in judged)]
    return rows if caller.agency is None else [_without_places(r) for r in rows]


def _without_places(row: dict[str, Any]) -> dict[str, Any]:
    """A check that broke tells of the platform's machines; what a check found tells of the agency's own."""
    return row | {"detail": ""} if row["state"] == "not-checked" else row
