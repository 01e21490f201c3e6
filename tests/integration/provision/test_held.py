"""A suspended system on the real cloud: nothing of it is reachable, its agency cannot open it, all of it comes back.

Then it is removed: nothing is left of it in any service, compared with a listing from before its agency existed.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any

import pytest
from openstack.connection import Connection
from openstack.exceptions import HttpException

from hatang.provision.holdings import SERVICES
from hatang.provision.provisioner import Provisioner
from hatang.registry import SystemRecord
from tests.integration.provision import driver
from tests.integration.provision.listing import described, everything, secrets_of

pytestmark = pytest.mark.turn("tenancy", "held")
NAME = "thu-tam-ngung"


@pytest.fixture(scope="module")
def before(maker: Provisioner, cloud: Connection) -> set[str]:
    """All that the cloud holds before the agency exists."""
    return everything(cloud)


@pytest.fixture(scope="module")
def system(maker: Provisioner, before: set[str]) -> SystemRecord:
    """A system in use. The last test removes it."""
    record = driver.record(maker, NAME, code="H99.79")
    maker.apply_system(record, maker.plan_system(record))
    return record


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
    ids = _ids(cloud, project)
    assert {len(found) > 0 for found in ids.values()} == {True}
    drives = [str(s.has_config_drive) for s in cloud.compute.servers(all_projects=True, project_id=project)]
    assert drives == ["True"], "where an image reads its addresses, since there is no DHCP"
    ways = maker.open_ways(system)
    assert {w.split()[0] for w in ways} == {"server", "router", "port"}

    held = replace(system, held=True)
    plan = maker.plan_system(held)
    assert {r["operation"] for r in plan.differences() if r["type"] != "RoleAssignment"} == {"update"}
    maker.apply_system(held, plan)
    assert maker.open_ways(held) == []
    assert _ids(cloud, project) == ids
    server = cloud.compute.get_server(next(iter(ids["servers"])))
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
    assert _ids(cloud, project) == ids
    assert set(maker.plan_system(system).changes) == {"same"}


def _by_hand(maker: Provisioner, cloud: Connection) -> None:
    """What an agency may have made itself, in every service that keeps something for a project."""
    project = str(maker.outputs("system", NAME)["project_id"])
    inside = cloud.connect_as_project({"id": project})
    network: Any = cloud.network
    net = network.create_network(name="tu-tao", project_id=project)
    subnet = network.create_subnet(network_id=net.id, ip_version=4, cidr="10.99.0.0/24", project_id=project)
    router = network.create_router(name="tu-tao", project_id=project)
    network.add_interface_to_router(router, subnet_id=subnet.id)
    network.create_security_group(name="tu-tao", project_id=project)
    inside.dns.create_zone(name="tu-tao.vi-du.example.", email="thu@vi-du.example")
    inside.key_manager.create_secret(name="tu-tao", payload="khong-bi-mat", payload_content_type="text/plain")
    image: Any = inside.image
    image.create_image(name="tu-tao", disk_format="raw", container_format="bare", data=b"0" * 512)


def _snapshot(cloud: Connection, project: str) -> None:
    """A snapshot of the system's volume, past the quota, which has no room for one."""
    storage: Any = cloud.block_storage
    volume = next(v for v in storage.volumes(all_projects=True) if v.project_id == project)
    fields = [f"{kind}{of}" for kind in ("gigabytes", "snapshots") for of in ("", f"_{volume.volume_type}")]
    answer = storage.put(f"/os-quota-sets/{project}", json={"quota_set": dict.fromkeys(fields, 10)})
    assert answer.status_code == 200, answer.text
    inside: Any = cloud.connect_as_project({"id": project}).block_storage
    inside.create_snapshot(volume_id=volume.id, name="tu-tao", force=True)


def test_a_service_that_the_region_lacks_is_not_asked(
    maker: Provisioner, cloud: Connection, system: SystemRecord
) -> None:
    project = str(maker.outputs("system", NAME)["project_id"])
    identity: Any = cloud.identity
    lacking = [s.id for s in identity.services() if s.type in ("load-balancer", "dns")]
    hidden = [e for e in identity.endpoints() if e.service_id in lacking]
    assert len(hidden) >= 2
    for endpoint in hidden:
        identity.update_endpoint(endpoint, is_enabled=False)
    try:
        listing = driver.provisioner(maker.settings.state_dir).holdings_of(system, project)
    finally:
        for endpoint in hidden:
            identity.update_endpoint(endpoint, is_enabled=True)
    assert set(SERVICES) - set(listing) == {"load-balancer", "dns"}
    assert {x.kind for x in listing["compute"]} == {"server", "keypair"}


def test_removed_nothing_is_left_in_any_service(
    maker: Provisioner, cloud: Connection, system: SystemRecord, before: set[str]
) -> None:
    project = str(maker.outputs("system", NAME)["project_id"])
    _by_hand(maker, cloud)
    held = replace(system, held=True, leaves=True)
    plan = maker.plan_system(held)
    read = {(r["type"], r["name"]) for r in plan.rows if r["operation"] == "purge"}
    kinds = {kind for kind, name in read if name in ("tu-tao", "tu-tao.vi-du.example.")}
    assert kinds == {"network", "router", "security-group", "zone", "secret", "image"}, "approvers read all"
    maker.apply_system(held, plan)
    assert secrets_of(cloud, project)
    _snapshot(cloud, project)

    going = replace(system, state="purging", held=True)
    maker.purge_system(going, project)
    assert maker.until_empty(going, project) == {s: [] for s in SERVICES}, "asked of each of the nine services"
    maker.purge_system(going, project)  # killed before it was recorded: again, and nothing happens
    maker.destroy_agency(system.agency)
    left = everything(cloud) - before
    assert not left, described(cloud, left)
