"""Systems of other levels than that of the mutations, as the stacks make them: no check of the cloud finds a fault."""

from __future__ import annotations

from typing import Any

import pytest
from openstack.connection import Connection

from hatang.model.terms import ResultState
from hatang.sandbox.lifecycle import Sandbox
from tests.prove.cloud_place import Site
from tests.servers import take_away

# Controls whose check the level must have run, beside those of every level.
LEVELS: dict[str, tuple[int, dict[str, Any], set[str]]] = {
    "cap-mot": (1, {}, {"AUT-09", "TSL-03"}),
    "cap-hai": (2, {"environment": "test"}, {"DAT-02", "BKP-06"}),
    "cap-ba": (3, {"public": True, "document_storage": True}, {"DAT-04", "DEV-04", "LOG-17", "SAC-08", "TSL-02"}),
}  # fmt: skip


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.turn("tenancy", name)) for name in LEVELS])
def test_no_fault_in_a_system_as_the_stacks_make_it(sandbox: Sandbox, cloud: Connection, name: str) -> None:
    level, more, judged = LEVELS[name]
    place = Site(sandbox.state, cloud, name, f"H99.7{level}", {"level": level, **more})
    run = place.check()
    take_away(cloud, name)
    assert {r.control: r.detail for r in run.not_met()} == {}
    assert {r.control for r in run.results if r.state in (ResultState.MET, ResultState.PARTLY)} >= judged
