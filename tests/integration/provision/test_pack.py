"""Stacks that break a control: refused by the plan, and past the plan by the pack inside the real engine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pulumi
import pytest
from pulumi_openstack import identity, networking

from hatang.errors import PolicyError
from hatang.policies.rules.groups import Rule
from hatang.provision.engine import Stack
from hatang.provision.limits import as_config, limits
from hatang.provision.provisioner import Provisioner
from hatang.stacks.components.groups import Group, GroupArgs
from hatang.stacks.system.config import SystemConfig
from tests.integration.provision import driver

STACK = Stack("hatang-system", "thu-luat")
LOG = "thu-luat.log"


def _rule(**fields: Any) -> Rule:
    given = {"direction": "ingress", "ethertype": "IPv4", "protocol": "tcp", "port": 8443, "remote": "10.72.0.0/26"}
    return Rule(**{**given, "why": "made to be refused", **fields})


ALONE = {  # refused resource by resource, before it is made
    "SAC-07": _rule(port=22),
    "NET-22": _rule(port=21),
    "DEV-01": _rule(why="password=not-a-real-one-1945"),
}


@pytest.fixture
def pack(maker: Provisioner) -> Iterator[dict[str, Any]]:
    """Configuration of the pack, without zones: these stacks have one group alone. What was made is removed."""
    config = as_config(limits(maker.site, maker.cloud.role_ids))
    yield {policy: {**values, "zones": {}} for policy, values in config.items()}
    with maker.engine.alone(STACK):
        maker.engine.destroy(STACK, refresh=False, log=maker.settings.log_dir / LOG)


def _up(maker: Provisioner, pack: dict[str, Any], rule: Rule) -> None:
    """One project of level 4 with one zone's group and subnet, through the engine with the pack."""

    def program() -> None:
        project = identity.Project("project", name=STACK.name, tags=["level-4"])
        network = networking.Network("zone-application-network", name=STACK.name, tenant_id=project.id)
        pool = maker.outputs("site", maker.site.name)["branches"]["committee"]["pool_v4"]
        networking.Subnet(
            "zone-application-subnet-4", network_id=network.id, tenant_id=project.id, ip_version=4,
            cidr="10.74.0.0/26", subnetpool_id=pool, enable_dhcp=False,
        )  # fmt: skip
        Group("group-application", GroupArgs(group_name=STACK.name, rules=(rule,)), project_id=project.id).allow()
        pulumi.export("project_id", project.id)

    with maker.engine.alone(STACK):
        maker.engine.up(
            STACK, program, {}, refresh=False, log=maker.settings.log_dir / LOG, pack_config=pack
        )  # fmt: skip


@pytest.mark.parametrize("control", ALONE)
def test_the_engine_does_not_make_a_rule_that_breaks_a_control(
    maker: Provisioner, pack: dict[str, Any], control: str
) -> None:
    with pytest.raises(PolicyError, match=control):
        _up(maker, pack, ALONE[control])
    made = [r.type for r in maker.engine.state(STACK).resources()]
    assert "openstack:networking/secGroupRule:SecGroupRule" not in made


@pytest.mark.parametrize(
    ("control", "rule"),
    [
        ("SAC-11", _rule(direction="egress", port=443, remote="0.0.0.0/0")),
        ("NET-12", _rule(remote="10.74.0.0/26")),
    ],
)
def test_the_engine_refuses_a_stack_that_breaks_a_control_as_a_whole(
    maker: Provisioner, pack: dict[str, Any], control: str, rule: Rule
) -> None:
    with pytest.raises(PolicyError, match=control):
        _up(maker, pack, rule)


def test_the_engine_makes_what_breaks_nothing(maker: Provisioner, pack: dict[str, Any]) -> None:
    _up(maker, pack, _rule())
    made = [r.type for r in maker.engine.state(STACK).resources()]
    assert "openstack:networking/secGroupRule:SecGroupRule" in made


def test_a_plan_that_breaks_controls_is_refused_before_anything_is_made(
    maker: Provisioner, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = driver.record(maker, "ke-hoach-hong", code="H99.76", level=4)
    good = maker._system_config(record)
    database = good.groups["database"]
    own = str(good.zones["database"].cidr)
    bad = (
        _rule(port=22), _rule(port=21), _rule(port=445, remote=own),
        _rule(direction="egress", port=443, remote="0.0.0.0/0"),
    )  # fmt: skip
    groups = {**good.groups, "database": GroupArgs(group_name=database.group_name, rules=(*database.rules, *bad))}
    zones = {**good.zones, "dmz": good.zones["dmz"].model_copy(update={"pool_v4": ""})}
    worse: SystemConfig = good.model_copy(update={"groups": groups, "zones": zones})
    monkeypatch.setattr(maker, "_system_config", lambda _record: worse)
    with pytest.raises(PolicyError) as refused:
        maker.plan_system(record)
    for control in ("SAC-07", "NET-22", "NET-12", "SAC-11", "TSL-03"):
        assert control in str(refused.value)
