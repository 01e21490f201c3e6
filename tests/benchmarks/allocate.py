"""Processes that take addresses of one registry at once: `make bench-allocate`. The last line is one JSON object.

On a real PostgreSQL and on SQLite. Afterwards a fifth of the systems is removed and as many new ones come: they must
fill exactly the gaps. 1 when an address is there twice, or a gap is lost.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hatang.model.allocation import Allocation
from hatang.registry import Registry
from tests.integration.registry.cluster import Cluster, programs
from tests.integration.registry.crew import ROOMY, ZONES, together
from tests.unit.registry.test_overlaps import all_apart, v4
from tests.unit.registry.test_registry import REQUEST, named

PROCESSES, WANTED, AGENCIES = 16, 10_000, 99
KINDS = ("sqlite", "postgresql")
TIMEOUT_S = 3 * 3600


def measure(url: str, processes: int, zones: int) -> dict[str, Any]:
    """Seconds and rates, what is there twice, and what of the gaps is lost, on one empty database."""
    registry = Registry.open(url)
    names = [f"s{i}" for i in range(zones // len(ZONES))]
    _ask(registry, names)
    first = _allocated(registry, url, names, processes)
    gone = names[::5]
    for name in gone:
        registry.set_system_state(name, "removed")
    after = [f"n{i}" for i in range(len(gone))]
    _ask(registry, after)
    again = _allocated(registry, url, after, processes)
    made = [s.allocation for s in registry.systems() if s.allocation is not None]
    pool = ROOMY.pool(REQUEST.agency.branch)
    blocks = pool.prefix.subnets(new_prefix=ROOMY.system_prefix)
    next(blocks)  # the first one stays free
    wanted = [next(blocks) for _ in names]
    return {
        "zones": sum(len(a.zones) for a in made), "seconds": first, "zones_a_second": round(zones / first, 1),
        "again_zones": len(after) * len(ZONES), "again_seconds": again,
        "again_zones_a_second": round(len(after) * len(ZONES) / again, 1),
        "twice": _twice(made), "gaps_lost": len(set(wanted) - {a.block for a in made}),
    }  # fmt: skip


@contextmanager
def database(kind: str, programs_of_postgresql: Path | None) -> Iterator[str]:
    """URL of an empty database of this kind; nothing of it is left."""
    if programs_of_postgresql is None or kind == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{folder}/registry.db"
        return
    cluster = Cluster(programs_of_postgresql)
    try:
        cluster.start()
        os.environ["PGPASSFILE"] = str(cluster.passfile)
        yield cluster.url(cluster.create())
    finally:
        cluster.stop()


def _ask(registry: Registry, names: Sequence[str]) -> None:
    for number, name in enumerate(names):
        file = named(name)
        agency = file.agency.model_copy(update={"code": f"H99.{number % AGENCIES + 1:02}"})
        registry.submit(file.model_copy(update={"agency": agency}), name)


def _allocated(registry: Registry, url: str, names: Sequence[str], processes: int) -> float:
    begun = time.monotonic()
    together("allocate", url, [names[i::processes] for i in range(processes)], TIMEOUT_S)
    return round(time.monotonic() - begun, 1)


def _twice(made: Sequence[Allocation]) -> int:
    """0: all apart; otherwise how many of four kinds of addresses are not."""
    zones = [z for a in made for z in a.zones]
    hosts = [h.address for a in made for h in a.hosts]
    apart = (
        all_apart(v4(made)),
        all_apart([z.cidr for z in zones]),
        all_apart([z.cidr_v6 for z in zones]),
        len(set(hosts)) == len(hosts),
    )
    return apart.count(False)


def main() -> int:
    """Measure both; 1 when something is there twice, missing or lost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=int, default=PROCESSES)
    parser.add_argument("--zones", type=int, default=WANTED, help="in all; at most 16,000")
    parser.add_argument("--on", action="append", choices=KINDS, help="one kind of database alone")
    options = parser.parse_args()
    kinds = options.on or KINDS
    found = programs()
    if found is None and "postgresql" in kinds:
        print("PostgreSQL is not installed: scripts/debian-packages --install", file=sys.stderr)
        return 2
    facts: dict[str, Any] = {"processes": options.processes}
    for kind in kinds:
        print(f"{kind}: {options.zones} zones, {options.processes} processes", file=sys.stderr)
        with database(kind, found) as url:
            facts[kind] = measure(url, options.processes, options.zones)
        print(f"{kind}: {facts[kind]}", file=sys.stderr)
    print(json.dumps(facts))
    return int(any(facts[k]["twice"] or facts[k]["gaps_lost"] or facts[k]["zones"] != options.zones for k in kinds))


if __name__ == "__main__":
    sys.exit(main())
