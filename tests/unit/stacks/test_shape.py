"""What the stacks declare. Names and type tokens are addresses in state: a changed golden file moves real resources."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from hatang.catalogue.zones import zone_matrix
from hatang.model.allocation import FIRST_HOST
from hatang.model.system import KeptVolume
from hatang.model.terms import Level
from hatang.policies.rules.resources import QUOTA_TYPES, Planned, snake, violations
from hatang.provision.limits import limits
from hatang.stacks.system.program import build as build_system
from tests.unit.stacks.recorded import (
    ROLES,
    Made,
    record_agency,
    record_site,
    record_system,
    site,
    system_config,
    system_record,
)  # fmt: skip
from tests.unit.stacks.recorded import record as recorded

GOLDEN = Path(__file__).parent / "golden"
STACKS: dict[str, Callable[[], list[Made]]] = {
    "site": record_site,
    "agency": record_agency,
    "system": lambda: record_system(public=True),
}


def _of(made: list[Made], kind: str) -> list[Made]:
    return [m for m in made if m.type.rsplit(":", 1)[1] == kind]


@pytest.mark.parametrize("stack", STACKS)
def test_names_and_tokens_are_those_of_the_golden_file(stack: str, request: pytest.FixtureRequest) -> None:
    text = "".join(sorted(f"{m.type} {m.name}\n" for m in STACKS[stack]()))
    file = GOLDEN / f"{stack}.txt"
    if request.config.getoption("--update-goldens"):
        file.write_text(text)
    assert text == file.read_text(), f"renew with: make goldens, and see that {file.name} moves nothing that exists"


def test_a_name_stands_for_one_resource() -> None:
    for stack in STACKS.values():
        made = [(m.type, m.name) for m in stack()]
        assert len(made) == len(set(made))


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("storage", [False, True])
def test_each_zone_of_the_level_is_a_network_with_both_subnets_a_gateway_and_a_group(level: int, storage: bool) -> None:
    made = record_system(level, document_storage=storage)
    zones = [z.value for z in zone_matrix().zones(Level(level), storage)]
    assert {m.inputs["name"] for m in _of(made, "Network")} == {f"thu-{z}" for z in zones}
    assert {m.inputs["name"] for m in _of(made, "SecGroup")} == {f"thu-{z}" for z in zones}
    assert {m.inputs["name"] for m in _of(made, "Subnet")} == {f"thu-{z}-{v}" for z in zones for v in (4, 6)}
    gateways = [m for m in _of(made, "Port") if m.name.endswith("-gateway")]
    assert len(gateways) == len(zones)
    assert all(len(m.inputs["fixedIps"]) == 2 for m in gateways)


def test_seven_zones_from_level_3() -> None:
    assert len(_of(record_system(3), "Network")) == 7


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_no_stack_breaks_its_own_policy(level: int) -> None:
    made = [*record_site(), *record_agency()]
    for system in (made, record_system(level, public=True, document_storage=True)):
        planned = [Planned(m.type, m.name, snake(m.inputs)) for m in system]
        assert violations(planned, limits(site(), ROLES, document_storage=True)) == []


def test_every_group_begins_empty_and_every_server_port_has_its_zones_group_alone() -> None:
    made = record_system(3)
    assert all(m.inputs["deleteDefaultRules"] is True for m in _of(made, "SecGroup"))
    ports = {m.name: m for m in _of(made, "Port") if m.name.startswith("host-")}
    assert ports["host-app-port"].inputs["securityGroupIds"] == ["id-group-application-group"]
    assert ports["host-web-port"].inputs["securityGroupIds"] == ["id-group-dmz-group"]
    assert all(p.inputs["portSecurityEnabled"] is True for p in ports.values())


def test_rules_wait_for_the_ports_of_their_group_and_for_ways() -> None:
    """What takes longest begins first: servers boot while rules are made, and until then nothing passes."""
    names = [m.name for m in record_system(3)]
    rules = [i for i, name in enumerate(names) if name.startswith("group-dmz-") and name != "group-dmz-group"]
    assert rules and min(rules) > names.index("host-web-port") and min(rules) > names.index("zone-dmz-interface")
    assert names.index("quota-network") < names.index("router") < names.index("bastion-interface")


def test_servers_stand_at_the_addresses_of_the_registry_with_the_aggregate_of_their_level() -> None:
    made = record_system(5)
    app = next(m for m in _of(made, "Instance") if m.inputs["name"] == "thu-app")
    assert app.inputs["availabilityZone"] == "level-5"
    port = next(m for m in _of(made, "Port") if m.name == "host-app-port")
    assert port.inputs["fixedIps"][0]["ipAddress"] == "10.72.0.138"


@pytest.mark.parametrize(("level", "kind"), [(1, "level-1-2"), (3, "level-3-4"), (5, "level-5")])
def test_volumes_are_of_the_levels_type(level: int, kind: str) -> None:
    assert [m.inputs["volumeType"] for m in _of(record_system(level), "Volume")] == [kind]


def test_every_quota_field_is_set_and_there_is_room_for_what_the_stack_makes() -> None:
    made = record_system(3)
    by_type = {m.type: snake(m.inputs) for m in made if m.type in QUOTA_TYPES}
    assert set(by_type) == set(QUOTA_TYPES)
    network = by_type["openstack:networking/quotaV2:QuotaV2"]
    for field, kind in (("network", "Network"), ("subnet", "Subnet"), ("security_group_rule", "SecGroupRule")):
        assert network[field] >= 2 * len(_of(made, kind))  # Neutron counts what is being made twice
    assert network["port"] >= 2 * len([p for p in _of(made, "Port") if p.name != "bastion-port"])
    compute = by_type["openstack:compute/quotaSetV2:QuotaSetV2"]
    assert compute["instances"] == 2


@pytest.mark.parametrize(("level", "own"), [(1, "level-1-2"), (3, "level-3-4"), (5, "level-5")])
def test_only_the_levels_volume_type_can_be_used(level: int, own: str) -> None:
    quota = next(m for m in record_system(level) if m.name == "quota-storage").inputs["volumeTypeQuota"]
    names = ["__DEFAULT__", *(t.name for t in site().volume_types)]
    assert set(quota) == {f"{f}_{t}" for t in names for f in ("volumes", "gigabytes", "snapshots")}
    assert {k: v for k, v in quota.items() if v != "0"} == {
        f"volumes_{own}": "1",
        f"gigabytes_{own}": "5",
        f"snapshots_{own}": "1",
    }


def test_only_a_public_system_leads_to_the_internet() -> None:
    for public, network in ((True, "net-internet"), (False, "net-tslcd")):
        router = _of(record_system(3, public=public), "Router")[0]
        assert router.inputs["externalNetworkId"] == network


def test_an_agency_gets_manager_and_reader_on_its_domain_and_never_admin() -> None:
    given = _of(record_agency(), "RoleAssignment")
    assert sorted(m.inputs["roleId"] for m in given) == ["role-manager", "role-reader"]
    assert {m.inputs["domainId"] for m in given} == {"id-domain"}


def test_each_branch_has_its_own_scope_and_pools() -> None:
    made = record_site()
    scopes = {m.inputs["name"] for m in _of(made, "AddressScope")}
    assert scopes == {f"{b.branch.value}-{v}" for b in site().branches for v in (4, 6)}
    for pool in _of(made, "SubnetPool"):
        assert pool.inputs["addressScopeId"] == f"id-{pool.name.replace('-pool-', '-scope-')}"
        assert pool.inputs["shared"] is False


def test_on_networks_where_the_registry_gives_out_addresses_the_cloud_chooses_others() -> None:
    subnets = [
        m.inputs for m in _of(record_site(), "Subnet") if m.name.endswith(("-bastion-subnet", "-interconnect-subnet"))
    ]
    assert len(subnets) == 2 * len(site().branches)
    for made in subnets:
        net = IPv4Network(made["cidr"])
        assert made["allocationPools"] == [{"start": str(net[1]), "end": str(net[FIRST_HOST - 1])}]


def test_an_entry_program_only_translates() -> None:
    for stack in STACKS:
        lines = (Path(__file__).resolve().parents[3] / "stacks" / stack / "__main__.py").read_text().splitlines()
        assert len(lines) <= 25


def test_a_volume_that_its_host_left_behind_is_the_same_volume() -> None:
    record = system_record()
    app = next(h for h in record.spec.hosts if h.volume_gib)
    left = [h for h in record.spec.hosts if h is not app]
    kept = (KeptVolume(host=app.name, volume_gib=app.volume_gib),)
    spec = record.spec.model_copy(update={"hosts": tuple(left), "kept_volumes": kept})
    assert record.allocation is not None
    hosts = tuple(h for h in record.allocation.hosts if h.name != app.name)
    allocation = record.allocation.model_copy(update={"hosts": hosts})
    config = system_config(replace(record, spec=spec, allocation=allocation))
    made, before = recorded(lambda: build_system(config)), record_system()
    assert _of(made, "Volume") == _of(before, "Volume"), "type, name and inputs"
    gone = {(m.type.rsplit(":", 1)[1], m.name) for m in before} - {(m.type.rsplit(":", 1)[1], m.name) for m in made}
    assert {name for _, name in gone if name.startswith("host-")} == {
        f"host-{app.name}-{part}" for part in ("port", "server", "attach")
    }
    assert ("hatang:components:Host", f"host-{app.name}") in {(m.type, m.name) for m in made}, "its place in the state"
    assert (config.quota.volumes, config.quota.gigabytes, config.quota.instances) == (1, app.volume_gib, 1)
    planned = [Planned(m.type, m.name, snake(m.inputs)) for m in made]
    assert violations(planned, limits(site(), ROLES)) == []


def test_inputs_of_a_system_without_kept_volumes_do_not_speak_of_them() -> None:
    """Else every plan that was approved before would have moved."""
    assert "kept_volumes" not in system_config(system_record()).model_dump(mode="json")
