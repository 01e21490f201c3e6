"""What was approved is a plan: nothing else is applied; a change of a system in use goes the same way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.chain import Hatang, inventory, request_file, submit

SYSTEM = "doi-thay"


def changed(file: Path, folder: Path, **agency: Any) -> Path:
    """The request file as a change: one more host, and facts of the agency."""
    content = yaml.safe_load(file.read_text())
    content["kind"] = "change"
    content["agency"] |= agency
    content["system"]["hosts"].append({"name": "web-hai", "zone": "dmz"})
    made = folder / "change.yaml"
    made.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False))
    return made


@pytest.mark.turn("life", "change")
def test_a_system_lives_from_request_through_change_to_removal(hatang: Hatang, tmp_path: Path) -> None:
    file = request_file(tmp_path, SYSTEM, level=1)
    submit(hatang, file)
    hatang("system", "apply", SYSTEM)
    before = inventory(hatang.cloud, SYSTEM, "h99-07")
    servers = {s.name: s.id for s in hatang.cloud.compute.servers(all_projects=True) if s.name.startswith(SYSTEM)}

    more = changed(file, tmp_path, contact="moi@vi-du.example", ceiling={"hosts": 40})
    request = submit(hatang, more, approve=False)
    again = hatang("system", "apply", SYSTEM, "--output", "json").json()["steps"]
    assert {op for op, n in again["apply"]["changes"].items() if n} == {"same"}, "not approved, it changes nothing"
    planned = hatang("request", "plan", request, "--output", "json").json()
    assert planned["changes"]["create"] >= 1
    assert planned["changes"].get("delete", 0) == planned["changes"].get("replace", 0) == 0
    refused = hatang("request", "approve", request, "--by", "nguoi-de-nghi.vi-du", code=3)
    assert "may not approve it" in refused.err
    refused = hatang("request", "approve", request, "--by", "nguoi-phe-duyet.vi-du", "--plan", "0" * 64, code=3)
    assert "is not the newest one" in refused.err
    hatang("request", "approve", request, "--by", "nguoi-phe-duyet.vi-du", "--plan", planned["digest"][:12])

    # Somebody changes the cloud between approval and apply: it says what, and asks again.
    group = next(g for g in hatang.cloud.network.security_groups() if g.name == f"{SYSTEM}-dmz")
    hatang.cloud.network.create_security_group_rule(
        security_group_id=group.id, direction="ingress", ethertype="IPv4", protocol="tcp",
        port_range_min=3389, port_range_max=3389, remote_ip_prefix="0.0.0.0/0",
    )  # fmt: skip
    refused = hatang("system", "apply", SYSTEM, code=3)
    assert "3389" in refused.err
    assert inventory(hatang.cloud, SYSTEM, "h99-07") == before
    shown = hatang("request", "show", request, "--output", "json").json()["request"]
    assert (shown["state"], shown["approved_plan"]) == ("planned", "")
    hatang("request", "approve", request, "--by", "nguoi-phe-duyet.vi-du")

    assert hatang.kill_at(f"{SYSTEM}: apply …", "system", "apply", SYSTEM)
    hatang("system", "apply", SYSTEM)
    after = inventory(hatang.cloud, SYSTEM, "h99-07")
    assert after == {**before, "server": before["server"] + 1}
    now = {s.name: s.id for s in hatang.cloud.compute.servers(all_projects=True) if s.name.startswith(SYSTEM)}
    assert {name: now[name] for name in servers} == servers, "no server was made anew"
    assert f"{SYSTEM}-web-hai" in now
    shown = hatang("request", "show", request, "--output", "json").json()["request"]
    assert shown["state"] == "active"
    agency = hatang("agency", "show", "H99.07", "--output", "json").json()["agency"]
    assert (agency["contact"], agency["ceiling"]["hosts"]) == ("moi@vi-du.example", 40)
    assert hatang("system", "plan", SYSTEM, "--exit-code", code=0).out
    hatang("system", "destroy", SYSTEM, "--yes")
    assert inventory(hatang.cloud, SYSTEM, "h99-07")["project"] == 0
    assert hatang("request", "show", request, "--output", "json").json()["request"]["state"] == "removed"
