"""The inventory, the way to a host, and what is made of the events of a run."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

from hatang import private, settings
from hatang.hosts import HardenResult, ssh_argv
from hatang.hosts.inventory import inventory
from hatang.hosts.runner import _end_processes, _Run
from hatang.registry import HostRecord

HOST = HostRecord("mot-cua-web", "mot-cua", "H99.05", "dmz", "10.72.4.10", "debian", "id", 3)
OTHER = HostRecord("mot-cua-db", "mot-cua", "H99.05", "database", "10.72.4.20", "debian", "id", 3)


def place(tmp_path: Path, **options: str) -> settings.Settings:
    return settings.load(state_dir=tmp_path, **options)


def test_hosts_stand_in_the_groups_of_system_zone_and_level(tmp_path: Path) -> None:
    found = inventory(place(tmp_path), [HOST, OTHER], {HOST.name: {"passwords_remember": 10}})["all"]
    assert found["children"]["system_mot_cua"]["hosts"] == {HOST.name: None, OTHER.name: None}
    assert found["children"]["zone_database"]["hosts"] == {OTHER.name: None}
    assert found["children"]["level_3"]["hosts"] == {HOST.name: None, OTHER.name: None}
    assert found["hosts"][HOST.name]["passwords_remember"] == 10


def test_ssh_config_leads_to_the_host_by_name_even_with_a_blank_in_its_path(tmp_path: Path) -> None:
    found = place(tmp_path, ssh_config=str(tmp_path / "a b" / "ssh_config"))
    made = inventory(found, [HOST], {})["all"]
    assert made["hosts"][HOST.name]["ansible_host"] == HOST.name
    assert made["vars"]["ansible_ssh_common_args"] == f"-F '{tmp_path}/a b/ssh_config' -o IdentitiesOnly=yes"


def test_without_an_ssh_config_the_address_is_used(tmp_path: Path) -> None:
    assert inventory(place(tmp_path), [HOST], {})["all"]["hosts"][HOST.name]["ansible_host"] == HOST.address


def test_guard_logs_in_apart_from_open_connections(tmp_path: Path) -> None:
    words = inventory(place(tmp_path), [HOST], {})["all"]["hosts"][HOST.name]["lockout_guard_login"]
    assert words[0] == "ssh"
    assert "ControlPath=none" in words
    assert words == ssh_argv(place(tmp_path), HOST, anew=True)


def test_command_follows_the_host_and_key_is_that_of_the_system(tmp_path: Path) -> None:
    words = ssh_argv(place(tmp_path), HOST, ["systemctl", "status"])
    assert words[-3:] == [HOST.address, "systemctl", "status"]
    assert f"IdentityFile={tmp_path}/keys/mot-cua" in words
    assert "IdentitiesOnly=yes" in words, "keys of an agent are not offered first: the host allows four tries"


def listen(*events: dict[str, object]) -> _Run:
    run = _Run(HardenResult(changed={HOST.name: 0}), lambda text: None)
    run.log = io.StringIO()
    for event in events:
        run.note(event)
    return run


def failed(task: str, **outcome: object) -> dict[str, object]:
    return {"event": "runner_on_failed", "event_data": {"host": HOST.name, "task": task, "res": outcome}}


def ended(code: int, **stats: dict[str, int]) -> SimpleNamespace:
    return SimpleNamespace(rc=code, stats=stats, stdout=io.StringIO("the end of what was said"))


def test_last_failure_of_a_host_is_its_cause() -> None:
    run = listen(
        failed("Log in anew", msg="non-zero return code"), failed("Say what happened", msg="nobody  could\nlog in")
    )
    run.close(ended(2, failures={HOST.name: 1}), [HOST])
    assert run.result.failed == [f"{HOST.name}: Say what happened: nobody could log in"]


def test_cause_inside_a_loop_is_found() -> None:
    run = listen(
        failed("Mask", msg="All items completed", results=[{"msg": "ok"}, {"failed": True, "msg": "no such unit"}])
    )
    run.close(ended(2, failures={HOST.name: 1}), [HOST])
    assert run.result.failed == [f"{HOST.name}: Mask: no such unit"]


def test_run_that_never_began_is_a_failure() -> None:
    run = listen()
    run.close(ended(127), [HOST])
    assert not run.result.ok
    assert "ansible ended with 127 (not reached: mot-cua-web): the end of what was said" in run.result.failed


def test_changed_tasks_are_counted_by_host() -> None:
    data = {"host": HOST.name, "task": "LOG-07 | x", "res": {"changed": True}}
    run = listen(
        {"event": "runner_on_ok", "event_data": data}, {"event": "runner_on_ok", "event_data": {**data, "res": {}}}
    )
    run.close(ended(0, ok={HOST.name: 2}), [HOST])
    assert (run.result.changed, run.result.tasks) == ({HOST.name: 1}, {HOST.name: ["LOG-07 | x"]})
    assert run.result.ok


def test_process_of_a_killed_run_is_ended_by_the_next_and_others_are_not(tmp_path: Path) -> None:
    dead = tmp_path / "runs" / "run-99999999-x"
    dead.mkdir(parents=True)
    wait = "import time; time.sleep(60)"
    left = subprocess.Popen([sys.executable, "-c", wait, "-i", str(dead / "inventory.json")])
    other = subprocess.Popen([sys.executable, "-c", wait, "-i", str(tmp_path / "inventory.json")])
    try:
        with private.run_folder(place(tmp_path), "run", _end_processes):
            assert left.wait(timeout=10) == -signal.SIGKILL
            assert other.poll() is None
    finally:
        left.kill()
        other.kill()
        other.wait()
