"""How long checking hosts takes: `make bench-check`. One host, then ten, over links and over testinfra's plain ssh.

Plain is `pytest --hosts=ssh://…` with a ControlMaster connection for each host, closed before each run; the same tests
run over links, as `hatang check` runs them, and the results are compared test by test, also where a host is not as it
should be. `hatang check` itself is timed as well. The last line is one JSON object: medians, times in seconds.

On loopback a round trip costs nothing. `.venv/bin/python -m tests.benchmarks.check --rtt-ms 5 --rtt-ms 20` measures all
hosts once more at each of these distances (line.py).
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
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hatang import settings
from hatang.audit.runner import CHECKS, host_files, pytest_argv
from hatang.catalogue import load
from hatang.hosts import harden, wait_for_hosts
from hatang.model.request import RequestFile
from hatang.model.terms import Level
from hatang.registry import HostRecord, Registry
from hatang.sandbox.hosts import control
from hatang.settings import Settings
from tests.benchmarks.line import longer
from tests.integration.hosts.lone import ROOT, SYSTEM, Lone

LEVEL = 4  # where every control that hosts can show is demanded
BUDGET = {"hosts_1_s": 4.0, "hosts_10_s": 20.0, "ratio": 10.0}
ROUNDS = 3
# What is wrong on the first host, so that failures are compared too.
WRONG = "sed -i 's/^ *deny *=.*/deny = 50/' /etc/security/faillock.conf; systemctl disable --quiet --now chrony"
TEXT = {"vi": "Đo", "en": "Measured"}


class Bench:
    """Hosts that are hardened, and the ways to check them.

    Args:
        close: ends the open connection to a host.
    """

    def __init__(
        self, place: Settings, hosts: Sequence[HostRecord], variables: dict[str, Any],
        close: Callable[[HostRecord], None],
    ) -> None:  # fmt: skip
        self.settings, self.hosts, self.close = place, list(hosts), close
        law = {k: r.value for k, r in load().resolve(Level(LEVEL)).items()}
        expected = {"hosts": {h.name: {"values": law, "variables": variables[h.name]} for h in hosts}}
        self.values = place.state_dir / "values.json"
        self.values.write_text(json.dumps(expected))
        self._record()

    def _record(self) -> None:
        """The system in the registry, for `hatang check`."""
        agency = {"code": "H99.05", "name": TEXT, "branch": "committee", "tier": "province", "contact": "a@b.example"}
        system = {
            "name": SYSTEM, "title": TEXT, "owner": "Ví dụ", "operator": "Ví dụ", "level": 3,
            "criteria": ["private-information"], "hosts": [{"name": "web", "zone": "dmz"}],
        }  # fmt: skip
        file = {"kind": "new-system", "requested_by": "nguoi-do.vi-du", "agency": agency, "system": system}
        registry = Registry.open(self.settings.registry)
        registry.submit(RequestFile.model_validate(file), "")
        registry.record_hosts(SYSTEM, self.hosts)

    def plain(self, count: int) -> tuple[float, dict[tuple[str, str], tuple[str, str]]]:
        """Seconds and results over testinfra's own ssh."""
        for host in self.hosts:
            self.close(host)
        argv = [sys.executable, "-m", "pytest", "-q", "--tb=line", "-p", "hatang.audit.plugin"]
        argv += ["-c", str(CHECKS / "pytest.ini"), "--rootdir", str(CHECKS), *map(str, host_files())]
        return self._timed([*argv, *self._options("ssh", count)])

    def ours(self, count: int) -> tuple[float, dict[tuple[str, str], tuple[str, str]]]:
        """Seconds and results over links."""
        return self._timed(pytest_argv(host_files(), *self._options("hatang", count)))

    def command(self, count: int) -> float:
        """Seconds of `hatang check` for these hosts, from start to end."""
        words = [w for h in self.hosts[:count] for w in ("--host", h.name)]
        site = ROOT / "inventories" / "example" / "site.yaml"
        begun = time.perf_counter()
        done = subprocess.run(
            [
                *(sys.executable, "-m", "hatang", "--state", str(self.settings.state_dir)),
                *("--site", str(site), "check", *words),
            ],
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode in (0, 1), done.stdout + done.stderr
        return time.perf_counter() - begun

    def _options(self, scheme: str, count: int) -> list[str]:
        specs = ",".join(f"{scheme}://{h.name}" for h in self.hosts[:count])
        return [f"--hosts={specs}", f"--ssh-config={self.settings.ssh_config}", f"--values={self.values}"]

    def _timed(self, argv: list[str]) -> tuple[float, dict[tuple[str, str], tuple[str, str]]]:
        lines = self.settings.state_dir / "lines"
        lines.unlink(missing_ok=True)
        begun = time.perf_counter()
        done = subprocess.run(
            [*argv, f"--result-lines={lines}"], capture_output=True, text=True, timeout=900, check=False,
            env=settings.environment(PYTHONDONTWRITEBYTECODE="1"),
        )  # fmt: skip
        took = time.perf_counter() - begun
        assert done.returncode in (0, 1), done.stdout + done.stderr
        rows = map(json.loads, lines.read_text().splitlines())
        return took, {(r["scope"], r["check"]): (r["outcome"], r["detail"]) for r in rows}

    def measure(self, count: int, rounds: int) -> dict[str, Any]:
        """Both ways in turn, some times; medians, and whether each test said the same."""
        plain, ours, command, ratios, differing = [], [], [], [], set()
        for _ in range(rounds):
            took, theirs = self.plain(count)
            mine, results = self.ours(count)
            plain.append(took)
            ours.append(mine)
            ratios.append(took / mine)
            command.append(self.command(count))
            differing |= {k for k in theirs.keys() | results.keys() if theirs.get(k) != results.get(k)}
            print(f"{count} host(s): ssh {took:.1f} s, links {mine:.1f} s, load {os.getloadavg()[0]:.1f}", flush=True)
        return {
            "plain_s": round(statistics.median(plain), 2), "ours_s": round(statistics.median(ours), 2),
            "ratio": round(statistics.median(ratios), 1), "hatang_check_s": round(statistics.median(command), 2),
            "tests": len(results), "failed": sum(o == "failed" for o, _ in results.values()),
            "differing": sorted(map(str, differing)),
        }  # fmt: skip


def main(arguments: list[str]) -> int:
    """Measure on hosts of its own; 1 when a run is over its budget, or any test says another thing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--rtt-ms", type=float, action="append", default=[], help="also over lines of this round trip")
    options = parser.parse_args(arguments)
    if reason := control.why_not():
        print(json.dumps({"benchmark": "check", "skipped": reason}))
        return 1
    lone = Lone(Path(tempfile.mkdtemp(prefix="cb-")))
    try:
        for n in range(options.hosts):
            lone.add(f"host-{n}")
        wait_for_hosts(lone.settings, lone.hosts)
        harden(lone.settings, lone.site, lone.hosts, lone.variables(LEVEL), log=lone.folder / "harden.log")
        lone.inside(lone.hosts[0], WRONG)
        return report(Bench(lone.settings, lone.hosts, lone.variables(LEVEL), lone.close), lone, options)
    finally:
        lone.down()


def report(bench: Bench, lone: Lone, options: argparse.Namespace) -> int:
    """Measure one host and all, and print the result."""
    count, rounds = len(bench.hosts), options.rounds
    one, all_ = bench.measure(1, rounds), bench.measure(count, rounds)
    far = [{"rtt_ms": rtt, **move(bench, lone, rtt).measure(count, rounds)} for rtt in options.rtt_ms]
    same = not any(found["differing"] for found in (one, all_, *far))
    fast = one["hatang_check_s"] <= BUDGET["hosts_1_s"] and all_["hatang_check_s"] <= BUDGET["hosts_10_s"]
    ok = same and fast and all_["ratio"] >= BUDGET["ratio"]
    result = {"hosts_1": one, f"hosts_{count}": all_, "far": far, "same_results": same}
    print(json.dumps({"benchmark": "check", "level": LEVEL, **result, "budget": BUDGET, "ok": ok}))
    return 0 if ok else 1


def move(bench: Bench, lone: Lone, rtt_ms: float) -> Bench:
    """The same hosts, this far away."""
    for host in bench.hosts:
        bench.close(host)
    folder = lone.folder / f"{rtt_ms:g}"
    folder.mkdir(mode=0o700)
    near = lone.machines.state / "ssh_config"
    settings.write(lone.folder, ssh_config=str(longer(near, folder, rtt_ms)))
    lone.settings = settings.load(state_dir=lone.folder)
    return Bench(lone.settings, lone.hosts, lone.variables(LEVEL), lone.close)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
