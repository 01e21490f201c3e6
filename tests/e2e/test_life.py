"""Raised to another level in place; removed by two persons, kept once, killed while it is purged: nothing is left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from openstack.connection import Connection

from hatang.sandbox.lifecycle import Sandbox
from hatang.workflow.status import PURGE_STEPS
from tests.e2e.chain import Hatang, request_file
from tests.e2e.removal import ONE, TWO, decided, impatient_site, removal
from tests.integration.provision.listing import described, everything

pytestmark = pytest.mark.turn("story", "removal")
SYSTEM, AGENCY = "se-go-bo", "H99.08"


@pytest.fixture(scope="module")
def impatient(hatang: Hatang, sandbox: Sandbox, cloud: Connection, tmp_path_factory: pytest.TempPathFactory) -> Hatang:
    """The command on a site whose removed systems have no grace period."""
    return Hatang(sandbox.state, cloud, impatient_site(tmp_path_factory.mktemp("impatient")))


@pytest.fixture(scope="module")
def before(hatang: Hatang) -> set[str]:
    """All that the cloud holds before the agency exists."""
    return everything(hatang.cloud)


@pytest.fixture(scope="module")
def born(hatang: Hatang, before: set[str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The request of the system, of level 2 with a data volume; it is in use. The last test removes it."""
    folder = tmp_path_factory.mktemp("born")
    request: dict[str, Any] = yaml.safe_load(request_file(folder, SYSTEM, level=2).read_text())
    request["agency"]["code"] = AGENCY
    request["system"]["hosts"][0]["volume_gib"] = 1
    bring(hatang, folder, request)
    return request


def bring(hatang: Hatang, folder: Path, request: dict[str, Any]) -> str:
    """Submit a request, have it decided, and apply it; returns what its plan says to those who decide."""
    file = folder / f"{request['kind']}-{request['system']['level']}.yaml"
    file.write_text(yaml.safe_dump(request, allow_unicode=True))
    made: str = hatang("request", "submit", str(file), "--output", "json").json()["request"]["id"]
    told = hatang("request", "plan", made).out
    if request["system"]["level"] > 2:
        hatang("request", "appraise", made, "--by", ONE)
    hatang("request", "approve", made, "--by", TWO)
    hatang("system", "apply", SYSTEM)
    return told


def test_another_level_comes_in_place(hatang: Hatang, born: dict[str, Any], tmp_path: Path) -> None:
    cloud = hatang.cloud
    [server] = [s for s in cloud.compute.servers(all_projects=True) if s.name == f"{SYSTEM}-web"]
    [volume] = [v for v in cloud.block_storage.volumes(all_projects=True) if v.name == f"{SYSTEM}-web-data"]
    networks = {n.name for n in cloud.network.networks(project_id=server.project_id)}
    hatang("host", "ssh", f"{SYSTEM}-web", "--", "sudo", "touch", "/var/tmp/con-nguyen")

    raised = {**born, "kind": "change", "system": {**born["system"], "level": 3}}
    told = bring(hatang, tmp_path, raised)
    assert "Level 2 → 3. Requirements: " in told
    assert "Volumes that get another type in place: web. Their data stay" in told
    assert "New network zones: database, management." in told
    assert "LOST" not in told
    now = cloud.block_storage.get_volume(volume.id)
    assert now.volume_type != volume.volume_type
    assert (now.status, now.attachments[0]["server_id"]) == ("in-use", server.id)
    more = {n.name for n in cloud.network.networks(project_id=server.project_id)} - networks
    assert more == {f"{SYSTEM}-database", f"{SYSTEM}-management"}
    hatang("host", "ssh", f"{SYSTEM}-web", "--", "test", "-f", "/var/tmp/con-nguyen")
    status = hatang("system", "status", SYSTEM, "--output", "json").json()
    assert (status["state"], status["level"]) == ("active", 3)
    hatang("system", "plan", SYSTEM, "--exit-code", code=0)


def test_removed_by_two_persons_and_nothing_is_left(
    hatang: Hatang, impatient: Hatang, born: dict[str, Any], before: set[str], tmp_path: Path
) -> None:
    request = decided(hatang, removal(tmp_path, AGENCY, SYSTEM))
    assert "no removal" in hatang("system", "purge", SYSTEM, "--yes", code=None).err, "closed first"
    hatang("system", "apply", SYSTEM)
    assert "grace period" in hatang("system", "purge", SYSTEM, "--yes", code=3).err, "30 days in the example site"
    hatang("request", "keep", request, "--by", TWO, "--note", "Vẫn cần (ví dụ)")
    assert hatang("system", "status", SYSTEM, "--output", "json").json()["state"] == "suspended"

    request = decided(impatient, removal(tmp_path, AGENCY, SYSTEM))
    impatient("system", "apply", SYSTEM)
    assert impatient.kill_at(f"{SYSTEM}: purge …", "system", "purge", SYSTEM, "--yes", "--data-of", SYSTEM)
    assert impatient("request", "keep", request, "--by", TWO, "--note", "Quá muộn", code=3).err
    words = ("system", "purge", SYSTEM, "--yes", "--data-of", SYSTEM)
    assert impatient.kill_at(f"{SYSTEM}: rest …", *words)
    told = impatient(*words).out
    assert impatient(*words).out == told, "who was killed at the very end runs it again, and is told"
    status = impatient("system", "status", SYSTEM, "--output", "json").json()
    assert (status["state"], [s["name"] for s in status["steps"]]) == ("removed", list(PURGE_STEPS))
    assert impatient("request", "show", request, "--output", "json").json()["request"]["state"] == "removed"
    asked = tmp_path / "born.yaml"
    asked.write_text(yaml.safe_dump({**born, "agency": {**born["agency"], "code": "H99.07"}}, allow_unicode=True))
    assert SYSTEM in hatang("request", "submit", str(asked), code=None).err, "its name rests"
    hatang("agency", "destroy", AGENCY, "--yes")
    left = everything(hatang.cloud) - before
    assert not left, described(hatang.cloud, left)
    hatang("journal", "verify")
