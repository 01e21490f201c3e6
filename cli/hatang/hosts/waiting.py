"""Waits for new hosts: each must let us in and have finished booting."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import monotonic, sleep

from hatang.errors import HostError
from hatang.hosts.access import ssh_argv
from hatang.registry import HostRecord
from hatang.settings import Settings, environment

BOOTED = ("running", "degraded")  # degraded is up too: a unit failed, which the checks judge, not the wait


def wait_for_hosts(
    settings: Settings, hosts: Sequence[HostRecord], shut_out: Callable[[HostRecord], None] = lambda host: None
) -> None:
    """Return when every host lets us in and has finished booting.

    Args:
        shut_out: called after each try that did not get in; what it raises ends the wait.

    Raises:
        HostError: one did not within `host_timeout_s`.
    """
    with ThreadPoolExecutor(max(1, min(8, len(hosts)))) as pool:
        list(pool.map(lambda h: _wait(settings, h, shut_out), hosts))


def _wait(settings: Settings, host: HostRecord, shut_out: Callable[[HostRecord], None]) -> None:
    end = monotonic() + settings.host_timeout_s
    while True:
        state, cause = _ask(settings, host, max(1.0, end - monotonic()))
        if state in BOOTED:
            return
        if monotonic() > end:
            raise HostError(
                f"host {host.name} did not let us in within {settings.host_timeout_s:.0f} s: {cause[-200:]}",
                where=f"{host.name} ({host.address})",
                do="look at its console: openstack console log show; then run again",
            )
        shut_out(host)
        sleep(0.5)


def _ask(settings: Settings, host: HostRecord, timeout_s: float) -> tuple[str, str]:
    """State of the system there, and what was said."""
    argv = ssh_argv(settings, host, ["systemctl", "is-system-running", "--wait"], anew=True)
    try:
        done = subprocess.run(
            argv, capture_output=True, text=True, timeout=timeout_s, stdin=subprocess.DEVNULL, env=environment()
        )
    except subprocess.TimeoutExpired:
        return "", "no answer"
    return done.stdout.strip(), (done.stderr or done.stdout).strip()
