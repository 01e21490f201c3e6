"""One system through the real engine on the real cloud: made, unchanged, changed by hand, repaired."""

from __future__ import annotations

import json
from ipaddress import IPv4Address
from typing import Any

import pytest
from openstack.connection import Connection

from hatang.errors import InputErrors, PolicyError, RefusedError
from hatang.model.allocation import FIRST_HOST
from hatang.provision.provisioner import Provisioner
from hatang.registry import SystemRecord
from tests.integration.provision import driver
from tests.integration.provision.by_hand import CHANGES, Change

NAME = "thu-nghiem"


@pytest.fixture(scope="module")
def system(maker: Provisioner) -> SystemRecord:
    """A system that was applied once."""
    record = driver.record(maker, NAME, code="H99.78")
    plan = maker.plan_system(record)
    assert set(plan.changes) == {"create"}
    done = maker.apply_system(record, plan)
    assert done.changes == plan.changes
    return record


def test_applied_again_nothing_changes(maker: Provisioner, system: SystemRecord) -> None:
    plan = maker.plan_system(system)
    assert set(plan.changes) == {"same"}
    assert maker.apply_system(system, plan).changes == plan.changes


def test_no_server_boots_before_its_zone_leads_anywhere_and_rules_come_after_ports(
    maker: Provisioner, system: SystemRecord
) -> None:
    state = json.loads(maker.engine.state(maker._system_stack(system)).path.read_text())
    needs = {
        row["urn"].rsplit("::", 1)[1]: {urn.rsplit("::", 1)[1] for urn in row.get("dependencies", ())}
        for row in state["checkpoint"]["latest"]["resources"]
    }
    hosts = [(h.name, h.zone) for h in system.spec.hosts]
    assert hosts
    for host, zone in hosts:
        assert f"zone-{zone}-interface" in needs[f"host-{host}-server"]
        rules = [name for name in needs if name.startswith(f"group-{zone}-") and name != f"group-{zone}-group"]
        ways = {f"zone-{z}-interface" for z in maker.outputs("system", NAME)["networks"]}
        assert rules and all({f"host-{host}-port", *ways} <= needs[name] for name in rules)


def test_state_and_engine_hold_no_more_than_is_read(maker: Provisioner, system: SystemRecord) -> None:
    file = maker.engine.state(maker._system_stack(system)).path
    text = file.read_text()
    assert "stackTrace" not in text and "sourcePosition" not in text and ".py" not in text
    assert not list(file.parent.glob("*.attrs"))
    assert not (maker.engine.tools.home / "logs").is_dir(), "the engine's debugging logs of all tenancies"


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(CHANGES, id="together"),
        *(pytest.param((c,), id=c.__name__, marks=pytest.mark.long) for c in CHANGES),
    ],
)
def test_what_was_changed_by_hand_is_named_by_plan_and_put_right_by_apply(
    maker: Provisioner, system: SystemRecord, cloud: Connection, changes: tuple[Change, ...]
) -> None:
    done = [change(maker, NAME, cloud) for change in changes]
    try:
        plan = maker.plan_system(system)
        said = sorted((r["operation"], f"{r['name']}: {', '.join(r['changed'])}") for r in plan.differences())
        wanted = sorted(row for change in done for row in change.said)
        assert [w[0] for w in wanted] == [s[0] for s in said], said
        assert all(text.startswith(begin) for (_, begin), (_, text) in zip(wanted, said, strict=True)), said
        maker.apply_system(system, plan)
        assert [change.is_right() for change in done] == [True] * len(done)
    finally:
        for change in done:
            change.clear()
    assert maker.plan_system(system).differences() == []


def test_a_port_that_asks_for_no_address_never_takes_one_of_the_registry(maker: Provisioner, cloud: Connection) -> None:
    """Neutron chooses at random among what it may; a router's place on the bastion network must stay free for it."""
    network: Any = cloud.network
    branch = maker.site.branches[0]
    bastion = maker.outputs("site", maker.site.name)["branches"][branch.branch.value]["bastion_network"]
    made = [network.create_port(network_id=bastion) for _ in range(4)]
    chosen = [IPv4Address(f["ip_address"]) for p in made for f in p.fixed_ips]
    for port in made:
        network.delete_port(port)
    assert len(chosen) == len(made)
    assert max(chosen) < branch.bastion[FIRST_HOST]


@pytest.mark.turn("landing", "volume-types")
def test_only_the_levels_volume_type_can_be_used_and_a_new_type_is_closed_too(
    maker: Provisioner, system: SystemRecord, cloud: Connection
) -> None:
    storage: Any = cloud.block_storage
    project = maker.outputs("system", NAME)["project_id"]
    own = maker.site.volume_type(system.spec.level).name

    def open_fields() -> dict[str, int]:
        found = storage.get_quota_set(project).to_dict()
        kinds = [t.name for t in storage.types(is_public="None")]
        return {f: found[f] for k in kinds for f in (f"volumes_{k}", f"gigabytes_{k}", f"snapshots_{k}") if found[f]}

    assert open_fields() == {f"volumes_{own}": 1, f"gigabytes_{own}": 1, f"snapshots_{own}": 1}
    made = storage.create_type(name="la", is_public=False)
    try:
        later = driver.provisioner(maker.settings.state_dir)  # the types are read once per process
        plan = later.plan_system(system)
        assert [(r["name"], r["changed"]) for r in plan.differences()] == [("quota-storage", ["volumeTypeQuota"])]
        later.apply_system(system, plan)
        assert open_fields() == {f"volumes_{own}": 1, f"gigabytes_{own}": 1, f"snapshots_{own}": 1}
    finally:
        storage.delete_type(made)
    gone = maker.plan_system(system)
    maker.apply_system(system, gone)
    assert maker.plan_system(system).differences() == []


@pytest.mark.turn("landing", "others-volumes")
def test_a_plan_without_room_for_what_others_made_is_refused_before_anything_is_changed(
    maker: Provisioner, system: SystemRecord, cloud: Connection
) -> None:
    """Cinder takes no limit below what is in use, so apply would stop half way."""
    project = maker.outputs("system", NAME)["project_id"]
    own = maker.site.volume_type(system.spec.level).name
    fields = ("volumes", "gigabytes", f"volumes_{own}", f"gigabytes_{own}")
    quotas: Any = cloud.block_storage
    quotas.update_quota_set(project, **dict.fromkeys(fields, 2))
    storage: Any = cloud.connect_as_project({"id": project}).block_storage
    made = storage.create_volume(name="la", size=1, volume_type=own)
    storage.wait_for_status(made, "available", ["error"], interval=0.3, wait=60)
    plans = set((maker.settings.state_dir / "plans" / NAME).iterdir())
    try:
        with pytest.raises(InputErrors) as refused:
            maker.plan_system(system)
    finally:
        storage.delete_volume(made)
        storage.wait_for_delete(made, interval=0.3, wait=60)
    assert refused.value.exit_code == 2
    assert {e.what for e in refused.value.errors} == {
        f"system {NAME} needs 2 {f} on its way, the project holds 2 now; its quota allows 1" for f in fields
    }
    assert set((maker.settings.state_dir / "plans" / NAME).iterdir()) == plans
    maker.apply_system(system, maker.plan_system(system))
    assert maker.plan_system(system).differences() == []


def test_a_plan_is_refused_when_the_state_has_moved_since(maker: Provisioner, system: SystemRecord) -> None:
    old = maker.plan_system(system)
    old.state_digest = "of another day"
    with pytest.raises(RefusedError, match="moved since the plan was made"):
        maker.apply_system(system, old.seal().write(maker.settings))


def test_the_policy_pack_stops_the_engine_itself(maker: Provisioner, system: SystemRecord) -> None:
    """Past the offline rules: the pack, inside the engine, with limits that this system breaks."""
    from hatang.provision.limits import as_config, limits
    from hatang.stacks.system.program import build

    config = maker._system_config(system)
    pack = as_config(limits(maker.site, maker.cloud.role_ids))
    for values in pack.values():
        values["volume_types"] = {"2": maker.site.volume_types[-1].name}
    with pytest.raises(PolicyError, match="HST-03"):
        maker.engine.up(
            maker._system_stack(system), lambda: build(config), config.model_dump(mode="json"), refresh=False,
            log=maker.settings.log_dir / "pack.log", pack_config=pack,
        )  # fmt: skip


def test_no_secret_lies_in_state_logs_or_plans(maker: Provisioner, system: SystemRecord) -> None:
    password = str(maker.cloud.connection.config.get_auth_args()["password"])
    for folder in ("engine", "work", "log", "plans"):
        for file in (maker.settings.state_dir / folder).rglob("*"):
            if file.is_file():
                assert password not in file.read_text(errors="replace"), file
    assert (maker.settings.state_dir / "keys" / NAME).stat().st_mode & 0o077 == 0
    assert (maker.settings.state_dir / "passphrase").stat().st_mode & 0o077 == 0


def test_an_agency_with_systems_is_not_removed_and_one_without_is(
    maker: Provisioner, system: SystemRecord, cloud: Connection
) -> None:
    with pytest.raises(RefusedError, match=NAME):
        maker.destroy_agency(system.agency)
    maker.destroy_system(system)
    maker.destroy_agency(system.agency)
    identity: Any = cloud.identity
    assert identity.find_domain(system.agency.slug) is None
