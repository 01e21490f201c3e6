"""Systems of other levels than that of the mutations, as the stacks make them: no check of the cloud finds a fault."""

from __future__ import annotations

from typing import Any

import pytest
from openstack.connection import Connection

from hatang.audit.runner import check
from hatang.model.terms import ResultState
from hatang.registry import Registry
from hatang.sandbox.lifecycle import Sandbox
from tests.integration.provision import driver
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
    maker = driver.provisioner(sandbox.state)
    maker.apply_site()
    record = driver.record(maker, name, code=f"H99.7{level}", level=level, **more)
    maker.apply_system(record, maker.plan_system(record))
    registry = Registry.open(maker.settings.registry)
    agency = maker.outputs("agency", record.agency.slug)
    registry.record_remote_ids("system", name, {"project_id": maker.outputs("system", name)["project_id"]})
    registry.record_remote_ids("agency", record.agency.code, {k: v for k, v in agency.items() if isinstance(v, str)})
    run = check(maker.settings, maker.site, [record], ())
    take_away(cloud, name)
    assert {r.control: r.detail for r in run.not_met()} == {}
    assert {r.control for r in run.results if r.state in (ResultState.MET, ResultState.PARTLY)} >= judged
