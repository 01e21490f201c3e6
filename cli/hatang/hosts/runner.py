"""Runs the roles with ansible-runner: one OS process, output in a log file, progress by task."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from time import monotonic
from typing import Any

from hatang import private
from hatang.errors import HostError
from hatang.hosts.inventory import inventory
from hatang.hosts.variables import ROLES, require_fitting
from hatang.locale import _
from hatang.model.site import Site
from hatang.registry import HostRecord, leases
from hatang.settings import Settings, environment

PLAYBOOK = ROLES / "harden.yml"
LONGEST_TEMPORARY = 80  # bytes: a socket's path may have 107, and mitogen's name has 27
Progress = Callable[[str], None]


@dataclass
class HardenResult:
    """What a run did: changed tasks by host, failures, seconds."""

    changed: dict[str, int] = field(default_factory=dict)
    tasks: dict[str, list[str]] = field(default_factory=dict)  # changed tasks by host, with the files of those
    failed: list[str] = field(default_factory=list)  # one line a host: host, task, cause
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
    progress: Progress = lambda text: None,
) -> HardenResult:
    """Apply the roles to these hosts.

    Args:
        variables: role variables by host name, from the catalogue.
        tags: ids of controls; empty: all.
        check: change nothing, tell what would change.

    Raises:
        InputErrors: a variable is misspelt, missing or of the wrong kind; no host was touched.
        HostError: a host failed; names host, task and cause.
    """
    import ansible_runner

    if not hosts:
        return HardenResult()
    require_fitting({h.name: variables.get(h.name, {}) for h in hosts})
    run, begun = _Run(HardenResult(changed={h.name: 0 for h in hosts}), progress), monotonic()
    log.parent.mkdir(parents=True, exist_ok=True)
    with (
        _ended_by_signals() as asked,
        # ansible-runner keeps what it was given there, and would give it again.
        private.run_folder(settings, "run", _end_processes) as folder,
        log.open("a", encoding="utf-8") as run.log,
    ):
        _write(folder / "inventory.json", inventory(settings, hosts, variables))
        leases.require()  # another worker may have taken these hosts while we stood still
        ended = ansible_runner.run(
            private_data_dir=str(folder),
            project_dir=str(ROLES),
            playbook=str(PLAYBOOK),
            inventory=str(folder / "inventory.json"),
            envvars=_variables(settings, folder),
            cmdline=" ".join((["--check"] if check else []) + (["--tags", ",".join(tags)] if tags else [])) or None,
            quiet=True,
            event_handler=run.note,
            cancel_callback=asked,
            settings={"pexpect_timeout": 1},  # how often it asks that, seconds
            ignore_logging=True,
        )
        run.close(ended, hosts)
    result = run.result
    result.seconds = round(monotonic() - begun, 1)
    if result.failed:
        raise HostError(
            f"hardening failed on {len(result.failed)} of {len(hosts)} hosts: {result.failed[0]}",
            where=str(log),
            do="run again; settings of before the run are back on a host that could not be logged in to",
        )
    return result


@contextmanager
def _ended_by_signals() -> Iterator[Callable[[], bool]]:
    """SIGINT and SIGTERM end Ansible first; then they do what they did before.

    ansible-runner's own handlers, which it takes when it is given no callback, swallow them, and stay after the run.
    """
    came: list[int] = []
    if threading.current_thread() is not threading.main_thread():  # only that one is told of signals
        yield lambda: False
        return
    before = {s: signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)}
    before = {s: handler for s, handler in before.items() if handler not in (None, signal.SIG_IGN)}
    for number in before:
        signal.signal(number, lambda number, _: came.append(number))
    try:
        yield lambda: bool(came)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])


class _Run:
    """Listens to the events of one run."""

    def __init__(self, result: HardenResult, progress: Progress) -> None:
        self.result = result
        self.progress = progress
        self.log: Any = None
        self.role = ""
        self.causes: dict[str, str] = {}  # the last failure of a host tells why; the first may have been rescued

    def note(self, event: dict[str, Any]) -> bool:
        """One event: into the log, the result, the progress."""
        if event.get("stdout"):
            self.log.write(event["stdout"] + "\n")
            self.log.flush()
        kind, data = event.get("event"), event.get("event_data") or {}
        host, task, outcome = data.get("host", ""), data.get("task", ""), data.get("res") or {}
        if kind == "playbook_on_task_start" and (role := data.get("role", "")) != self.role:
            self.role = role
            if role:
                self.progress(_("hardening: {role}").format(role=role))
        elif kind == "runner_on_ok" and outcome.get("changed"):
            self.result.changed[host] = self.result.changed.get(host, 0) + 1
            named = ", ".join(outcome.get("changed_files") or outcome.get("changed_units") or ())  # of modules of ours
            self.result.tasks.setdefault(host, []).append(f"{task} ({named})" if named else task)
        elif kind in ("runner_on_failed", "runner_on_unreachable") and not data.get("ignore_errors"):
            self.causes[host] = f"{host}: {task or 'connect'}: {_cause(outcome)}"
        elif kind == "error":
            self.causes[""] = _line(str(event.get("stdout", "ansible failed")))
        return True  # keep the event: the closing statistics are read from it

    def close(self, ended: Any, hosts: Sequence[HostRecord]) -> None:
        """A run that did not bring every host to its end is a failure, whatever its events say."""
        stats = ended.stats or {}
        lost = {**(stats.get("failures") or {}), **(stats.get("dark") or {})}
        missing = [h.name for h in hosts if h.name not in (stats.get("ok") or {}) and h.name not in lost]
        self.result.failed = [self.causes.get(h, f"{h}: failed, see the log") for h in sorted(lost)]
        if missing or (ended.rc != 0 and not lost):
            said = self.causes.get("") or _line(ended.stdout.read() if ended.stdout else "")
            self.log.write(said + "\n")
            where = f" (not reached: {', '.join(missing)})" if missing else ""
            self.result.failed.append(f"ansible ended with {ended.rc}{where}: {said}")


def _cause(outcome: dict[str, Any]) -> str:
    failed = next((r for r in outcome.get("results") or () if r.get("failed")), outcome)
    said = str(failed.get("stderr") or failed.get("module_stderr") or "").strip()
    message = str(failed.get("msg") or "failed")
    return _line(f"{message} ({said})" if said and said not in message else message)


def _line(text: str) -> str:
    return " ".join(text.split())[-300:]


def _write(file: Path, data: Any) -> None:
    file.touch(mode=0o600)
    file.write_text(json.dumps(data), encoding="utf-8")


def _end_processes(folder: Path) -> None:
    """Kill processes of a run whose Ansible is gone: all of them name its inventory.

    Each task's process has a session of its own, so what ends Ansible does not end it; and some were being forked when
    their parents were killed.
    """
    inventory_file = os.fsencode(folder / "inventory.json")
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if inventory_file in file.read_bytes().split(b"\0"):
                os.kill(int(file.parent.name), signal.SIGKILL)


def _variables(settings: Settings, folder: Path) -> dict[str, str]:
    here = Path(sys.executable).parent  # ansible-playbook stands beside this Python
    found = {
        "PATH": f"{here}{os.pathsep}{environment()['PATH']}",
        "ANSIBLE_CONFIG": str(ROLES / "ansible.cfg"),  # not that of the user or of the current folder
        "ANSIBLE_HOME": str(folder / "home"),
        "ANSIBLE_TIMEOUT": "60",
        "ANSIBLE_FORKS": str(settings.ansible_forks),
        "ANSIBLE_NOCOLOR": "True",
        "ANSIBLE_DEPRECATION_WARNINGS": "False",
        "ANSIBLE_STRATEGY": "linear",
    }
    if len(os.fsencode(folder)) <= LONGEST_TEMPORARY:  # mitogen's socket, which a killed run would leave in /tmp
        found["TMPDIR"] = str(folder)
    if settings.ansible_strategy.startswith("mitogen") and (spec := find_spec("ansible_mitogen")) and spec.origin:
        found["ANSIBLE_STRATEGY"] = settings.ansible_strategy
        found["ANSIBLE_STRATEGY_PLUGINS"] = str(Path(spec.origin).parent / "plugins" / "strategy")
    return found
