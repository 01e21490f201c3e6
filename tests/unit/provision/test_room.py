"""Room in a project's quota, over the engine's steps: what is added, replaced, lowered, and what others made."""

from __future__ import annotations

from typing import Any

import pytest

from hatang.errors import InputErrors
from hatang.policies.rules.counts import COMPUTE, NETWORK, STORAGE, Field, over_quota
from hatang.policies.rules.resources import Planned, snake
from hatang.provision.room import SERVER, Excess, Present, check_declared, declared, shortages
from tests.unit.stacks.recorded import record_system, site

NET, VOLUME = "openstack:networking/network:Network", "openstack:blockstorage/volume:Volume"
SIZES = {"small": (1, 2048), "big": (4, 8192)}
Step = dict[str, Any]


def step(op: str, kind: str, new: dict[str, Any] | None = None, old: dict[str, Any] | None = None) -> Step:
    """A step as the engine tells it."""
    sides = {side: {"inputs": props} for side, props in (("new", new), ("old", old)) if props is not None}
    return {"op": op, "type": kind, "urn": f"urn::{kind}", **sides}


def quota(kind: str, op: str = "same", **fields: Any) -> Step:
    """A quota set."""
    return step(op, kind, fields)


def server(op: str, new: str = "", old: str = "") -> Step:
    """A server of a flavor."""
    return step(op, SERVER, {"flavorId": new} if new else None, {"flavorId": old} if old else None)


def short(steps: list[Step], held: dict[Field, int] | None = None, **limits: int) -> list[tuple[str, int, int]]:
    """(field, needed, allowed) of each shortage; `limits` are those of Nova now."""
    present = Present(held or {}, {(COMPUTE, n): v for n, v in limits.items()})
    return [(e.place[1], e.needed, e.allowed) for e in shortages(steps, present, SIZES, parallel=8)]


def test_a_new_system_fits_into_what_its_own_stack_sets() -> None:
    sizes = {f"flavor-{f.name}": (f.vcpus, f.ram_gib * 1024) for f in site().flavors}
    for level in (1, 2, 3, 4, 5):
        steps = [step("create", m.type, m.inputs) for m in record_system(level, public=True, document_storage=True)]
        assert shortages(steps, Present(), sizes, parallel=8) == []


@pytest.mark.parametrize(("missing", "needed"), [("instances", 2), ("cores", 2), ("ram", 4096)])
def test_servers_count_with_their_flavors(missing: str, needed: int) -> None:
    limits = {"instances": 2, "cores": 2, "ram": 4096, missing: needed - 1}
    steps = [quota(COMPUTE, "create", **limits), server("create", "small"), server("create", "small")]
    assert short(steps) == [(missing, needed, needed - 1)]


def test_what_others_made_in_the_project_counts() -> None:
    steps = [quota(COMPUTE, instances=1), server("create", "small")]
    assert short(steps, {(COMPUTE, "instances"): 1}, instances=1) == [("instances", 2, 1)]
    assert shortages(steps, Present({(COMPUTE, "instances"): 1}), SIZES, 8) == [Excess((COMPUTE, "instances"), 2, 1, 1)]


def test_a_server_that_is_removed_first_makes_room() -> None:
    held: dict[Field, int] = {(COMPUTE, "instances"): 1}
    replaced = [server("delete-replaced", old="small"), server("create-replacement", "small")]
    assert short([quota(COMPUTE, instances=1), *replaced], held) == []
    assert short([quota(COMPUTE, instances=1), *reversed(replaced)], held) == [("instances", 2, 1)]


def test_a_larger_flavor_needs_the_difference() -> None:
    held: dict[Field, int] = {(COMPUTE, "instances"): 1, (COMPUTE, "cores"): 1, (COMPUTE, "ram"): 2048}
    grown = [quota(COMPUTE, instances=1, cores=3, ram=8192), server("update", "big", "small")]
    assert short(grown, held) == [("cores", 4, 3)]


def test_a_limit_below_what_is_in_use_is_refused_by_the_cloud() -> None:
    held: dict[Field, int] = {(COMPUTE, "instances"): 5}
    lowered = [quota(COMPUTE, "update", instances=1)]
    assert short(lowered, held, instances=50) == [("instances", 5, 1)]
    assert short(lowered, held, instances=-1) == [("instances", 5, 1)], "-1 was no limit"
    assert short(lowered, held, instances=1) == [], "it is not this plan that lowers it"


def test_neutron_counts_what_is_being_made_twice_but_no_more_than_is_made_at_once() -> None:
    few = [quota(NETWORK, network=5), *[step("create", NET, {}) for _ in range(3)]]
    assert short(few) == [("network", 6, 5)]
    many = [quota(NETWORK, network=27), *[step("create", NET, {}) for _ in range(20)]]
    assert short(many) == [("network", 28, 27)]


def test_volumes_count_for_their_type_too() -> None:
    limits: dict[str, Any] = {
        "volumes": 9,
        "gigabytes": 99,
        "volumeTypeQuota": {"volumes_a": "1", "gigabytes_a": "9", "volumes_b": "0"},
    }
    made = [step("create", VOLUME, {"size": 10, "volumeType": "a"})]
    assert short([quota(STORAGE, **limits), *made]) == [("gigabytes_a", 10, 9)]
    other = [step("create", VOLUME, {"size": 10, "volumeType": "b"})]
    assert short([quota(STORAGE, **limits), *other]) == [("volumes_b", 1, 0)]


def test_what_stays_as_it_is_is_not_compared() -> None:
    held: dict[Field, int] = {(COMPUTE, "instances"): 2}
    assert short([quota(COMPUTE, instances=1), server("same", "small", "small")], held, instances=1) == []


@pytest.mark.parametrize(("left", "found"), [(1, []), (2, [("volumes_plain", 1, 0)])])
def test_a_volume_that_gets_another_type_leaves_room_in_the_old_one(
    left: int, found: list[tuple[str, int, int]]
) -> None:
    old, new = {"size": 1, "volumeType": "plain"}, {"size": 1, "volumeType": "encrypted"}
    limits = {"volumes_plain": 0, "gigabytes_plain": 10, "volumes_encrypted": 1, "gigabytes_encrypted": 1}
    steps = [quota(STORAGE, "update", volumes=9, gigabytes=9, volumeTypeQuota=limits), step("update", VOLUME, new, old)]
    place = (STORAGE, "volumes_plain")
    made = shortages(steps, Present({place: left}, {place: 9}), SIZES, parallel=8)
    assert [(e.place[1], e.needed, e.allowed) for e in made] == found


def test_what_goes_for_good_makes_room_wherever_it_stands_in_the_plan() -> None:
    held: dict[Field, int] = {(COMPUTE, "instances"): 2}
    lowered = quota(COMPUTE, "update", instances=1)
    assert short([lowered, server("delete", old="small")], held, instances=2) == []
    exchanged = [lowered, server("create", "small"), server("delete", old="small"), server("delete", old="small")]
    assert short(exchanged, held, instances=2) == []
    assert short([lowered, server("create", "small"), server("delete", old="small")], held, instances=2) == [
        ("instances", 2, 1)
    ]


def test_public_addresses_that_go_make_room_for_a_quota_of_none() -> None:
    lowered, place = quota(NETWORK, "update", floatingip=0), (NETWORK, "floatingip")
    gone = step("delete", "openstack:networking/floatingIp:FloatingIp", old={"address": "203.0.113.128"})
    present = Present({place: 1}, {place: 2})
    assert shortages([lowered, gone], present, SIZES, parallel=8) == []
    assert [e.needed for e in shortages([lowered], present, SIZES, parallel=8)] == [1], "one that nobody takes away"


def test_a_stack_over_its_own_quota_names_the_field_of_the_request() -> None:
    made = [
        Planned(COMPUTE, "c", {"instances": 1}),
        Planned(STORAGE, "s", {"volumes": 1, "gigabytes": 5}),
        *[Planned(SERVER, f"s{i}", {}) for i in range(2)],
        *[Planned(VOLUME, f"v{i}", {"size": 4}) for i in range(2)],
    ]
    with pytest.raises(InputErrors) as refused:
        check_declared("mot-cua", made)
    assert refused.value.exit_code == 2
    assert [(e.what, e.where) for e in refused.value.errors] == [
        (
            "system mot-cua declares 2 instances; its quota lets 1",
            "request of system mot-cua, system.hosts (Nova quota instances)",
        ),
        (
            "system mot-cua declares 2 volumes; its quota lets 1",
            "request of system mot-cua, system.hosts[].volume_gib (Cinder quota volumes)",
        ),
        (
            "system mot-cua declares 8 gigabytes; its quota lets 5",
            "request of system mot-cua, system.hosts[].volume_gib (Cinder quota gigabytes)",
        ),
    ]
    assert all("submit the request again" in e.do for e in refused.value.errors)


def test_what_no_request_decides_on_is_left_to_the_policy_pack() -> None:
    made = [Planned(NETWORK, "n", {"network": 0}), Planned(NET, "zone", {})]
    check_declared("mot-cua", made)
    assert over_quota(made) == ["1 network are declared, the quota lets 0"]


def test_what_a_stack_declares_of_itself_is_within_its_quota() -> None:
    made = record_system(3, public=True)
    check_declared("thu", [Planned(m.type, m.name, snake(m.inputs)) for m in made])


def test_what_goes_is_declared_no_more_though_a_refresh_has_looked_at_it() -> None:
    def of(name: str, op: str, side: str = "new") -> Step:
        return {"op": op, "type": SERVER, "urn": f"urn:{SERVER}::{name}", side: {"inputs": {"flavorId": name}}}

    steps = [of("stays", "refresh"), of("goes", "refresh"), of("stays", "same"), of("comes", "create"),
             of("goes", "delete", "old")]  # fmt: skip
    assert [(p.name, p.props) for p in declared(steps)] == [
        ("stays", {"flavor_id": "stays"}), ("comes", {"flavor_id": "comes"}),
    ]  # fmt: skip
