"""A suspended system on the real cloud: nothing of it is reachable, its agency cannot open it, all of it comes back."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from openstack.connection import Connection
from openstack.exceptions import HttpException

from hatang.provision.provisioner import Provisioner
from hatang.registry import SystemRecord
from tests.integration.provision import driver

NAME = "thu-tam-ngung"


@pytest.fixture(scope="module")
def system(maker: Provisioner) -> Iterator[SystemRecord]:
    """A system in use."""
    record = driver.record(maker, NAME, code="H99.79")
    maker.apply_system(record, maker.plan_system(record))
    yield record
    maker.destroy_system(replace(record, held=True))
    maker.destroy_agency(record.agency)


def _member(maker: Provisioner, cloud: Connection, system: SystemRecord) -> Connection:
    """Somebody whom the agency's manager gave the role of a member again."""
    identity: Any = cloud.identity
    project = identity.get_project(maker.outputs("system", NAME)["project_id"])
    password = secrets.token_urlsafe(12)
    user = identity.create_user(name="nguoi-cua-co-quan", domain_id=project.domain_id, password=password)
    identity.assign_project_role_to_user(project, user, maker.cloud.role_ids["member"])
    return Connection(
        region_name=cloud.config.get_region_name(),
        auth={
            "auth_url": cloud.config.get_auth_args()["auth_url"], "username": user.name, "password": password,
            "user_domain_id": project.domain_id, "project_id": project.id,
        },
    )  # fmt: skip


def _ids(cloud: Connection, project: str) -> dict[str, set[str]]:
    """What must outlive a suspension."""
    return {
        "servers": {s.id for s in cloud.compute.servers(all_projects=True, project_id=project)},
        "volumes": {v.id for v in cloud.block_storage.volumes(all_projects=True) if v.project_id == project},
        "ports": {p.id for p in cloud.network.ports(project_id=project)},
    }


def test_closed_held_closed_and_opened_again(maker: Provisioner, cloud: Connection, system: SystemRecord) -> None:
    project = str(maker.outputs("system", NAME)["project_id"])
    before = _ids(cloud, project)
    assert {len(found) > 0 for found in before.values()} == {True}
    ways = maker.open_ways(system)
    assert {w.split()[0] for w in ways} == {"server", "router", "port"}

    held = replace(system, held=True)
    plan = maker.plan_system(held)
    assert {r["operation"] for r in plan.differences() if r["type"] != "RoleAssignment"} == {"update"}
    maker.apply_system(held, plan)
    assert maker.open_ways(held) == []
    assert _ids(cloud, project) == before
    server = cloud.compute.get_server(next(iter(before["servers"])))
    with _member(maker, cloud, system) as member:
        compute: Any = member.compute
        with pytest.raises(HttpException, match="locked"):
            compute.start_server(server)
    port = next(p for p in cloud.network.ports(project_id=project, device_id=server.id))
    cloud.network.update_port(port, is_admin_state_up=True)  # by hand
    names = [r["name"] for r in maker.plan_system(held).differences()]
    assert names == ["host-app-port"], "the engine's state knows what shall be closed, and nothing else differs"
    assert maker.open_ways(held) == [f"port {NAME}-app is open"]

    resumed = replace(system, state="resuming")
    maker.apply_system(resumed, maker.plan_system(resumed))
    assert maker.open_ways(system) == ways
    assert _ids(cloud, project) == before
    assert set(maker.plan_system(system).changes) == {"same"}
