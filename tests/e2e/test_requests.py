"""What was approved is a plan: nothing else is applied; a change of a system in use goes the same way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.chain import Hatang, inventory, request_file, submit

SYSTEM, SMALLER = "doi-thay", "bot-lai"
CODE, DOMAIN = "H99.17", "h99-17"  # of an agency that comes with this system
CONTACT = {"contact": "moi@vi-du.example"}  # that a change brings


def rewritten(file: Path, name: str, **content: Any) -> Path:
    """The request file with other facts of its first level, under another name."""
    made = file.with_name(name)
    made.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | content, allow_unicode=True, sort_keys=False))
    return made


def first(folder: Path, system: str, code: str) -> Path:
    """A request for an agency with its first system."""
    file = request_file(folder, system, level=1)
    agency = yaml.safe_load(file.read_text())["agency"] | {"code": code}
    return rewritten(file, "first.yaml", kind="new-agency", agency=agency)


def larger(file: Path, name: str, **content: Any) -> Path:
    """The request file with one more host, with data."""
    system = yaml.safe_load(file.read_text())["system"]
    system["hosts"].append({"name": "web-hai", "zone": "dmz", "volume_gib": 1})
    return rewritten(file, name, system=system, **content)


def servers_of(hatang: Hatang, system: str) -> dict[str, str]:
    """Ids of its servers by name."""
    return {s.name: s.id for s in hatang.cloud.compute.servers(all_projects=True) if s.name.startswith(system)}


@pytest.mark.turn("story", "change")
def test_a_change_goes_the_same_way_and_nothing_is_made_anew(hatang: Hatang, tmp_path: Path) -> None:
    file = first(tmp_path, SYSTEM, CODE)
    submit(hatang, file)
    hatang("system", "apply", SYSTEM)
    before = inventory(hatang.cloud, SYSTEM, DOMAIN)
    assert (before["domain"], before["group"], before["project"]) == (1, 2, 1), "the agency came with it"
    refused = hatang("request", "submit", str(rewritten(file, "again.yaml", requested_by="nguoi-khac.vi-du")), code=2)
    assert f"agency {CODE} is there already" in refused.err
    servers = servers_of(hatang, SYSTEM)

    agency = yaml.safe_load(file.read_text())["agency"] | CONTACT | {"ceiling": {"hosts": 40}}
    more = larger(file, "change.yaml", kind="change", agency=agency)
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
    assert inventory(hatang.cloud, SYSTEM, DOMAIN) == before
    shown = hatang("request", "show", request, "--output", "json").json()["request"]
    assert (shown["state"], shown["approved_plan"]) == ("planned", "")
    hatang("request", "approve", request, "--by", "nguoi-phe-duyet.vi-du")

    assert hatang.kill_at(f"{SYSTEM}: apply …", "system", "apply", SYSTEM)
    hatang("system", "apply", SYSTEM)
    after = inventory(hatang.cloud, SYSTEM, DOMAIN)
    assert after == {**before, "server": before["server"] + 1, "volume": 1}
    now = servers_of(hatang, SYSTEM)
    assert {name: now[name] for name in servers} == servers, "no server was made anew"
    assert f"{SYSTEM}-web-hai" in now
    shown = hatang("request", "show", request, "--output", "json").json()["request"]
    assert shown["state"] == "active"
    agency = hatang("agency", "show", CODE, "--output", "json").json()["agency"]
    assert (agency["contact"], agency["ceiling"]["hosts"]) == (CONTACT["contact"], 40)
    assert hatang("system", "plan", SYSTEM, "--exit-code", code=0).out


@pytest.mark.turn("story", "taking-away")
def test_a_host_goes_with_its_data_and_then_the_whole_system(hatang: Hatang, tmp_path: Path) -> None:
    file = first(tmp_path, SMALLER, "H99.18")
    born = submit(hatang, larger(file, "two.yaml"))
    hatang("system", "apply", SMALLER)
    before, servers = inventory(hatang.cloud, SMALLER, "h99-18"), servers_of(hatang, SMALLER)
    assert (before["server"], before["volume"]) == (2, 1)
    gone = takes_the_host_away(hatang, file)
    after = inventory(hatang.cloud, SMALLER, "h99-18")
    assert after == {**before, "server": 1, "volume": 0}
    assert servers_of(hatang, SMALLER) == {f"{SMALLER}-web": servers[f"{SMALLER}-web"]}
    assert hatang("request", "show", gone, "--output", "json").json()["request"]["state"] == "active"
    hatang("system", "destroy", SMALLER, "--yes")
    assert inventory(hatang.cloud, SMALLER, "h99-18")["project"] == 0
    assert hatang("request", "show", born, "--output", "json").json()["request"]["state"] == "removed"


def takes_the_host_away(hatang: Hatang, file: Path) -> str:
    """The second host goes with its data: said, planned, confirmed twice, killed on the way; returns the request."""
    fewer = rewritten(file, "fewer.yaml", kind="change")
    silent = hatang("request", "submit", str(fewer), code=2)
    assert "the data of web-hai (1 GiB) would be lost" in silent.err
    loss = {"hosts": ["web-hai"], "no_backup": {"by": "chu-quan.vi-du", "reason": "Dữ liệu thử (ví dụ)"}}
    request = submit(hatang, rewritten(fewer, "loss.yaml", data_loss=loss))
    told = hatang("request", "show", request).out
    assert told.index("Servers that go, WITH ALL THAT LIES ON THEIR OWN DISKS: web-hai.") < told.index(
        "The quota of the project follows."
    )
    assert "Volumes that go, WITH THEIR DATA: web-hai." in told
    refused = hatang("system", "apply", SMALLER, code=3)
    assert f"hatang system apply {SMALLER} --data-of {SMALLER}" in refused.err
    assert hatang.kill_at(f"{SMALLER}: apply …", "system", "apply", SMALLER, "--data-of", SMALLER)
    hatang("system", "apply", SMALLER, code=3)
    hatang("system", "apply", SMALLER, "--data-of", SMALLER)
    return request
