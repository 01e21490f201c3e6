"""Workers that onboard many systems: `make bench-workers`. Real engine, real cloud, real PostgreSQL, the real command.

First ten systems with one worker, ten with two, then thirty with three, of whom one is SIGKILLed with all that it
started, replaced, and its replacement killed too. Each system (level 1, three to an agency) has one real host, which is
hardened and checked. Requests are planned and approved before the clock starts. The run ends with 1 unless every system
is active and the cloud holds one of everything. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from openstack.config import OpenStackConfig
from openstack.connection import Connection
from sqlalchemy import text

from hatang import settings as settings_module
from hatang.model.agency_code import slug
from hatang.registry import Registry
from hatang.sandbox.lifecycle import Sandbox
from hatang.workflow import jobs
from tests.e2e.chain import HATANG, SITE, kill_tree, request_file
from tests.integration.provision.conftest import holdings
from tests.integration.registry.cluster import Cluster, programs

BASE_PORT = 23400
PER_AGENCY = 3
LIMIT_S = 3600.0
CONNECTIONS = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")


@dataclass
class Hall:
    """One sandbox, one registry; workers come and go."""

    folder: Path
    env: dict[str, str]
    cloud: Connection
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def settings(self) -> settings_module.Settings:
        """Of this process."""
        return settings_module.load(
            state_dir=self.folder, registry_url=self.env["HATANG_REGISTRY_URL"], site_file=SITE,
            clouds_file=Path(self.env["HATANG_CLOUDS_FILE"]), cloud="hatang",
        )  # fmt: skip

    def hatang(self, *words: str) -> dict[str, Any]:
        """The command; its JSON."""
        done = subprocess.run([str(HATANG), *words], env=self.env, capture_output=True, text=True, timeout=600)
        if done.returncode:
            raise SystemExit(f"hatang {' '.join(words)}: exit {done.returncode}\n{done.stderr}")
        return json.loads(done.stdout) if done.stdout.lstrip().startswith("{") else {}

    def submit(self, names: Sequence[str], first_agency: int) -> dict[str, str]:
        """Have them planned and approved; the slug of each one's agency."""
        homes = {}
        for number, name in enumerate(names):
            file = request_file(self.folder, name, level=1)
            content = yaml.safe_load(file.read_text())
            code = f"H99.{first_agency + number // PER_AGENCY}"
            content["agency"]["code"] = code
            file.write_text(yaml.safe_dump(content, allow_unicode=True))
            asked = self.hatang("request", "submit", str(file), "--output", "json")["request"]["id"]
            self.hatang("request", "plan", asked, "--output", "json")
            self.hatang("request", "approve", asked, "--by", "nguoi-phe-duyet.vi-du")
            homes[name] = slug(code)
            print(f"  approved: {name}", file=sys.stderr)
        return homes

    def start(self) -> None:
        """One more worker, with no word of configuration but the environment."""
        log = (self.folder / f"worker-{len(self.workers)}.log").open("wb")
        self.workers.append(
            subprocess.Popen([str(HATANG), "worker"], env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        )

    @cached_property
    def registry(self) -> Registry:
        """The registry, as this process looks at it; it keeps one connection."""
        return Registry.open(self.env["HATANG_REGISTRY_URL"])

    def active(self) -> int:
        """How many systems are in use."""
        return sum(record.state == "active" for record in self.registry.systems())

    def connections(self) -> int:
        """How many connections the database server has, without this process's own."""
        with self.registry._reading() as session:
            return int(session.execute(CONNECTIONS).scalar_one()) - 1

    def onboard(self, names: Sequence[str], workers: int, kills: int, first_agency: int) -> dict[str, Any]:
        """Bring these systems up; figures."""
        homes = self.submit(names, first_agency)
        before = self.active()
        for _ in range(workers):
            self.start()
        for name in names:
            jobs.enqueue(self.settings, name)
        begun, killed, again, most = time.monotonic(), 0, list[str](), 0
        while (done := self.active() - before) < len(names):
            most = max(most, self.connections())
            if time.monotonic() - begun > LIMIT_S:
                raise SystemExit(f"{done} of {len(names)} after {LIMIT_S:.0f} s")
            self._ask_again(names, again)
            if killed < kills and done >= (killed + 1) * len(names) // (kills + 1) - 1:
                killed += self._kill_one()
            time.sleep(0.5)
        seconds = time.monotonic() - begun
        self.end_workers()
        wrong = {n: w for n in names if (w := self.wrong(homes[n], n))}
        found = {
            "workers": workers, "systems": len(names), "killed": killed, "asked_again": again,
            "seconds": round(seconds, 1), "systems_per_min": round(len(names) / seconds * 60, 2),
            "connections": most, "wrong": wrong,
        }  # fmt: skip
        print(json.dumps(found), file=sys.stderr)
        return found

    def _ask_again(self, names: Sequence[str], again: list[str]) -> None:
        """What stopped on the way is asked for once more, as its operator would; a second time is the end."""
        for name in names:
            job = jobs.latest(self.settings, name)
            if job is None or job.state != "failed":
                continue
            print(f"  stopped: {name}: {job.error}", file=sys.stderr)
            if name in again:
                raise SystemExit(f"{name} stopped twice")
            again.append(name)
            jobs.enqueue(self.settings, name)

    def _kill_one(self) -> int:
        """SIGKILL the newest worker with all that it started, if it has work, and start another; how many."""
        newest = self.workers[-1]
        doing = {w["pid"]: w["doing"] for w in self.hatang("worker", "list", "--output", "json")["workers"]}
        if not doing.get(newest.pid):
            return 0
        print(f"  SIGKILL of the worker that works on {doing[newest.pid]}", file=sys.stderr)
        kill_tree(newest.pid)
        newest.wait()
        self.start()
        return 1

    def wrong(self, agency: str, system: str) -> list[str]:
        """What the cloud does not hold just once."""
        held = holdings(self.cloud, agency, system)
        single = {k: n for k, n in held.items() if not k.startswith("rules of ")}
        return [f"{k}: {n}" for k, n in single.items() if n != 1]

    def end_workers(self) -> None:
        """SIGTERM, and wait."""
        for worker in self.workers:
            if worker.poll() is None:
                worker.send_signal(signal.SIGTERM)
        for worker in self.workers:
            worker.wait(600)


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--systems", type=int, default=30, help="with three workers")
    parser.add_argument("--few", type=int, default=10, help="with one worker, and with two")
    parser.add_argument("--keep", type=Path, help="where to copy the logs to")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # nothing is left behind then either
    found = programs()
    if found is None:
        raise SystemExit("PostgreSQL is not installed: scripts/debian-packages --install")
    cluster, cache = Cluster(found), settings_module.load().cache
    with tempfile.TemporaryDirectory(prefix="hw-") as folder:
        sandbox = Sandbox(Path(folder), cache, BASE_PORT)
        hall: Hall | None = None
        try:
            cluster.start()
            os.environ["PGPASSFILE"] = str(cluster.passfile)
            sandbox.up(lambda text: print(text, file=sys.stderr))
            hall = _hall(Path(folder), sandbox, cluster.url(cluster.create()))
            hall.hatang("site", "apply")
            runs = [
                hall.onboard([f"mot-{i}" for i in range(asked.few)], 1, 0, 10),
                hall.onboard([f"hai-{i}" for i in range(asked.few)], 2, 0, 30),
                hall.onboard([f"ba-{i}" for i in range(asked.systems)], 3, 2, 50),
            ]
            hall.hatang("journal", "verify", "--output", "json")
            well = all(not r["wrong"] for r in runs) and runs[-1]["killed"] == 2
            print(json.dumps({"benchmark": "workers", "runs": runs, "journal": "verified"}))
            return 0 if well else 1
        finally:
            for worker in hall.workers if hall else []:
                if worker.poll() is None:
                    kill_tree(worker.pid)
            if asked.keep:
                shutil.copytree(Path(folder) / "log", asked.keep, dirs_exist_ok=True)
            sandbox.down(wipe=True)
            cluster.stop()


def _hall(folder: Path, sandbox: Sandbox, url: str) -> Hall:
    own = {
        "HATANG_STATE_DIR": str(folder), "HATANG_REGISTRY_URL": url, "HATANG_SITE_FILE": str(SITE),
        "HATANG_CLOUDS_FILE": str(sandbox.clouds_file), "HATANG_LANG": "en",
        "HATANG_SSH_CONFIG": str(folder / "sandbox" / "hosts" / "ssh_config"),
    }  # fmt: skip
    region = OpenStackConfig(config_files=[str(sandbox.clouds_file)], load_envvars=False).get_one("hatang")
    return Hall(folder, settings_module.environment(**own), Connection(config=region))


if __name__ == "__main__":
    sys.exit(main())
