"""Start, stop and look at the hosts' agent and all that it made."""

from __future__ import annotations

import contextlib
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
from . import cgroup, netns, sockets
from .client import AgentError, ask
from .machines import Machines
from .programs import HostsError, discard, write_text

MADE = Path("/run/hatang.made")
NEEDED = ("systemd-nspawn", "ip", "nft", "nc", "nsenter", "ssh-keygen", "setpriv", "unshare")


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
    """Start the agent unless it runs; returns when it answers, and with it all hosts that should run.

    Args:
        state: folder of the hosts.
        images: folder of built images (image.build).
        cloud_state: folder of the sandbox cloud; its services may come later.
        keys: folder of private keys, named after keypairs; ssh_config points there.
    """
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    (state / "run").mkdir(exist_ok=True)
    if is_running(state):
        return
    _note_folders()
    argv = [sys.executable, "-m", "hatang.sandbox.hosts.agent", *map(str, (state, images, cloud_state, keys))]
    env = {**os.environ, "PYTHONPATH": str(PYTHONPATH)}
    child = None
    end = time.monotonic() + timeout_s
    while not is_running(state):
        ended = child is not None and child.poll() is not None
        if ended or time.monotonic() > end:
            tail = (state / "agent.log").read_text()[-1500:]
            raise HostsError(f"the hosts' agent did not start; log: {state / 'agent.log'}\n{tail}")
        if child is None and pid_records.read(state / "run", "agent") is None:  # else one is starting: of a killed `up`
            with (state / "agent.log").open("ab") as log:
                child = subprocess.Popen(
                    argv, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
                )
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


def network_problem(state: Path) -> str:
    """What keeps the data plane from being what Neutron says; empty when nothing does, or no agent runs."""
    try:
        return str(ask(str(socket_path(state)), timeout_s=10, do="network-problem"))
    except (OSError, AgentError):
        return ""


def await_network(state: Path, timeout_s: float = 30) -> None:
    """Wait until the data plane is what Neutron says. Raises HostsError with what keeps it from that."""
    end = time.monotonic() + timeout_s
    while problem := network_problem(state):
        if time.monotonic() > end:
            raise HostsError(f"the networks of the hosts are not up: {problem}; log: {state / 'agent.log'}")
        time.sleep(0.1)


def stop(state: Path, wipe: bool = False) -> None:
    """Stop the agent and all hosts; nothing of them is left but their disks, and with `wipe` not even these.

    Also when the folder was removed before: names of all that may be left derive from its path.
    """
    machines = Machines(state, state, state)
    if not state.exists() and (
        os.geteuid() != 0 or not (netns.named(f"{machines.id}-") or cgroup.exists(machines.group))
    ):
        return
    if state.exists():
        _stop_agent(state / "run")
    _close_masters(machines.id)
    machines.halt_all()
    (state / "agent.sock").unlink(missing_ok=True)
    _remove_noted()
    if wipe:
        discard(state)


def _stop_agent(run: Path) -> None:
    record = pid_records.send(run, "agent", signal.SIGTERM)
    if record and not pid_records.wait_gone(record, 10):
        pid_records.send(run, "agent", signal.SIGKILL)
        pid_records.wait_gone(record, 10)
    pid_records.forget(run, "agent")


def _close_masters(ident: str) -> None:
    """End the SSH connections that ControlPersist keeps open through the operator's namespace."""
    folder = sockets.folder(ident)
    quiet = subprocess.DEVNULL
    for sock in folder.glob("*"):
        if sock.suffix == sockets.GUEST:
            continue
        argv = ["ssh", "-F", "none", "-S", str(sock), "-O", "exit", "-"]
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run(argv, stdin=quiet, stdout=quiet, stderr=quiet, timeout=10)
    shutil.rmtree(folder, ignore_errors=True)


def _note_folders() -> None:
    """Note which folders below /run the first sandbox of this machine makes; the last one removes them."""
    made = [str(d) for d in (netns.NETNS, Path("/run/systemd")) if not d.exists()]
    if made and not MADE.exists():
        write_text(MADE, "\n".join(made) + "\n")


def _remove_noted() -> None:
    """Remove them, unless another sandbox or somebody else uses them. `ip netns add` mounts /run/netns on itself."""
    if not MADE.exists() or (netns.NETNS.exists() and any(netns.NETNS.iterdir())):
        return
    for folder in map(Path, MADE.read_text().split()):
        if folder.exists() and not any(folder.iterdir()):
            subprocess.run(["umount", str(folder)], stderr=subprocess.DEVNULL)
            folder.rmdir()
    MADE.unlink()
