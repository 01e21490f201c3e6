"""The first step of the workflow: a request that is right by itself may still be too much for its agency."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hatang import settings
from hatang.errors import QuotaError
from hatang.inputs import load_request, load_site
from hatang.model.agency import QuotaCeiling
from hatang.model.needs import needs
from hatang.model.request import RequestFile
from hatang.workflow import steps
from hatang.workflow.context import Context

ROOT = Path(__file__).resolve().parents[3]
SITE = load_site(ROOT / "inventories/example/site.yaml")
REQUEST, _TEXT = load_request(ROOT / "inventories/example/requests/one-stop.yaml", SITE)
ONE = needs([REQUEST.system], SITE)


def asked(name: str, **ceiling: int) -> RequestFile:
    agency = REQUEST.agency.model_copy(update={"ceiling": QuotaCeiling(**ceiling)})
    system = REQUEST.system.model_copy(update={"name": name})
    return REQUEST.model_copy(update={"agency": agency, "system": system})


def validate(context: Context, name: str) -> dict[str, Any]:
    return steps.validate_record(context, context.registry.system(name))


@pytest.fixture
def context(tmp_path: Path) -> Context:
    return Context(settings.load(state_dir=tmp_path), SITE)


def test_systems_of_one_agency_together_stay_below_its_ceiling(context: Context) -> None:
    limit = ONE["vcpus"] + 1
    for name in ("mot", "hai"):
        context.registry.submit(asked(name, vcpus=limit), name)  # without the site vCPU are not measured
    validate(context, "mot")
    steps.allocated(context, "mot")
    with pytest.raises(QuotaError, match=f"system hai with mot takes {2 * ONE['vcpus']} vCPU; agency .* has {limit}"):
        validate(context, "hai")
    assert context.registry.system("hai").allocation is None
    context.registry.set_system_state("mot", "removed")
    validate(context, "hai")


def test_a_ceiling_that_is_just_enough_is_enough(context: Context) -> None:
    context.registry.submit(asked("mot", hosts=ONE["hosts"], vcpus=ONE["vcpus"], ram_gib=ONE["ram_gib"]), "mot")
    assert validate(context, "mot")["level"] == int(REQUEST.system.level)
