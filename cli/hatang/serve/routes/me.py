"""/v1/me: who the caller is here."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from hatang.serve import shapes
from hatang.serve.office import Caller
from hatang.serve.routes import problems

router = APIRouter(prefix="/v1/me", tags=["me"])


@router.get("", response_model=shapes.Me, responses=problems())
def me(caller: Caller) -> dict[str, Any]:
    """The person and the personas that a token gives."""
    return {
        "schema": "hatang.me/1", "person": caller.shown, "personas": sorted(caller.personas),
        "bodies": sorted(caller.bodies), "agency": caller.agency, "system": caller.system,
    }  # fmt: skip
