"""The landing holds more systems than the services' own quotas would let it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from openstack.connection import Connection

from hatang.provision.provisioner import Provisioner

NOVA_OWN = 100  # keypairs to a user, unless a quota says otherwise


@pytest.fixture
def keys(cloud: Connection) -> Iterator[list[str]]:
    """Names of keypairs to be made; they go afterwards."""
    names = [f"nhieu-he-thong-{i}" for i in range(NOVA_OWN + 1)]
    yield names
    for name in names:
        cloud.compute.delete_keypair(name, ignore_missing=True)


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
