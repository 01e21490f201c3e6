"""Start, stop and look at the hosts' agent and all that it made."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from ..cloud import records as pid_records
from ..cloud.cloud import PYTHONPATH
from . import access, cgroup, netns
from .client import AgentError, ask
from .machines import Machines
from .programs import HostsError

NEEDED = ("systemd-nspawn", "ip", "nft", "nc", "nsenter", "ssh-keygen")


def why_not() -> str:
    """Why hosts cannot run on this machine, or an empty text when they can."""
    if os.geteuid() != 0:
        return "root is needed for namespaces and mounts; servers stay Nova-only"
    if missing := [p for p in NEEDED if not shutil.which(p)]:
        return f"missing programs: {', '.join(missing)} (make setup installs them)"
    try:
        cgroup.root()
    except HostsError as exc:
        return str(exc)
    return ""


def socket_path(state: Path) -> Path:
    """The agent's socket. Raises HostsError when the folder's path is too long for one."""
    path = state / "agent.sock"
    if len(str(path)) > 100:
        raise HostsError(f"the path of {path} is too long for a socket; use a shorter state folder")
    return path


def start(state: Path, images: Path, cloud_state: Path, keys: Path, timeout_s: float = 300) -> None:
    """Start the agent unless it runs; returns when it answers, and with it all hosts that should run."""
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    (state / "run").mkdir(exist_ok=True)
    made = [str(d) for d in (netns.NETNS, Path("/run/systemd")) if not d.exists()]
    if made and not (state / "made").exists():
        (state / "made").write_text("\n".join(made))
    if is_running(state):
        return
    argv = [sys.executable, "-m", "hatang.sandbox.hosts.agent", *map(str, (state, images, cloud_state, keys))]
    env = {**os.environ, "PYTHONPATH": str(PYTHONPATH)}
    with (state / "agent.log").open("ab") as log:
        child = subprocess.Popen(
            argv, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    end = time.monotonic() + timeout_s
    while not is_running(state):
        if child.poll() is not None or time.monotonic() > end:
            tail = (state / "agent.log").read_text()[-1500:]
            raise HostsError(f"the hosts' agent did not start; log: {state / 'agent.log'}\n{tail}")
        time.sleep(0.05)


def is_running(state: Path) -> bool:
    """Whether the agent answers."""
    try:
        ask(str(socket_path(state)), timeout_s=10, do="list")
    except (OSError, AgentError):
        return False
    return True


def hosts(state: Path) -> list[dict[str, Any]]:
    """All hosts; empty when no agent runs."""
    try:
        found: list[dict[str, Any]] = ask(str(socket_path(state)), timeout_s=10, do="list")
    except (OSError, AgentError):
        return []
    return found


def stop(state: Path, wipe: bool = False) -> None:
    """Stop the agent and all hosts; nothing of them is left but their disks, and with `wipe` not even these."""
    if not state.exists():
        return
    record = pid_records.send(state / "run", "agent", signal.SIGTERM)
    if record and not pid_records.wait_gone(record, 10):
        pid_records.send(state / "run", "agent", signal.SIGKILL)
        pid_records.wait_gone(record, 10)
    pid_records.forget(state / "run", "agent")
    machines = Machines(state, state, state)
    _close_masters(machines.id)
    machines.halt_all()
    if (state / "made").exists():
        _remove_made((state / "made").read_text().split())
        (state / "made").unlink()
    if wipe:
        shutil.rmtree(state)


def _close_masters(ident: str) -> None:
    folder = access.control_folder(ident)
    for sock in folder.glob("*"):
        quiet = subprocess.DEVNULL
        subprocess.run(["ssh", "-S", str(sock), "-O", "exit", "-"], stdin=quiet, stdout=quiet, stderr=quiet, timeout=10)
    shutil.rmtree(folder, ignore_errors=True)


def _remove_made(folders: list[str]) -> None:
    """Folders under /run that were not there before: `ip netns add` mounts /run/netns on itself."""
    for folder in map(Path, folders):
        if folder.exists() and not any(folder.iterdir()):
            subprocess.run(["umount", str(folder)], stderr=subprocess.DEVNULL)
            folder.rmdir()
