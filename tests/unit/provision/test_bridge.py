"""A plan that gives volumes another type is led over a config in which the old type keeps its quota."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hatang.provision.bridge import ADDRESS, COMPUTE, QUOTA, ROUTER, SERVER, VOLUME, first
from hatang.provision.plan import Plan
from hatang.provision.state import Known, StateFile
from hatang.stacks.components.quota import by_volume_type
from tests.unit.stacks.recorded import system_config, system_record

OLD, NEW = "level-1-2", "level-3-4"


class Engine(StateFile):
    """What the engine knows: one quota set of Cinder."""

    def __init__(self, now: dict[str, str]) -> None:
        self.now = now

    def resources(self) -> list[Known]:
        """The quota set."""
        return [Known("urn::quota", QUOTA, "id", {"volumeTypeQuota": self.now}, {})]


def plan(*changed: str) -> Plan:
    """A plan that updates a volume."""
    row: dict[str, Any] = {"operation": "update", "type": "Volume", "name": "v", "changed": list(changed)}
    return Plan("x", {}, "", {}, [row], refresh=False, file=Path())


def test_the_old_type_keeps_its_quota_until_the_volumes_have_left_it() -> None:
    wanted = system_config(system_record(3))
    before = {f"volumes_{OLD}": "2", f"gigabytes_{OLD}": "40", f"volumes_{NEW}": "0"}
    made = first(wanted, plan("volumeType"), Engine(before))
    assert made is not None
    given = by_volume_type(made.quota)
    assert (given[f"volumes_{OLD}"], given[f"gigabytes_{OLD}"]) == (2, 40)
    final = by_volume_type(wanted.quota)
    assert {k for k in given if given[k] != final[k]} == {f"volumes_{OLD}", f"gigabytes_{OLD}"}
    assert final[f"volumes_{OLD}"] == 0


@pytest.mark.parametrize(("changed", "now"), [(("size",), {f"volumes_{OLD}": "2"}), (("volumeType",), {})])
def test_else_there_is_nothing_to_do_first(changed: tuple[str, ...], now: dict[str, str]) -> None:
    assert first(system_config(system_record(3)), plan(*changed), Engine(now)) is None


class Known2(StateFile):
    """What the engine knows of a system with two hosts, `old` with a volume and `web`, and of its quotas."""

    def __init__(self, *more: Known) -> None:
        self.more = more

    def resources(self) -> list[Known]:
        """Quota sets, servers, volumes."""
        quota = {"instances": 2, "cores": 2, "ram": 4096}
        stored = {"volumes": 2, "gigabytes": 30, "volumeTypeQuota": {f"volumes_{NEW}": "2", f"gigabytes_{NEW}": "30"}}
        names = ((SERVER, "host-old-server"), (SERVER, "host-web-server"), (VOLUME, "host-old-volume"))
        found = [Known(f"urn::{name}", kind, f"id-{name}", {}, {}) for kind, name in names]
        return [Known("urn::c", COMPUTE, "c", quota, {}), Known("urn::s", QUOTA, "s", stored, {}), *found, *self.more]


def going(*rows: tuple[str, str]) -> Plan:
    """A plan of these operations on types."""
    found: list[dict[str, Any]] = [{"operation": o, "type": t, "name": "x", "changed": []} for o, t in rows]
    return Plan("x", {}, "", {}, found, refresh=False, file=Path())


def test_what_goes_does_so_before_its_quota_is_lowered_and_before_anything_comes() -> None:
    wanted = system_config(system_record(3))  # hosts app, with a volume of 5 GiB, and web
    made = first(wanted, going(("delete", "Instance"), ("create", "Instance")), Known2())
    assert made is not None
    assert set(made.hosts) == {"web"}, "the quota has no room yet for the one that comes"
    assert made.kept_volumes == {}
    assert (made.quota.volumes, made.quota.gigabytes) == (2, 30)
    assert (made.quota.instances, made.quota.cores) == (2, max(2, wanted.quota.cores))
    given = by_volume_type(made.quota)
    assert (given[f"volumes_{NEW}"], given[f"gigabytes_{NEW}"]) == (2, 30)
    assert made.zones == wanted.zones


def test_the_volume_of_a_host_that_comes_back_stays_meanwhile() -> None:
    """Left out, it would be deleted with all that lies on it."""
    wanted = system_config(system_record(3))
    left = Known("urn::host-app-volume", VOLUME, "id", {}, {})
    made = first(wanted, going(("delete", "Instance")), Known2(left))
    assert made is not None
    assert set(made.hosts) == {"web"}
    assert made.kept_volumes.keys() == {"app"}
    assert (made.kept_volumes["app"].server_name, made.kept_volumes["app"].volume_gib) == ("thu-app", 5)
    assert made.kept_volumes["app"].volume_type == wanted.hosts["app"].args.volume_type


@pytest.mark.parametrize(
    "rows", [(("delete", "SecGroupRule"),), (("delete-replaced", "Instance"),), (("same", "Volume"),)]
)
def test_without_a_server_or_volume_that_goes_for_good_one_run_is_enough(rows: tuple[tuple[str, str], ...]) -> None:
    assert first(system_config(system_record(3)), going(*rows), Known2()) is None


def test_a_public_address_goes_before_the_gateway_that_it_leads_through_moves() -> None:
    wanted = system_config(system_record(3))  # public no more: leads to the specialised network
    there = Known2(
        Known("urn::r", ROUTER, "r", {"externalNetworkId": "net-internet"}, {}), Known("urn::f", ADDRESS, "f", {}, {})
    )
    made = first(wanted, going(("delete", "FloatingIp"), ("update", "Router")), there)
    assert made is not None
    assert (made.external_network_id, wanted.external_network_id) == ("net-internet", "net-tslcd")
    assert (made.quota.floating_ips, wanted.quota.floating_ips) == (1, 0), "Neutron lowers no quota in use"
    assert made.published == {}
    assert made.model_copy(update={"external_network_id": "net-tslcd", "quota": wanted.quota}) == wanted


def test_what_is_published_waits_for_its_host() -> None:
    wanted = system_config(system_record(3, public=True))
    made = first(wanted, going(("delete", "Instance"), ("create", "Instance")), Known2())
    assert made is not None
    assert "gateway" in wanted.published
    assert made.published == {}
