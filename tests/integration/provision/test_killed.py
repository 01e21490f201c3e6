"""SIGKILL of everything at any moment of an apply; the same command again finishes it, and nothing exists twice."""

from __future__ import annotations

import random
from typing import Any

import pytest
from openstack.connection import Connection

from hatang.provision import late
from hatang.provision.engine import Engine, Stack
from hatang.provision.events import Report
from hatang.provision.provisioner import Provisioner
from hatang.provision.state import Known
from hatang.sandbox.lifecycle import Sandbox
from tests.integration.provision.conftest import Driver, settled
from tests.integration.provision.driver import record
from tests.prove.choice import seed_of_run

NAME, LATE, AGENCY = "bi-diet", "den-muon", "h99-77"
PORT = "openstack:networking/port:Port"
ZONES = ("application", "border", "dmz", "internal", "wireless")


def wanted(rules: dict[str, int]) -> dict[str, int]:
    """One of everything that a level 2 system with one server has."""
    found = {"domain": 1, "bastion leg": 1, f"project {NAME}": 1, f"router {NAME}": 1, f"keypair {NAME}": 1}
    found |= {"group administrators": 1, "group auditors": 1}
    found |= {f"server {NAME}-app ACTIVE": 1, f"volume {NAME}-app-data in-use": 1, f"port {NAME}-app": 1}
    for zone in ZONES:
        found |= {f"network {NAME}-{zone}": 1, f"security group {NAME}-{zone}": 1, f"port {NAME}-{zone}-gateway": 1}
        found |= {f"subnet {NAME}-{zone}-4": 1, f"subnet {NAME}-{zone}-6": 1}
    return found | rules


@pytest.mark.parametrize("kills", [2, pytest.param(25, marks=pytest.mark.long)])
def test_killed_at_random_moments_nothing_is_doubled(
    kills: int, maker: Provisioner, sandbox: Sandbox, cloud: Connection
) -> None:
    driver = Driver(sandbox.state, NAME)
    driver("plan")
    chosen = random.Random(seed_of_run())
    moments = [round(chosen.uniform(2.5, 9), 2) for _ in range(kills)]
    cut = sum(driver.kill_after(moment, "apply") for moment in moments)
    driver("apply")
    found = settled(cloud, AGENCY, NAME)
    rules = {k: n for k, n in found.items() if k.startswith("rules of ")}
    assert found == wanted(rules), f"{cut} times cut off: {moments}"
    assert set(driver("plan")[0]["changes"]) == {"same"}, "and it is as planned, down to each rule"
    assert set(driver("apply")[0]["changes"]) == {"same"}


@pytest.mark.turn("engine", "late")
def test_what_the_cloud_made_too_late_does_not_stand_in_the_way(
    maker: Provisioner, cloud: Connection, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A port that a killed run had asked for comes after recovery looked, at the address that the next run needs."""
    asked = record(maker, LATE)
    assert asked.allocation is not None
    landing = maker.outputs("site", maker.site.name)
    branch, owner = landing["branches"][asked.agency.branch], landing["bastion_project_id"]
    port = {"name": f"router-{LATE}", "networkId": branch["bastion_network"], "tenantId": owner}
    fixed = [{"subnet_id": branch["bastion_subnet"], "ip_address": str(asked.allocation.bastion_address)}]
    plan, up = maker.plan_system(asked), Engine.up
    came: list[str] = []
    asked_for = late.Late.of(Known("urn::bastion-port", PORT, "", port, {}))
    late.remember(maker.engine.state(Stack("hatang-system", LATE)), [asked_for])

    def up_behind_it(engine: Engine, stack: Stack, *args: Any, **values: Any) -> Report:
        if stack.name == LATE and not came:
            network: Any = cloud.network
            came.append(
                network.create_port(
                    name=port["name"], network_id=port["networkId"], project_id=owner, fixed_ips=fixed
                ).id
            )
        return up(engine, stack, *args, **values)

    monkeypatch.setattr(Engine, "up", up_behind_it)
    maker.apply_system(asked, plan)
    assert "removing bastion-port: it was being made when the last run was killed" in capsys.readouterr().err
    assert came
    assert not [p for p in cloud.network.ports() if p.id in came]
    assert settled(cloud, AGENCY, LATE)["bastion leg"] == 1
    maker.destroy_system(asked)


@pytest.mark.turn("engine", "destroyed")
def test_killed_while_being_destroyed_it_is_gone_in_the_end(
    maker: Provisioner, sandbox: Sandbox, cloud: Connection
) -> None:
    driver = Driver(sandbox.state, NAME)
    assert driver.kill_after(3, "destroy")
    assert driver.kill_after(4, "destroy")
    driver("destroy")
    left = {k: n for k, n in settled(cloud, AGENCY, NAME).items() if n}
    assert left == {"domain": 1, "group administrators": 1, "group auditors": 1}
