"""SIGKILL of the whole process tree at each workflow step in turn; then the same command again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.e2e.chain import STEPS, Hatang, inventory, request_file, submit

SYSTEM = "bi-ngat"


def test_killed_at_each_step_it_goes_on_and_nothing_is_doubled(hatang: Hatang, tmp_path: Path) -> None:
    submit(hatang, request_file(tmp_path, SYSTEM, level=1, hosts=("gateway",)))
    killed = [step for step in STEPS if hatang.kill_at(f"{SYSTEM}: {step} …", "system", "apply", SYSTEM)]
    assert killed == list(STEPS), "each step was reached, and cut off"
    hatang("system", "apply", SYSTEM)
    status = hatang("system", "status", SYSTEM, "--output", "json").json()
    assert status["state"] == "active"
    found = inventory(hatang.cloud, SYSTEM, "h99-07")
    assert found == {
        "domain": 1, "project": 1, "network": 3, "network names": 3, "router": 1, "security group": 3,
        "server": 1, "volume": 0, "group": 2,
    }  # fmt: skip
    public = [a["address"] for a in status["public_addresses"]]
    assert len(public) == 1
    assert [a.floating_ip_address for a in hatang.cloud.network.ips(project_id=status["project_id"])] == public
    assert hatang("system", "plan", SYSTEM, "--exit-code", code=0).out


def test_destroy_leaves_nothing_of_the_system(hatang: Hatang) -> None:
    hatang("system", "destroy", SYSTEM, code=3)
    hatang("system", "destroy", SYSTEM, "--yes")
    found = inventory(hatang.cloud, SYSTEM, "h99-07")
    assert {k: n for k, n in found.items() if n} == {"domain": 1, "group": 2}
    identity: Any = hatang.cloud.identity
    projects = {p.id for p in identity.projects()}
    assert [a.floating_ip_address for a in hatang.cloud.network.ips() if a.project_id not in projects] == []
