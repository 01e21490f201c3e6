"""/v1/controls: the catalogue, the same for everybody who is somebody here."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from hatang.catalogue import load
from hatang.catalogue.resolver import resolve
from hatang.catalogue.strictest import is_demanded
from hatang.model.control import Control
from hatang.model.terms import Level, applying
from hatang.serve import shapes
from hatang.serve.office import Caller
from hatang.serve.problems import missing
from hatang.serve.routes import problems

router = APIRouter(prefix="/v1/controls", tags=["controls"])
AtLevel = Annotated[int | None, Query(ge=1, le=5)]


@router.get("", response_model=shapes.Controls, responses=problems())
def list_controls(
    caller: Caller, level: AtLevel = None, document_storage: bool = False, demanded: bool = False
) -> dict[str, Any]:
    """Controls; with a level, each with the value in force there; `demanded`: only what is demanded at that level."""
    rows = [_row(c, level, document_storage) for c in load().controls.values()]
    if level and demanded:
        rows = [r for r in rows if is_demanded(r["resolved"]["value"])]
    return {"schema": "hatang.controls/1", "level": level, "total": len(rows), "controls": rows}


@router.get("/{control_id}", response_model=shapes.OneControl, responses=problems(404))
def show(caller: Caller, control_id: str, level: AtLevel = None, document_storage: bool = False) -> dict[str, Any]:
    """One control."""
    found = load().controls.get(control_id)
    if found is None:
        raise missing("control")
    return {"schema": "hatang.control/1", "control": _row(found, level, document_storage)}


def _row(control: Control, level: int | None, document_storage: bool) -> dict[str, Any]:
    row = control.model_dump(mode="json")
    if level:
        row["resolved"] = resolve(control, Level(level), applying(document_storage)).model_dump(mode="json")
    return row
