"""`hatang serve` under reads: `make bench-serve`. Real Keystone, real tokens, TLS; the last line is one JSON object.

Three agencies with ten systems each. Eight connections read, first at the asked rate, then as fast as they can. Errors,
answers that are not 200, and a rate that is not reached make it end with 1.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import os
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from openstack.config import OpenStackConfig
from openstack.connection import Connection

from hatang import settings
from hatang.inputs import load_site, request_of
from hatang.registry import Registry
from hatang.sandbox.lifecycle import Sandbox
from hatang.serve.personas import PLATFORM_DOMAIN
from tests.integration.serve.authority import Authority
from tests.integration.serve.persons import Persons
from tests.unit.serve.place import SITE, text

AGENCIES = ("H99.05", "H99.07", "H99.09")
SYSTEMS, CONNECTIONS, PORT = 10, 8, 27080


@dataclass
class Load:
    """Connections that read, and what came of it."""

    url: str
    root: Path
    tokens: list[str]
    paths: list[str]
    rate: float  # requests in a second, all together; 0: as fast as they can
    seconds: float
    pid: int  # of the server
    times: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def run(self) -> dict[str, float]:
        """Read; returns figures."""
        begun, before = time.monotonic(), cpu_s(self.pid)
        threads = [threading.Thread(target=self._reader, args=(i, begun)) for i in range(CONNECTIONS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took = time.monotonic() - begun
        steps = statistics.quantiles(self.times, n=100)
        return {
            "requests": len(self.times), "per_s": round(len(self.times) / took, 1), "errors": len(self.errors),
            "server_cpu_ms": round((cpu_s(self.pid) - before) / max(1, len(self.times)) * 1000, 2),
            "p50_ms": round(steps[49] * 1000, 1), "p95_ms": round(steps[94] * 1000, 1),
            "p99_ms": round(steps[98] * 1000, 1),
        }  # fmt: skip

    def _reader(self, number: int, begun: float) -> None:
        context = ssl.create_default_context(cafile=str(self.root))
        parts = urlsplit(self.url)
        connection = http.client.HTTPSConnection(parts.hostname or "", parts.port, context=context, timeout=30)
        every = CONNECTIONS / self.rate if self.rate else 0.0
        for turn in itertools.count():
            due = begun + (turn + number / CONNECTIONS) * every
            if max(due, time.monotonic()) > begun + self.seconds:
                break
            time.sleep(max(0.0, due - time.monotonic()))
            path = self.paths[(turn * CONNECTIONS + number) % len(self.paths)]
            asked = due if self.rate else time.monotonic()  # who waits for a late start waits for the answer too
            try:
                connection.request("GET", path, headers={"X-Auth-Token": self.tokens[turn % len(self.tokens)]})
                answer = connection.getresponse()
                body = answer.read()
            except (OSError, http.client.HTTPException) as exc:
                self.errors.append(f"{path}: {exc!r}")
                connection.close()
                continue
            self.times.append(time.monotonic() - asked)
            if answer.status != 200:
                self.errors.append(f"{path}: {answer.status} {body[:200]!r}")
        connection.close()


def cpu_s(pid: int) -> float:
    """Seconds of CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def seeded(state: Path, persons: Persons) -> list[str]:
    """A registry with all agencies and systems; returns what is read."""
    registry, site = Registry.open(settings.load(state_dir=state).registry), load_site(SITE)
    paths = ["/v1/me", "/v1/requests", "/v1/systems", "/v1/agencies", "/v1/controls/ACC-06?level=3"]
    for agency in AGENCIES:
        domain = agency.lower().replace(".", "-")
        registry.record_remote_ids("agency", agency, {"domain_id": persons.domain(domain)})
        for number in range(SYSTEMS):
            raw = text(f"s{agency[-2:]}-{number}", agency).replace("nguoi-kin", "nguoi-de-nghi").encode()
            asked, told = request_of(raw.replace(b"contact:", b"ceiling: {hosts: 900, vcpus: 9000, ram_gib: 9000, "
                                                 b"disk_gib: 90000}\n  contact:"), "request", site)  # fmt: skip
            record = registry.submit(asked, told, site)
            if number == 0:
                paths += [f"/v1/requests/{record.id}", f"/v1/systems/{record.system}",
                          f"/v1/systems/{record.system}/status", f"/v1/systems/{record.system}/results"]  # fmt: skip
    return paths


def serving(state: Path, folder: Path) -> tuple[subprocess.Popen[bytes], str, Path]:
    """The server as a process of its own."""
    authority = Authority(folder)
    certificate, key = authority.certificate("server")
    argv = [sys.executable, "-m", "hatang", "--state", str(state), "--site", str(SITE), "serve", "--port", str(PORT)]
    process = subprocess.Popen([*argv, "--certificate", str(certificate), "--key", str(key), "--rate", "10000"])
    context = ssl.create_default_context(cafile=str(authority.root))
    for _ in range(300):
        connection = http.client.HTTPSConnection("127.0.0.1", PORT, context=context, timeout=5)
        try:
            connection.request("GET", "/v1/openapi.json")
            connection.getresponse().read()
            return process, f"https://127.0.0.1:{PORT}", authority.root
        except OSError:
            time.sleep(0.2)
        finally:
            connection.close()
    process.kill()
    raise SystemExit("the server does not answer")


def measure(sandbox: Sandbox, folder: Path, rate: float, seconds: float) -> dict[str, object]:
    """All of it, on a sandbox that runs."""
    config = OpenStackConfig(config_files=[str(sandbox.clouds_file)], load_envvars=False).get_one("hatang")
    cloud = Connection(config=config)
    persons = Persons(cloud, str(config.get_auth_args()["auth_url"]))
    state = folder / "state"
    settings.write(state, clouds_file=str(sandbox.clouds_file), cloud="hatang")
    process = None
    try:
        persons.domain(PLATFORM_DOMAIN)
        persons.roles()
        persons.user("auditor", PLATFORM_DOMAIN, "reader")
        persons.user("owner", PLATFORM_DOMAIN, "hatang-owner")
        paths = seeded(state, persons)
        tokens = [persons.token("auditor"), persons.token("owner")]
        process, url, root = serving(state, folder)
        Load(url, root, tokens, paths, 0, 2, process.pid).run()  # warm
        asked = Load(url, root, tokens, paths, rate, seconds, process.pid)
        most = Load(url, root, tokens, paths, 0, seconds, process.pid)
        facts: dict[str, object] = {"at_rate": asked.run(), "at_most": most.run(), "paths": len(paths)}
        for error in [*asked.errors, *most.errors][:5]:
            print(error, file=sys.stderr)
        return facts
    finally:
        if process is not None:
            process.terminate()
            process.wait(30)
        persons.clear()


def main() -> int:
    """Measure; 1 when there was an error, or the rate was not reached."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--sandbox-state", type=Path, help="a sandbox that runs; else one is made")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hatang-serve-") as name:
        folder, cache = Path(name), settings.load().cache
        own = options.sandbox_state is None
        sandbox = Sandbox(folder / "cloud" if own else options.sandbox_state.absolute(), cache, 27000 if own else 0)
        try:
            if own:
                sandbox.up(lambda told: print(told, file=sys.stderr), with_hosts=False)
            facts = measure(sandbox, folder, options.rate, options.seconds)
        finally:
            if own:
                sandbox.down(wipe=True)
    at_rate, at_most = facts["at_rate"], facts["at_most"]
    assert isinstance(at_rate, dict) and isinstance(at_most, dict)
    print(json.dumps({"cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1), **facts}))
    return int(at_rate["errors"] + at_most["errors"] > 0 or at_rate["per_s"] < options.rate * 0.98)


if __name__ == "__main__":
    sys.exit(main())
