"""Removed by request of two persons: kept once, removed again, killed while it is purged; nothing is left anywhere."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from openstack.connection import Connection

from hatang.sandbox.lifecycle import Sandbox
from hatang.workflow.status import PURGE_STEPS
from tests.e2e.chain import SITE, Hatang, request_file
from tests.integration.provision.listing import everything

SYSTEM, AGENCY = "se-go-bo", "H99.08"
ASKS, ONE, TWO = "nguoi-de-nghi.vi-du", "nguoi-thu-nhat.vi-du", "nguoi-thu-hai.vi-du"


@pytest.fixture(scope="module")
def impatient(hatang: Hatang, sandbox: Sandbox, cloud: Connection, tmp_path_factory: pytest.TempPathFactory) -> Hatang:
    """The command on a site whose removed systems have no grace period."""
    text = yaml.safe_load(SITE.read_text(encoding="utf-8")) | {"removal": {"grace_days": 0, "quarantine_days": 30}}
    site = tmp_path_factory.mktemp("impatient") / "site.yaml"
    site.write_text(yaml.safe_dump(text, allow_unicode=True), encoding="utf-8")
    return Hatang(sandbox.state, cloud, site)


def removal(folder: Path) -> Path:
    """A request that the system be removed, whose data nobody wants."""
    file = folder / "remove.yaml"
    file.write_text(yaml.safe_dump({
        "kind": "remove", "requested_by": ASKS, "agency": AGENCY, "system": SYSTEM, "reason": "Kiểm thử (ví dụ)",
        "no_backup": {"by": "Chủ quản ví dụ", "reason": "Không có dữ liệu thật"},
    }, allow_unicode=True))  # fmt: skip
    return file


def decided(hatang: Hatang, file: Path) -> str:
    """Submitted, planned, and decided by two persons; returns the id."""
    request: str = hatang("request", "submit", str(file), "--output", "json").json()["request"]["id"]
    hatang("request", "plan", request)
    assert "waits for" in hatang("system", "apply", SYSTEM, code=None).err, "not before two persons decided"
    hatang("request", "appraise", request, "--by", ONE)
    assert hatang("request", "approve", request, "--by", ONE, code=None).code != 0, "two persons, not one twice"
    hatang("request", "approve", request, "--by", TWO)
    return request


def test_removed_by_two_persons_and_nothing_is_left(hatang: Hatang, impatient: Hatang, tmp_path: Path) -> None:
    before = everything(hatang.cloud)
    born = yaml.safe_load(request_file(tmp_path, SYSTEM, level=2).read_text())
    born["agency"]["code"] = AGENCY
    asked = tmp_path / "born.yaml"
    asked.write_text(yaml.safe_dump(born, allow_unicode=True))
    request: str = hatang("request", "submit", str(asked), "--output", "json").json()["request"]["id"]
    hatang("request", "plan", request)
    hatang("request", "approve", request, "--by", ONE)
    hatang("system", "apply", SYSTEM)

    request = decided(hatang, removal(tmp_path))
    assert "no removal" in hatang("system", "purge", SYSTEM, "--yes", code=None).err, "closed first"
    hatang("system", "apply", SYSTEM)
    assert "grace period" in hatang("system", "purge", SYSTEM, "--yes", code=3).err, "30 days in the example site"
    hatang("request", "keep", request, "--by", TWO, "--note", "Vẫn cần (ví dụ)")
    assert hatang("system", "status", SYSTEM, "--output", "json").json()["state"] == "suspended"

    request = decided(impatient, removal(tmp_path))
    impatient("system", "apply", SYSTEM)
    assert impatient.kill_at(f"{SYSTEM}: purge …", "system", "purge", SYSTEM, "--yes", "--data-of", SYSTEM)
    assert impatient("request", "keep", request, "--by", TWO, "--note", "Quá muộn", code=3).err
    impatient("system", "purge", SYSTEM, "--yes", "--data-of", SYSTEM)
    status = impatient("system", "status", SYSTEM, "--output", "json").json()
    assert (status["state"], [s["name"] for s in status["steps"]]) == ("removed", list(PURGE_STEPS))
    assert impatient("request", "show", request, "--output", "json").json()["request"]["state"] == "removed"
    born["agency"]["code"] = "H99.07"
    asked.write_text(yaml.safe_dump(born, allow_unicode=True))
    assert SYSTEM in hatang("request", "submit", str(asked), code=None).err, "its name rests"
    hatang("agency", "destroy", AGENCY, "--yes")
    assert everything(hatang.cloud) - before == set()
    assert hatang("journal", "verify").code == 0
