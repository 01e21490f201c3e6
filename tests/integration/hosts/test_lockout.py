"""A hardening run never locks its operator out: wrong settings go back, and so does a run that was killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from hatang.errors import HostError
from hatang.hosts import harden
from hatang.registry import HostRecord
from tests.prove.choice import seed_of_run

from .lone import ROOT, Lone, at_level_3, run

ELSEWHERE = {"firewall_management_sources": ["192.0.2.0/24"]}  # nobody of us stands there
TASKS = 70  # a whole run has a few more
LOADED = "RUNNING HANDLER [firewall : Load the rules]"


def start(lone: Lone, **options: Any) -> subprocess.Popen[bytes]:
    """A run as a process group of its own; `job.log` is empty at first."""
    log = lone.folder / "job.log"
    lone.level = 0
    log.unlink(missing_ok=True)
    return subprocess.Popen(
        lone.job(**options), cwd=ROOT, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def kill_tree(child: subprocess.Popen[bytes]) -> None:
    """SIGKILL the run with all that it started."""
    mine = {child.pid}
    for stat in sorted(Path("/proc").glob("[0-9]*/stat"), key=lambda p: int(p.parent.name)):
        try:
            pid, parent = int(stat.parent.name), int(stat.read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, IndexError):
            continue
        if parent in mine:
            mine.add(pid)
    for pid in sorted(mine, reverse=True):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    child.wait()


def wait_for(lone: Lone, text: str, tasks: int = 0, timeout_s: float = 120) -> None:
    """Until the log of the run shows a text, or so many tasks."""
    log, end = lone.folder / "job.log", time.monotonic() + timeout_s
    while time.monotonic() < end:
        said = log.read_text() if log.exists() else ""
        if (text and text in said) or (tasks and said.count("TASK [") >= tasks):
            return
        time.sleep(0.02)
    raise AssertionError(f"the run never came to {text or tasks}")


@pytest.mark.turn("way-back", "firewall")
def test_firewall_that_shuts_us_out_is_taken_back(lone: Lone, host: HostRecord) -> None:
    at_level_3(lone)
    with pytest.raises(HostError, match="nobody could log in anew") as caught:
        run(lone, variables=lone.variables(3, **ELSEWHERE))
    assert host.name in caught.value.what
    assert "settings of before are back" in caught.value.what
    assert lone.lets_in(host)


@pytest.mark.turn("way-back", "ssh-server")
def test_ssh_server_that_shuts_us_out_is_taken_back(lone: Lone, host: HostRecord) -> None:
    at_level_3(lone)
    config = lone.settings.ssh_config
    assert config is not None
    old = config.read_text()
    # This client knows one old algorithm alone; level 4 refuses it, level 3 does not.
    config.write_text(old.replace("Host *\n", "Host *\n  MACs hmac-sha1\n  Ciphers aes128-ctr\n"))
    try:
        assert lone.lets_in(host)
        with pytest.raises(HostError, match="nobody could log in anew"):
            run(lone, level=4)
        assert lone.lets_in(host)
    finally:
        config.write_text(old)


@pytest.mark.turn("way-back", "killed")
def test_killed_run_is_taken_back_by_the_host_itself(lone: Lone, host: HostRecord) -> None:
    at_level_3(lone)
    child = start(lone, variables=lone.variables(3, **ELSEWHERE, lockout_guard_seconds=20))
    wait_for(lone, LOADED)
    kill_tree(child)
    lone.close(host)
    end = time.monotonic() + 60
    while not lone.lets_in(host, timeout_s=2):
        assert time.monotonic() < end, "locked out for good"
        time.sleep(1)
    assert run(lone).changed[host.name] > 0, "what the killed run left is taken up"


@pytest.mark.turn("way-back", "boot")
def test_boot_takes_a_killed_run_back(lone: Lone, host: HostRecord) -> None:
    at_level_3(lone)
    child = start(lone, variables=lone.variables(3, **ELSEWHERE))
    wait_for(lone, LOADED)
    kill_tree(child)
    lone.close(host)
    lone.machines.reboot(host.server_id)
    assert lone.lets_in(host)


@pytest.mark.parametrize("kills", [1, pytest.param(30, marks=pytest.mark.long)])
def test_kill_anywhere_leaves_a_way_in(lone: Lone, fresh: HostRecord, kills: int) -> None:
    choose, sockets = random.Random(seed_of_run()), set[Path]()  # at other tasks in each run
    for _ in range(kills):
        tasks = choose.randrange(2, TASKS)
        child = start(lone, variables=lone.variables(3))
        wait_for(lone, "PLAY RECAP", tasks)
        kill_tree(child)
        sockets |= set(lone.settings.state_dir.glob("runs/run-*/mitogen_*.sock"))
        assert "PLAY RECAP" not in (lone.folder / "job.log").read_text(), f"the run has fewer than {tasks} tasks"
        assert lone.lets_in(fresh), f"locked out after a kill at task {tasks}"
    assert run(lone).ok
    assert run(lone).changed == {fresh.name: 0}
    assert sockets, "they would lie in /tmp"
    assert not [s for s in sockets if s.exists()]


def test_a_run_that_was_killed_between_two_files_of_a_role_is_gone_on_with(lone: Lone, host: HostRecord) -> None:
    """All handlers run then, also those of roles whose turn has not come yet: what they need may not be there."""
    at_level_3(lone)
    files = "/etc/hatang-backup.conf /etc/systemd/system/hatang-backup.timer"
    lone.inside(host, f"hatang-guard arm 600; systemctl stop hatang-backup.timer; rm {files}; systemctl daemon-reload")
    assert run(lone).ok
    lone.inside(host, f"ls {files} && systemctl is-active hatang-backup.timer")


def test_host_that_is_away_is_named(lone: Lone, host: HostRecord) -> None:
    lone.close(host)
    lone.machines.stop(host.server_id)
    try:
        with pytest.raises(HostError) as caught:
            log = lone.folder / "away.log"
            harden(lone.settings, lone.site, lone.hosts, lone.variables(), log=log)
        assert host.name in caught.value.what
        assert caught.value.where == str(log)
    finally:
        lone.machines.start(host.server_id)
