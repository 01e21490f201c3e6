"""Several processes that do the same to one registry at the same moment.

python -m tests.integration.registry.crew TASK URL, with a list of words for each process as JSON on standard input. One
process loads everything and then forks, before it has touched a database: loading takes longer than the work.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import traceback
from collections.abc import Callable, Sequence
from ipaddress import IPv4Network
from pathlib import Path

from hatang.errors import QuotaError
from hatang.model.terms import ZoneKind
from hatang.registry import Registry
from tests.unit.registry.decided import approve
from tests.unit.registry.test_ceilings import asks
from tests.unit.registry.test_overlaps import with_pool
from tests.unit.registry.test_registry import REQUEST, SITE, named

ROOT = Path(__file__).resolve().parents[3]
ZONES = (ZoneKind.BORDER, ZoneKind.DMZ, ZoneKind.APPLICATION, ZoneKind.DATABASE)
TIMEOUT_S = 400
ROOMY = with_pool(  # the example site, where the branch has place for 4,095 systems
    REQUEST.agency.branch,
    prefix=IPv4Network("10.64.0.0/10"),
    bastion=IPv4Network("10.127.224.0/20"),
    interconnect=IPv4Network("10.127.223.0/24"),
)
HOSTS_EACH = 3  # of the systems that are asked for within a ceiling


def _open(registry: Registry, *_: str) -> None:
    registry.systems()


def _submit(registry: Registry, *names: str) -> None:
    for name in names:
        registry.submit(named(name), name, SITE)


def _submit_within(registry: Registry, *names: str) -> None:
    """Submit what the ceiling of the agency has room for."""
    for name in names:
        with contextlib.suppress(QuotaError):
            registry.submit(asks(name, HOSTS_EACH), "", SITE)


def _grow_within(registry: Registry, name: str) -> None:
    """Ask for twice as many hosts, where the ceiling has room for them."""
    with contextlib.suppress(QuotaError):
        registry.submit(asks(name, 2 * HOSTS_EACH).model_copy(update={"kind": "change"}), "", SITE)


def _approve(registry: Registry, *requests: str) -> None:
    for request in requests:
        approve(registry, request, "nguoi-phe-duyet")


def _allocate(registry: Registry, *names: str) -> None:
    for name in names:
        registry.allocate(name, ROOMY, ZONES)


def _record(registry: Registry, value: str) -> None:
    registry.record_remote_ids("agency", "a", {str(i): value for i in range(30)})


TASKS: dict[str, Callable[..., None]] = {
    "open": _open, "submit": _submit, "approve": _approve, "allocate": _allocate, "record": _record,
    "submit-within": _submit_within, "grow-within": _grow_within,
}  # fmt: skip


def together(task: str, url: str, words: Sequence[Sequence[str]], timeout_s: float = TIMEOUT_S) -> None:
    """Run one process for each list of words, all at once; all must succeed."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.integration.registry.crew", task, url], input=json.dumps(words), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=ROOT, timeout=timeout_s,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def main(task: str, url: str) -> int:
    """Fork, let all begin, wait for all; 1 when one failed."""
    waiting, starting = os.pipe()
    children = []
    for words in json.load(sys.stdin):
        if (pid := os.fork()) == 0:
            os.close(starting)
            os.read(waiting, 1)  # until the parent closes its end
            _exit(task, url, words)
        children.append(pid)
    os.close(starting)
    ended = [os.waitpid(pid, 0)[1] for pid in children]
    return int(any(ended))


def _exit(task: str, url: str, words: Sequence[str]) -> None:
    try:
        TASKS[task](Registry.open(url), *words)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
