"""How long real hosts take: `make bench-hosts` (root). The last line is one JSON object, times in seconds.

From the request to Nova until all servers are ACTIVE, for 1, 3 and 9 of them at once; memory and disk of a host.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from hatang import settings
from hatang.sandbox.hosts import cgroup, control
from hatang.sandbox.lifecycle import Sandbox

COUNTS = (1, 3, 9)
ROUNDS = 3


class Bench:
    """A sandbox with one network, on which servers come and go."""

    def __init__(self, sandbox: Sandbox) -> None:
        from openstack.config import OpenStackConfig
        from openstack.connection import Connection

        config = OpenStackConfig(config_files=[str(sandbox.clouds_file)], load_envvars=False)
        self.sandbox = sandbox
        self.cloud = Connection(config=config.get_one("hatang"))
        file = str(sandbox.cache / "images" / "host-image.json")
        self.image: Any = self.cloud.create_image(
            "host", filename=file, disk_format="raw", container_format="bare", wait=True
        )
        self.flavor = self.cloud.compute.create_flavor(name="host", ram=256, vcpus=1, disk=1)
        self.network = self.cloud.network.create_network(name="bench")
        self.cloud.network.create_subnet(network_id=self.network.id, ip_version=4, cidr="10.9.0.0/24")

    def create(self, count: int) -> float:
        """Seconds until `count` new servers are ACTIVE, asked for with one call."""
        begun = time.monotonic()
        self.cloud.compute.create_server(
            name="host", image_id=self.image.id, flavor_id=self.flavor.id, networks=[{"uuid": self.network.id}],
            min_count=count, max_count=count,
        )  # fmt: skip
        while (states := [s.status for s in self.cloud.compute.servers()]) != ["ACTIVE"] * count:
            if "ERROR" in states or time.monotonic() - begun > 240:
                raise RuntimeError(f"servers are {states}")
            time.sleep(0.1)
        return time.monotonic() - begun

    def delete(self) -> float:
        """Seconds until all servers are gone."""
        begun = time.monotonic()
        for server in list(self.cloud.compute.servers()):
            self.cloud.compute.delete_server(server.id)
        while list(self.cloud.compute.servers()):
            time.sleep(0.1)
        return time.monotonic() - begun

    def sizes(self) -> dict[str, float]:
        """Median memory (proportional share of all its processes) and disk of a host, MiB."""
        state = self.sandbox.hosts_state
        folders = [p.parent for p in (state / "machines").glob("*/record.json")]
        memory = [sum(map(_pss_kib, cgroup.pids(f"hatang-{self.sandbox.ident}/{f.name}"))) / 1024 for f in folders]
        disk = [int(subprocess.check_output(["du", "-sk", f / "up"]).split()[0]) / 1024 for f in folders]
        return {"memory_mib": round(statistics.median(memory), 1), "disk_mib": round(statistics.median(disk), 1)}


def _pss_kib(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def main(argv: list[str] | None = None) -> int:
    """Measure in a sandbox of its own, and remove it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base-port", type=int, default=24000)
    options = parser.parse_args(argv)
    if reason := control.why_not():
        print(f"no hosts here: {reason}")
        return 1
    result: dict[str, Any] = {"benchmark": "hosts", "processors": os.cpu_count(), "rounds": ROUNDS}
    with tempfile.TemporaryDirectory(prefix="hatang-bench-") as folder:
        sandbox = Sandbox(Path(folder), settings.load().cache, options.base_port)
        try:
            sandbox.up(lambda text: print(text, file=sys.stderr))
            bench = Bench(sandbox)
            for count in COUNTS:
                took, gone = [], []
                for _ in range(ROUNDS):
                    took.append(round(bench.create(count), 2))
                    if count == COUNTS[-1]:
                        result |= bench.sizes()
                    gone.append(round(bench.delete(), 2))
                result[f"active_{count}_s"], result[f"gone_{count}_s"] = (
                    statistics.median(took),
                    statistics.median(gone),
                )
                print(f"{count} hosts: ACTIVE after {took} s, gone after {gone} s, load {os.getloadavg()[0]:.1f}")
        finally:
            sandbox.down(wipe=True)
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
