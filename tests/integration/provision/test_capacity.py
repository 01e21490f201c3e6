"""What the cloud tells of its room goes down by what a system takes, and comes back with it."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from openstack.connection import Connection

from hatang.commands.root import root
from hatang.provision.capacity import supplies
from hatang.provision.provisioner import Provisioner
from tests.integration.provision import driver

NAME = "do-suc-chua"


def taken(maker: Provisioner, cloud: Connection) -> dict[tuple[str, str], int]:
    """By thing and place; without volumes, since Cinder's scheduler hears once a minute what a back end has left."""
    return {(s.what, s.where): s.taken for s in supplies(cloud, maker.site) if s.what != "volumes-gib"}


@pytest.mark.turn("tenancy", "capacity")
def test_a_system_takes_what_it_is_made_of(maker: Provisioner, cloud: Connection) -> None:
    before = taken(maker, cloud)
    record = driver.record(maker, NAME, code="H99.88", level=1)
    maker.apply_system(record, maker.plan_system(record))
    try:
        during = taken(maker, cloud)
        more = {key: n - before[key] for key, n in during.items() if n != before[key]}
        flavor = next(f for f in maker.site.flavors if f.name == record.spec.hosts[0].flavor)
        assert more == {
            ("routers", "tslcd"): 1, ("vcpus", "shared"): flavor.vcpus, ("memory-gib", "shared"): flavor.ram_gib,
            ("disk-gib", "shared"): flavor.disk_gib,
        }  # fmt: skip
        everything = supplies(cloud, maker.site)
        assert {s.where for s in everything if s.what == "vcpus"} == {a.name for a in maker.site.aggregates}
        assert all(0 <= s.taken <= s.total and s.total > 0 for s in everything)
    finally:
        maker.destroy_system(record)
    assert taken(maker, cloud) == before


def test_the_command_tells_it_and_what_runs_out(maker: Provisioner) -> None:
    place = ["--state", str(maker.settings.state_dir), "--site", str(driver.SITE)]
    words = [*place, "site", "capacity", "--output", "json"]
    done = CliRunner().invoke(root, words)
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["schema"] == "hatang.site-capacity/1"
    assert {s["what"] for s in told["supplies"]} == {
        "blocks", "ipv6", "bastion", "public", "routers", "vcpus", "memory-gib", "disk-gib", "volumes-gib"
    }  # fmt: skip
    low = CliRunner().invoke(root, [*words, "--warn-below", "100"], standalone_mode=False)
    assert low.return_value == 1
    assert any(s["low"] for s in json.loads(low.stdout)["supplies"])
