"""How long one system takes through the engine, against the same API calls made straight with openstacksdk.

    make bench-onboard        (or: .venv/bin/python -m tests.benchmarks.onboard --pairs 5)

Two shapes, both with project, roles, every quota field, router, zones, security groups, keypair: `servers`, a level 1
system with four servers (in Nova alone, no host boots) and a volume, most of whose time is waiting for servers; and
`network`, a level 2 system with one and more zones, where the client's own work shows. Engine and straight calls
(straight.py) take turns on one sandbox cloud; then the engine is asked again without a change. The last line is one
JSON object.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from hatang import settings
from hatang.catalogue.zones import zone_matrix
from hatang.inputs import load_site
from hatang.model.agency import Agency
from hatang.model.system import System
from hatang.provision.limits import as_config, limits
from hatang.provision.plan import shown
from hatang.provision.provisioner import Provisioner
from hatang.registry import Registry, SystemRecord
from hatang.sandbox.lifecycle import Sandbox
from hatang.stacks.system.config import SystemConfig
from hatang.stacks.system.program import build as build_system
from tests.benchmarks.straight import Straight

SITE = Path(__file__).resolve().parents[2] / "inventories" / "example" / "site.yaml"
BASE_PORT = 23200
HOSTS = [
    {"name": "web-1", "zone": "dmz"}, {"name": "web-2", "zone": "dmz"}, {"name": "app-1", "zone": "application"},
    {"name": "app-2", "zone": "application", "volume_gib": 1},
]  # fmt: skip
SHAPES: dict[str, dict[str, Any]] = {
    "servers": {"level": 1, "criteria": ["public-information-only"], "hosts": HOSTS},
    "network": {"level": 2, "criteria": ["private-information"], "hosts": HOSTS[:1]},
}


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--shape", action="append", choices=list(SHAPES), help="only this shape; may be repeated")
    asked = parser.parse_args()
    cache = settings.load().cache
    with tempfile.TemporaryDirectory(prefix="hb-") as folder:
        sandbox = Sandbox(Path(folder), cache, BASE_PORT)
        try:
            sandbox.up(lambda text: print(text, file=sys.stderr), with_hosts=False)
            own = settings.load(state_dir=Path(folder), clouds_file=sandbox.clouds_file, cloud="hatang")
            provisioner = Provisioner(own, load_site(SITE, own.cache))
            provisioner.apply_site()
            found = {shape: measure(provisioner, shape, asked.pairs) for shape in asked.shape or SHAPES}
            print(json.dumps({"benchmark": "onboard", "pairs": asked.pairs, **found}))
        finally:
            sandbox.down(wipe=True)
    return 0


def measure(provisioner: Provisioner, shape: str, pairs: int) -> dict[str, Any]:
    """Turns of engine and straight calls for one shape; seconds and ratios."""
    registry = Registry.open(provisioner.settings.registry)
    engine, straight, again, resources, calls = [], [], [], 0, 0
    for i in range(pairs + 1):  # the first pair warms up and is not counted
        record = _record(registry, provisioner, f"do-{shape[0]}{i}", SHAPES[shape])
        if i == 0:
            provisioner.apply_agency(record.agency)
        config = provisioner._system_config(record)
        seconds, resources = _engine(provisioner, record, config)
        unchanged, _ = _engine(provisioner, record, config)
        begun = time.monotonic()
        calls = Straight(provisioner.cloud.connection, config, f"tay-{shape[0]}{i}").make()
        by_hand = time.monotonic() - begun
        print(
            f"{shape} {i}: engine {seconds:.2f} s, straight {by_hand:.2f} s, unchanged {unchanged:.2f} s",
            file=sys.stderr,
        )
        if i:
            engine.append(seconds)
            straight.append(by_hand)
            again.append(unchanged)
    ratios = [round(e / s, 2) for e, s in zip(engine, straight, strict=True)]
    return {
        "resources": resources, "straight_calls": calls,
        "engine_s": round(statistics.median(engine), 2), "straight_s": round(statistics.median(straight), 2),
        "ratio": statistics.median(ratios), "ratios": ratios, "unchanged_s": round(statistics.median(again), 2),
    }  # fmt: skip


def _record(registry: Registry, provisioner: Provisioner, name: str, shape: dict[str, Any]) -> SystemRecord:
    from hatang.model.request import RequestFile

    text = {"vi": "Đo (ví dụ)", "en": "Measured (example)"}
    agency = Agency.model_validate(
        {"code": "H99.09", "name": text, "branch": "committee", "tier": "province", "contact": "do@vi-du.example"}
    )
    system = System.model_validate(
        {
            "name": name, "title": text, "owner": "Chủ quản ví dụ", "operator": "Vận hành ví dụ", **shape,
        }
    )  # fmt: skip
    registry.submit(RequestFile(kind="new-system", requested_by="nguoi-do.vi-du", agency=agency, system=system), "")
    zones = zone_matrix().zones(system.level, system.document_storage)
    registry.allocate(name, provisioner.site, zones)
    return registry.system(name)


def _engine(provisioner: Provisioner, record: SystemRecord, config: SystemConfig) -> tuple[float, int]:
    begun = time.monotonic()
    report = provisioner.engine.up(
        provisioner._system_stack(record),
        lambda: build_system(config),
        config.model_dump(mode="json"),
        refresh=False,
        log=provisioner.settings.log_dir / "bench.log",
        pack_config=as_config(limits(provisioner.site, provisioner.cloud.role_ids)),
    )
    return time.monotonic() - begun, sum(shown(report).values())


if __name__ == "__main__":
    sys.exit(main())
