"""Start, kill, twin and reset of a sandbox cloud."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hatang import settings
from hatang.sandbox.cloud import SERVICES, Cloud, CloudError, golden, records
from hatang.sandbox.cloud.configfiles import BACKENDS
from hatang.sandbox.cloud.rest import HttpError, Session, call


def pids(cloud: Cloud) -> dict[str, int | None]:
    """Process of each service."""
    return {n: r.pid if (r := cloud.record(n)) else None for n in SERVICES}


def test_start_again_changes_nothing(spare: Cloud) -> None:
    before = pids(spare)
    spare.start()
    assert pids(spare) == before
    assert None not in before.values()


def test_each_volume_back_end_takes_volumes_of_its_type(spare: Cloud) -> None:
    k = Session(spare.settings)
    pools = k.get("cinder", f"/{k.project_id}/scheduler-stats/get_pools")["pools"]
    assert {p["name"].split("@")[1].split("#")[0] for p in pools} == set(BACKENDS)


def test_secrets_are_readable_by_their_owner_only(spare: Cloud) -> None:
    state = spare.settings.state_dir
    assert state.stat().st_mode & 0o077 == 0
    for file in (state / "clouds.yaml", state / "settings.json"):
        assert file.stat().st_mode & 0o077 == 0, file


def test_killing_one_service_leaves_the_others(spare: Cloud) -> None:
    before = pids(spare)
    spare.kill("glance")
    during = pids(spare)
    assert during == {**before, "glance": None}
    spare.start()
    assert {n: p for n, p in pids(spare).items() if n != "glance"} == {n: p for n, p in before.items() if n != "glance"}


@pytest.fixture
def twin(spare: Cloud, tmp_path: Path) -> Iterator[Cloud]:
    """A second cloud from the same golden state, stopped, on the same ports."""
    made = Cloud.restore(golden.archive(settings.load().cache), replace(spare.settings, state_dir=tmp_path / "twin"))
    yield made
    made.wipe()


def test_a_twin_has_its_own_ports_password_and_tokens(spare: Cloud, tmp_path: Path) -> None:
    s = replace(
        spare.settings,
        state_dir=tmp_path / "twin",
        base_port=spare.settings.base_port + 20,
        admin_password="another-password",
    )
    twin = Cloud.restore(golden.archive(settings.load().cache), s)
    try:
        twin.start(["keystone", "neutron"])
        urls = [e["url"] for e in Session(s).get("keystone", "/endpoints")["endpoints"]]
        assert all(s.base_port <= int(u.split(":")[2].split("/")[0]) < s.base_port + 10 for u in urls)
        with pytest.raises(HttpError, match="401"):
            call("GET", s.url("neutron") + "/v2.0/networks", headers={"X-Auth-Token": Session(spare.settings).token})
        with pytest.raises(HttpError, match="401"):
            Session(replace(s, admin_password=spare.settings.admin_password))
    finally:
        twin.wipe()


def test_an_occupied_port_is_named_and_nothing_starts(spare: Cloud, twin: Cloud) -> None:
    with pytest.raises(CloudError, match=rf"port {spare.settings.base_port} for keystone"):
        twin.start()
    assert set(pids(twin).values()) == {None}


def test_stop_spares_foreign_processes_named_by_stale_records(twin: Cloud) -> None:
    with subprocess.Popen(["sleep", "60"]) as victim:
        ticks = records.start_ticks(victim.pid) or 0
        stale = {"pid": victim.pid, "start_ticks": ticks - 5, "boot_id": records.boot_id()}
        records.path(twin.settings.run, "keystone").write_text(json.dumps(stale))
        twin.stop()
        assert victim.poll() is None
        victim.kill()


@pytest.mark.turn("sandbox", "killed")
def test_sigkill_of_everything_then_start_brings_all_back(spare: Cloud) -> None:
    k = Session(spare.settings)
    k.request("POST", "neutron", "/v2.0/networks", {"network": {"name": "survivor"}})
    for pid in pids(spare).values():
        os.kill(int(pid or 0), signal.SIGKILL)
    spare.start()
    found = Session(spare.settings).get("neutron", "/v2.0/networks?name=survivor")["networks"]
    assert len(found) == 1
    assert {row["ready"] for row in spare.status().values()} == {True}
