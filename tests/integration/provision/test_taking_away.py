"""Hosts of a system go on the real cloud: their volumes are lost or kept as was said, and come back with their host."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from openstack.connection import Connection

from hatang.catalogue.zones import zone_matrix
from hatang.errors import RefusedError
from hatang.provision import deletion
from hatang.provision.effects import Data, effects
from hatang.provision.provisioner import Provisioner
from hatang.registry import SystemRecord
from hatang.registry.addresses import resized
from tests.integration.provision import driver
from tests.servers import take_away

pytestmark = pytest.mark.turn("tenancy", "hosts")

NAME = "bot-may"
APP, DB = ({"name": n, "zone": "application", "volume_gib": 1} for n in ("app", "db"))


@pytest.fixture(scope="module")
def system(maker: Provisioner, cloud: Connection) -> Iterator[SystemRecord]:
    """A system of two hosts with a volume each, applied."""
    record = driver.record(maker, NAME, code="H99.80", hosts=[APP, DB])
    maker.apply_system(record, maker.plan_system(record))
    yield record
    take_away(cloud, NAME)


def asked(record: SystemRecord, *hosts: dict[str, Any], kept: tuple[str, ...] = ()) -> SystemRecord:
    """The system with exactly these hosts and volumes without a host, as a change that has begun wants it."""
    volumes = [{"host": name, "volume_gib": 1} for name in kept]
    data = record.spec.model_dump(mode="json") | {"hosts": hosts, "kept_volumes": volumes}
    spec = type(record.spec).model_validate(data)
    assert record.allocation is not None
    allocation = resized(record.allocation, spec, zone_matrix().zones(spec.level, spec.document_storage))
    return replace(record, spec=spec, allocation=allocation, state="changing")


def volumes(cloud: Connection) -> dict[str, tuple[str, list[str]]]:
    """Id of each volume of the system, and the names of the servers that it is attached to, by name."""
    servers = {s.id: s.name for s in cloud.compute.servers(all_projects=True)}
    return {
        v.name: (v.id, [servers[a["server_id"]] for a in v.attachments])
        for v in cloud.block_storage.volumes(all_projects=True)
        if v.name.startswith(f"{NAME}-")
    }


def limits(maker: Provisioner, cloud: Connection) -> tuple[int, int]:
    """Servers and volumes that the project may have."""
    project = maker.outputs("system", NAME)["project_id"]
    compute: Any = cloud.compute
    storage: Any = cloud.block_storage
    return compute.get_quota_set(project).instances, storage.get_quota_set(project).volumes


def test_a_volume_with_a_snapshot_stops_the_plan_before_anything_is_changed(
    maker: Provisioner, system: SystemRecord, cloud: Connection
) -> None:
    project = maker.outputs("system", NAME)["project_id"]
    storage: Any = cloud.connect_as_project({"id": project}).block_storage
    before = volumes(cloud)
    own = maker.site.volume_type(system.spec.level).name
    quotas: Any = cloud.block_storage
    quotas.update_quota_set(project, **dict.fromkeys(("gigabytes", f"gigabytes_{own}"), 3))  # snapshots count too
    made = storage.create_snapshot(volume_id=before[f"{NAME}-db-data"][0], name="ban-chup", is_forced=True)
    storage.wait_for_status(made, "available", ["error"], interval=0.3, wait=60)
    try:
        with pytest.raises(RefusedError, match=r"host-db-volume: snapshot ban-chup"):
            maker.plan_system(asked(system, APP))
    finally:
        storage.delete_snapshot(made)
        storage.wait_for_delete(made, interval=0.3, wait=60)
    assert volumes(cloud) == before


def test_a_host_goes_and_its_volume_stays(maker: Provisioner, system: SystemRecord, cloud: Connection) -> None:
    before = volumes(cloud)
    # As where BKP-13 holds, also when nothing that is left demands it: the engine must be let at what goes.
    assert deletion.hold(cloud, str(maker.outputs("system", NAME)["project_id"])) == 2
    wanted = asked(system, APP, kept=("db",))
    plan = maker.plan_system(wanted)
    found = effects(plan.differences())
    assert [(e.act, e.names) for e in found if e.kind == "server"] == [("gone", ("db",))]
    assert not [e for e in found if e.kind == "volume"], "it is the same volume as before"
    assert maker.apply_system(wanted, plan).changes["delete"] >= 2
    after = volumes(cloud)
    assert after == {
        f"{NAME}-app-data": before[f"{NAME}-app-data"],
        f"{NAME}-db-data": (before[f"{NAME}-db-data"][0], []),
    }
    assert limits(maker, cloud) == (1, 2)


def test_a_host_comes_back_to_its_volume_while_another_one_goes_with_its_data(
    maker: Provisioner, system: SystemRecord, cloud: Connection
) -> None:
    """The quota has room for one server: one goes before the other comes, and the volume that waits is not touched."""
    before = volumes(cloud)
    wanted = asked(system, DB)
    plan = maker.plan_system(wanted)
    found = effects(plan.differences())
    assert {(e.kind, e.act, e.names) for e in found if e.data is Data.LOST} == {
        ("server", "gone", ("app",)), ("volume", "gone", ("app",)),
    }  # fmt: skip
    maker.apply_system(wanted, plan)
    assert volumes(cloud) == {f"{NAME}-db-data": (before[f"{NAME}-db-data"][0], [f"{NAME}-db"])}
    assert limits(maker, cloud) == (1, 1)
    assert maker.plan_system(wanted).differences() == []
