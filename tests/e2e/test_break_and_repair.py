"""What is broken by hand is named by its control, and nothing else; repaired, the check passes."""

from __future__ import annotations

import pytest

from tests.e2e.chain import SYSTEM, Hatang

HOST = f"{SYSTEM}-web"

BREAKS = {
    "ACC-04": "echo PermitRootLogin yes | sudo tee /etc/ssh/sshd_config.d/00-by-hand.conf && sudo systemctl reload ssh",
    "AUT-13": "sudo sed -i 's/^ *deny *=.*/deny = 50/' /etc/security/faillock.conf",
    "LOG-07": "sudo systemctl disable --now chrony",
}


pytestmark = pytest.mark.usefixtures("applied")


def unmet(hatang: Hatang, code: int) -> set[str]:
    """Controls that `hatang check` finds not met."""
    report = hatang("check", "--system", SYSTEM, "--output", "json", code=code).json()
    return {r["control"] for r in report["results"] if r["state"] == "not-met"}


def test_broken_host_is_named_and_repaired(hatang: Hatang) -> None:
    assert unmet(hatang, 0) == set()
    for command in BREAKS.values():
        hatang("host", "ssh", HOST, "--", command)
    assert unmet(hatang, 1) == set(BREAKS)
    hatang("host", "harden", HOST)
    assert unmet(hatang, 0) == set()


def test_rule_added_by_hand_is_named_and_removed(hatang: Hatang) -> None:
    cloud = hatang.cloud
    group = next(g for g in cloud.network.security_groups() if g.name == f"{SYSTEM}-database")
    cloud.network.create_security_group_rule(
        security_group_id=group.id, direction="ingress", ethertype="IPv4", protocol="tcp",
        port_range_min=3389, port_range_max=3389, remote_ip_prefix="0.0.0.0/0",
    )  # fmt: skip
    assert "HST-02" in unmet(hatang, 1)
    plan = hatang("system", "plan", SYSTEM, "--exit-code", code=1)
    assert "3389" in plan.out
    hatang("system", "apply", SYSTEM)
    assert unmet(hatang, 0) == set()
    assert hatang("system", "plan", SYSTEM, "--exit-code", code=0).out
