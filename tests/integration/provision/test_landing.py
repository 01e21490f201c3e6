"""The landing: room for more systems than the services' own quotas would let it, and whose addresses are whose."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from openstack.connection import Connection

from hatang import settings
from hatang.errors import RefusedError
from hatang.model.site import Site
from hatang.provision.engine import Stack
from hatang.provision.provisioner import Provisioner
from hatang.provision.state import NETWORK, PROJECT
from hatang.sandbox.lifecycle import Sandbox
from tests.integration.provision import driver

NOVA_OWN = 100  # keypairs to a user, unless a quota says otherwise


@pytest.fixture
def keys(cloud: Connection) -> Iterator[list[str]]:
    """Names of keypairs to be made; they go afterwards."""
    names = [f"nhieu-he-thong-{i}" for i in range(NOVA_OWN + 1)]
    yield names
    for name in names:
        cloud.compute.delete_keypair(name, ignore_missing=True)


@pytest.mark.turn("landing", "keypairs")
def test_the_hundred_and_first_system_still_gets_its_keypair(
    maker: Provisioner, cloud: Connection, keys: list[str]
) -> None:
    compute: Any = cloud.compute
    before = compute.get_quota_set(cloud.current_project_id).to_dict()
    for name in keys:
        compute.create_keypair(name=name)
    assert len({k.name for k in compute.keypairs()} & set(keys)) == NOVA_OWN + 1
    assert before["key_pairs"] == -1
    assert before["instances"] != -1, "only what systems share is without bound"


def test_the_bastion_project_has_no_bound_on_routers_legs(maker: Provisioner, cloud: Connection) -> None:
    network: Any = cloud.network
    bastion = maker.outputs("site", maker.site.name)["bastion_project_id"]
    assert network.get_quota(bastion).ports == -1
    assert network.get_quota(bastion).networks != -1


def test_no_router_gets_the_address_of_a_shared_service(maker: Provisioner, cloud: Connection) -> None:
    network: Any = cloud.network
    services, seen = maker.site.services.addresses, set()
    for external in maker.site.external_networks:
        given = network.find_network(external.name)
        for subnet in network.subnets(network_id=given.id):
            for pool in subnet.allocation_pools:
                first, last = ip_address(pool["start"]), ip_address(pool["end"])
                assert not [a for a in services if a.version == first.version and int(first) <= int(a) <= int(last)]
                seen.add(external.name)
    assert seen == {e.name for e in maker.site.external_networks}
    assert any(a in e.cidr for a in services for e in maker.site.external_networks), "else it would prove nothing"


@pytest.mark.turn("landing", "late-address")
def test_an_address_that_is_taken_later_is_left_out_where_the_subnet_stands(
    sandbox: Sandbox, maker: Provisioner, cloud: Connection
) -> None:
    content = maker.site.model_dump(mode="json")
    content["external_networks"][1]["taken"] = ["198.18.0.64/26"]
    other = driver.provisioner(sandbox.state)
    other.site = Site.model_validate(content)
    network: Any = cloud.network
    before = network.find_subnet("tslcd-4")
    try:
        planned = [(row["operation"], row["name"]) for row in other.plan_site().differences()]
        assert planned == [("update", "external-tslcd-subnet-4")]
        other.apply_site()
        after = network.find_subnet("tslcd-4")
        assert after.id == before.id
        starts, ends = zip(*_spans(after), strict=True)
        assert "198.18.0.63" in ends
        assert "198.18.0.128" in starts
    finally:
        maker.apply_site()
    assert maker.plan_site().differences() == []
    assert _spans(network.find_subnet("tslcd-4")) == _spans(before)


@pytest.mark.parametrize(("foreign", "refused"), [((PROJECT, NETWORK), True), ((PROJECT,), False)])
def test_a_state_of_another_cloud_is_refused_and_a_domain_deleted_by_hand_is_not(
    maker: Provisioner, sandbox: Sandbox, cloud: Connection, tmp_path: Path, foreign: tuple[str, ...], refused: bool
) -> None:
    own = maker.engine.state(Stack("hatang-site", maker.site.name))
    text = own.path.read_text()
    for known in own.resources():
        if known.type in foreign:
            text = text.replace(known.id, uuid4().hex if known.type == PROJECT else str(uuid4()))
    settings.write(tmp_path, clouds_file=str(sandbox.clouds_file), cloud="hatang")
    other = driver.provisioner(tmp_path)
    state = other.engine.state(Stack("hatang-site", other.site.name))
    state.create("hatang-site")
    state.path.write_text(text)
    for secret in ("passphrase", "engine-salt"):
        shutil.copy(maker.settings.state_dir / secret, tmp_path / secret)
    identity: Any = cloud.identity
    there = {d.id for d in identity.domains()}
    if refused:
        for act in (other.plan_site, other.apply_site):
            with pytest.raises(RefusedError, match="made on another cloud: its domain hatang-platform") as caught:
                act()
            assert "HATANG_CLOUD" in caught.value.do
        assert state.path.read_text() == text
    else:
        assert ("create", "platform-domain") in {(r["operation"], r["name"]) for r in other.plan_site().differences()}
    assert {d.id for d in identity.domains()} == there


def _spans(subnet: Any) -> set[tuple[str, str]]:
    return {(pool["start"], pool["end"]) for pool in subnet.allocation_pools}
