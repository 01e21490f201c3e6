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


@pytest.mark.turn("story", "drift")
def test_what_drifted_on_cloud_and_host_is_named_and_repaired(hatang: Hatang) -> None:
    network, group = hatang.cloud.network, f"{SYSTEM}-database"
    [made] = [g for g in network.security_groups() if g.name == group]
    network.create_security_group_rule(
        security_group_id=made.id, direction="ingress", ethertype="IPv4", protocol="tcp",
        port_range_min=3389, port_range_max=3389, remote_ip_prefix="0.0.0.0/0",
    )  # fmt: skip
    gone = next(r for r in network.security_group_rules(security_group_id=made.id) if r.description)
    network.delete_security_group_rule(gone)
    hatang("host", "ssh", HOST, "--", BREAKS["LOG-07"])
    found = hatang("drift", "--system", SYSTEM, "--output", "json", code=1).json()["findings"]
    assert {f["place"] for f in found} == {"cloud", "host"}
    assert all(f["repairable"] and f["who"] == "platform-engineer" for f in found)
    told = "\n".join(f["what"] for f in found)
    assert "3389" in told
    assert "SecGroupRule" in told
    assert "is missing" in told
    assert "LOG-07" in told

    ended = hatang("drift", "--system", SYSTEM, "--repair", "--output", "json").json()
    assert (ended["findings"], ended["troubles"]) == ([], {})
    assert {f["what"] for f in ended["repaired"]} == {f["what"] for f in found}
    assert unmet(hatang, 0) == set()
    assert hatang("system", "plan", SYSTEM, "--exit-code", code=0).out
