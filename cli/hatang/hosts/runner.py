"""Runs the roles with ansible-runner: one OS process, output in a log file, progress by task."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from hatang.errors import HostError
from hatang.hosts.access import ssh_argv
from hatang.hosts.inventory import inventory
from hatang.model.site import Site
from hatang.registry import HostRecord
from hatang.settings import Settings, environment

ROLES = Path(__file__).resolve().parents[1] / "roles"
PLAYBOOK = ROLES / "harden.yml"


@dataclass
class HardenResult:
    """What a run did: changed tasks by host, failures, seconds."""

    changed: dict[str, int] = field(default_factory=dict)
    tasks: dict[str, list[str]] = field(default_factory=dict)  # names of the changed tasks, by host
    failed: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether every host came through."""
        return not self.failed


def harden(
    settings: Settings,
    site: Site,
    hosts: Sequence[HostRecord],
    variables: Mapping[str, Mapping[str, Any]],
    *,
    tags: Sequence[str] = (),
    check: bool = False,
    log: Path,
    progress: Callable[[str], None] = lambda text: None,
) -> HardenResult:
    """Apply the roles to these hosts.

    Args:
        variables: role variables by host name, from the catalogue.
        tags: ids of controls; empty: all.
        check: change nothing, tell what would change.

    Raises:
        HostError: a host failed; names host, task and cause.
    """
    import ansible_runner

    if not hosts:
        return HardenResult()
    result, begun = HardenResult(changed={h.name: 0 for h in hosts}), monotonic()
    log.parent.mkdir(parents=True, exist_ok=True)
    # A fresh folder for each run: ansible-runner keeps what it was given there and would give it again.
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=_runs(settings)))
    try:
        (folder / "inventory.json").write_text(json.dumps(inventory(settings, hosts, variables)))
        (folder / "inventory.json").chmod(0o600)
        with log.open("a") as out:
            ended = ansible_runner.run(
                private_data_dir=str(folder),
                project_dir=str(ROLES),
                playbook=str(PLAYBOOK),
                inventory=str(folder / "inventory.json"),
                envvars=_variables(settings),
                cmdline=" ".join((["--check"] if check else []) + (["--tags", ",".join(tags)] if tags else [])) or None,
                quiet=True,
                event_handler=lambda event: _note(event, result, out, progress),
                ignore_logging=True,
            )
        _be_sure(ended, hosts, result, log)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    result.seconds = round(monotonic() - begun, 1)
    if result.failed:
        raise HostError(
            f"hardening failed on {len(result.failed)} of {len(hosts)} hosts: {result.failed[0]}",
            where=str(log),
            do="run again; settings of before the run are back on a host that could not be logged in to",
        )
    return result


def _be_sure(ended: Any, hosts: Sequence[HostRecord], result: HardenResult, log: Path) -> None:
    """A run that did not reach every host is a failure, whatever its events say."""
    reached = set((ended.stats or {}).get("ok") or {})
    missing = [h.name for h in hosts if h.name not in reached]
    if (ended.rc != 0 or missing) and not result.failed:
        said = " ".join(ended.stdout.read().split())[-300:] if ended.stdout else ""
        with log.open("a") as out:
            out.write(said + "\n")
        where = f" (not reached: {', '.join(missing)})" if missing else ""
        result.failed.append(f"ansible ended with {ended.rc}{where}: {said}")


def _note(event: dict[str, Any], result: HardenResult, out: Any, progress: Callable[[str], None]) -> bool:
    if event.get("stdout"):
        out.write(event["stdout"] + "\n")
    kind, data = event.get("event"), event.get("event_data") or {}
    host, task = data.get("host", ""), data.get("task", "")
    if kind == "playbook_on_play_start":
        progress(f"hardening {data.get('pattern', '')}")
    elif kind == "runner_on_ok" and (data.get("res") or {}).get("changed"):
        result.changed[host] = result.changed.get(host, 0) + 1
        result.tasks.setdefault(host, []).append(task)
    elif kind in ("runner_on_failed", "runner_on_unreachable") and not data.get("ignore_errors"):
        message = str((data.get("res") or {}).get("msg") or "failed")
        result.failed.append(f"{host}: {task or 'connect'}: {' '.join(message.split())[:300]}")
    elif kind == "error":
        result.failed.append(" ".join(str(event.get("stdout", "ansible failed")).split())[:300])
    return True  # keep the event: the closing statistics are read from it


def _variables(settings: Settings) -> dict[str, str]:
    here = Path(sys.executable).parent  # ansible-playbook stands beside this Python
    found = {
        "PATH": f"{here}{os.pathsep}{environment()['PATH']}",
        "ANSIBLE_ROLES_PATH": str(ROLES),
        "ANSIBLE_HOST_KEY_CHECKING": "True",
        "ANSIBLE_PIPELINING": "True",
        "ANSIBLE_TIMEOUT": "60",
        "ANSIBLE_FORKS": str(settings.ansible_forks),
        "ANSIBLE_STRATEGY": settings.ansible_strategy,
        "ANSIBLE_GATHERING": "explicit",
        "ANSIBLE_RETRY_FILES_ENABLED": "False",
        "ANSIBLE_NOCOLOR": "True",
        "ANSIBLE_LOCALHOST_WARNING": "False",
        "ANSIBLE_DEPRECATION_WARNINGS": "False",
    }
    if settings.ansible_strategy.startswith("mitogen"):
        import ansible_mitogen

        found["ANSIBLE_STRATEGY_PLUGINS"] = str(Path(ansible_mitogen.__file__).parent / "plugins" / "strategy")
    return found


def _runs(settings: Settings) -> Path:
    folder = settings.state_dir / "runs"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def wait_for_hosts(settings: Settings, hosts: Sequence[HostRecord]) -> None:
    """Return when every host lets us in and has finished booting.

    Raises:
        HostError: one did not within `host_timeout_s`.
    """
    with ThreadPoolExecutor(max(1, min(8, len(hosts)))) as pool:
        list(pool.map(lambda h: _wait(settings, h), hosts))


def _wait(settings: Settings, host: HostRecord) -> None:
    end = monotonic() + settings.host_timeout_s
    command = ["systemctl", "is-system-running", "--wait"]
    while True:
        try:
            left = max(1.0, end - monotonic())
            done = subprocess.run(
                ssh_argv(settings, host, command, anew=True), capture_output=True, text=True, timeout=left,
                stdin=subprocess.DEVNULL, env=environment(),
            )  # fmt: skip
            # "degraded" is up too: a unit failed, which the checks judge, not the wait.
            if done.stdout.strip() in ("running", "degraded"):
                return
            cause = (done.stderr or done.stdout).strip()
        except subprocess.TimeoutExpired:
            cause = "no answer"
        if monotonic() > end:
            raise HostError(
                f"host {host.name} did not let us in within {settings.host_timeout_s:.0f} s: {cause[-200:]}",
                where=f"{host.name} ({host.address})",
                do="look at its console: openstack console log show; then run again",
            )
        sleep(0.5)
