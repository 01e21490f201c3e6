"""How long hardening takes: `make bench-harden`. Fresh hosts, then again without change; one host, then three at
once, then ten.

The last line is one JSON object, times in seconds. CPU seconds are those of the controller: they tell a slow run from a
busy machine.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from hatang.hosts import harden, wait_for_hosts
from hatang.sandbox.hosts import control
from tests.integration.hosts.lone import Lone

LEVEL = 3
BUDGET = {"fresh_s": 40.0, "again_s": 10.0, "ten_fresh_s": 150.0}  # on 2 cores; the first two for one host


def cpu_s() -> float:
    """CPU time of this process and its children so far."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def measure(lone: Lone, verbose: bool) -> dict[str, Any]:
    """One run on all hosts of the place."""
    begun, cpu, marks = time.perf_counter(), cpu_s(), []

    def note(text: str) -> None:
        marks.append((time.perf_counter(), text))

    done = harden(
        lone.settings, lone.site, lone.hosts, lone.variables(LEVEL), log=lone.folder / "harden.log", progress=note
    )
    ended = time.perf_counter()
    if verbose:
        for (at, text), (after, _) in zip(marks, [*marks[1:], (ended, "")], strict=True):
            print(f"  {after - at:6.1f} s  {text}")
    return {
        "seconds": round(ended - begun, 1), "cpu_s": round(cpu_s() - cpu, 1), "changed": sum(done.changed.values()),
    }  # fmt: skip


def main(arguments: list[str]) -> int:
    """Measure; 1 when a run is over its budget or the second one changes anything."""
    if reason := control.why_not():
        print(json.dumps({"benchmark": "harden", "skipped": reason}))
        return 1
    result: dict[str, Any] = {}
    ok = True
    for count in (1, 3, 10):
        lone = Lone(Path(tempfile.mkdtemp(prefix="hb-")))
        try:
            for n in range(count):
                lone.add(f"host-{n}")
            wait_for_hosts(lone.settings, lone.hosts)
            fresh = measure(lone, "-v" in arguments)
            again = measure(lone, "-v" in arguments)
        finally:
            lone.down()
        result[f"hosts_{count}"] = {"fresh": fresh, "again": again}
        print(f"{count} host(s): fresh {fresh}, again {again}")
        ok = ok and again["changed"] == 0
    one = result["hosts_1"]
    ok = ok and result["hosts_10"]["fresh"]["seconds"] <= BUDGET["ten_fresh_s"]
    ok = ok and one["fresh"]["seconds"] <= BUDGET["fresh_s"] and one["again"]["seconds"] <= BUDGET["again_s"]
    print(json.dumps({"benchmark": "harden", "level": LEVEL, **result, "budget": BUDGET, "ok": ok}))
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
