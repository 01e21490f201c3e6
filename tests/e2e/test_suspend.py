"""Suspended and resumed by request, killed on the way: nothing reachable meanwhile, nothing lost afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from hatang.workflow.status import SUSPEND_STEPS
from tests.e2e.chain import Hatang, inventory, request_file, submit

SYSTEM, HOST = "tam-ngung", "tam-ngung-web"
MARK = "/var/tmp/con-nguyen"


def about(folder: Path, kind: str, **more: object) -> Path:
    """A request about the system as it stands."""
    content = {
        "kind": kind, "requested_by": "nguoi-de-nghi.vi-du", "agency": "H99.07", "system": SYSTEM,
        "reason": "Kiểm thử (ví dụ)", **more,
    }  # fmt: skip
    file = folder / f"{kind}.yaml"
    file.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False))
    return file


@pytest.mark.long
def test_suspended_killed_at_each_step_and_resumed(hatang: Hatang, tmp_path: Path) -> None:
    submit(hatang, request_file(tmp_path, SYSTEM, level=2))
    hatang("system", "apply", SYSTEM)
    hatang("host", "ssh", HOST, "--", "sudo", "touch", MARK)
    before = inventory(hatang.cloud, SYSTEM, "h99-07")
    server = next(s for s in hatang.cloud.compute.servers(all_projects=True) if s.name == HOST)

    request = submit(hatang, about(tmp_path, "suspend"))
    killed = [s for s in SUSPEND_STEPS if hatang.kill_at(f"{SYSTEM}: {s} …", "system", "apply", SYSTEM)]
    assert killed == list(SUSPEND_STEPS), "each step was reached, and cut off"
    hatang("system", "apply", SYSTEM)
    status = hatang("system", "status", SYSTEM, "--output", "json").json()
    assert (status["state"], {s["state"] for s in status["steps"]}) == ("suspended", {"done"})
    assert hatang("request", "show", request, "--output", "json").json()["request"]["state"] == "suspended"
    assert hatang.cloud.compute.get_server(server.id).status == "SHUTOFF"
    assert inventory(hatang.cloud, SYSTEM, "h99-07") == before
    hatang("system", "plan", SYSTEM, "--exit-code", code=0)
    report = hatang("check", "--system", SYSTEM, "--output", "json", code=None)
    assert "is suspended: its hosts are left out" in report.err
    found = {r["control"] for r in report.json()["results"] if r["state"] in ("not-met", "not-checked")}
    assert found <= {"BKP-01", "CFG-01", "HST-04", "NET-20"}, "nothing but documents that persons put on record"
    assert "is suspended" in hatang("host", "ssh", HOST, "--", "true", code=3).err

    submit(hatang, about(tmp_path, "resume"))
    assert hatang.kill_at(f"{SYSTEM}: wait-for-hosts …", "system", "apply", SYSTEM)
    hatang("system", "apply", SYSTEM)
    assert hatang("system", "status", SYSTEM, "--output", "json").json()["state"] == "active"
    hatang("host", "ssh", HOST, "--", "test", "-f", MARK)
    now = next(s for s in hatang.cloud.compute.servers(all_projects=True) if s.name == HOST)
    assert (now.id, inventory(hatang.cloud, SYSTEM, "h99-07")) == (server.id, before)
    hatang("system", "plan", SYSTEM, "--exit-code", code=0)
    hatang("system", "destroy", SYSTEM, "--yes")
