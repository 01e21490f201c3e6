"""Runs the checks as pytest processes, hosts in parallel, and joins what they say to the controls."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hatang import private
from hatang.audit.join import Line, Scope, join
from hatang.audit.kept import beside, facts
from hatang.audit.results import CheckRun
from hatang.audit.transport import write_ssh_config
from hatang.audit.waivers import applied, standings
from hatang.audit.ways import noted
from hatang.catalogue import Catalogue, load
from hatang.catalogue.recorded import interval
from hatang.catalogue.resolver import resolve
from hatang.catalogue.ways import OF_SYSTEMS
from hatang.locale import _
from hatang.model.control import Control
from hatang.model.site import Site
from hatang.model.terms import Level
from hatang.model.waiver import civil_day
from hatang.registry import HostRecord, Registry, SystemRecord
from hatang.registry.succession import Succession
from hatang.registry.tables import now
from hatang.settings import Settings, environment

CHECKS = Path(__file__).resolve().parents[1] / "policies" / "checks"
HOSTS_PER_PROCESS = 25
# Parts of pytest that the checks do without, and that cost time at the start or at each test.
UNUSED_PLUGINS = (
    "logging", "unraisableexception", "threadexception", "faulthandler", "doctest", "unittest", "junitxml", "pastebin",
    "legacypath", "subtests", "stepwise", "setuponly", "setupplan", "recwarn",
)  # fmt: skip
TIMEOUT_S = 600  # of one pytest process; what it found until then is kept, the rest is "not checked"
Progress = Callable[[str], None]


def check(
    settings: Settings,
    site: Site,
    records: Sequence[SystemRecord],
    hosts: Sequence[HostRecord],
    *,
    controls: Collection[str] = (),
    progress: Progress = lambda text: None,
) -> CheckRun:
    """Check these hosts, and these systems in the cloud.

    Args:
        records: systems to check in the cloud; a host's own system need not be among them.
        controls: ids; empty: all.

    Raises:
        UnknownNameError: no control has such an id.
    """
    catalogue = load()
    chosen = [catalogue.control(c) for c in dict.fromkeys(controls)] if controls else list(catalogue.controls.values())
    started = datetime.now(UTC)
    registry = Registry.open(settings.registry)
    known = {r.spec.name: r for r in records}
    for host in hosts:
        if host.system not in known:
            known[host.system] = registry.system(host.system)
    scopes = [_scope(h.name, "host", known[h.system], chosen) for h in hosts]
    scopes += [_scope(r.spec.name, "system", r, chosen) for r in records]
    ids = [c.id for c in chosen]
    with private.run_folder(settings, "check") as place:
        config = place / "ssh_config"
        write_ssh_config(config, settings, hosts)
        (place / "values.json").write_text(json.dumps(_values(catalogue, site, known, hosts, scopes)))
        (place / "systems.json").write_text(json.dumps(_systems(settings, site, registry, records, scopes)))
        progress(_("checking {hosts} hosts, {systems} systems").format(hosts=len(hosts), systems=len(records)))
        argvs = [_host_argv(place, config, group, ids) for group in _groups(hosts)]
        argvs += [_systems_argv(place, ids)] if records and _has_system_checks(chosen) else []
        lines, away, trouble = _run_all(argvs, place)
    found = beside(join(chosen, scopes, lines, away), scopes, registry, known)
    results = applied(found, standings(registry), known)
    if trouble:
        progress(trouble)
    return CheckRun(started, datetime.now(UTC), results, interconnects=noted(records))


def _scope(name: str, kind: str, record: SystemRecord, controls: Sequence[Control]) -> Scope:
    level = Level(record.spec.level)
    values = {c.id: resolve(c, level, record.spec.sources) for c in controls}
    return Scope(name, kind, record.spec.name, level, values)


def _values(
    catalogue: Catalogue, site: Site, known: Mapping[str, SystemRecord], hosts: Sequence[HostRecord],
    scopes: Sequence[Scope],
) -> dict[str, Any]:  # fmt: skip
    """What is expected of each host; read by policies/checks/conftest.py."""
    values = {s.name: {k: r.value for k, r in s.values.items()} for s in scopes if s.kind == "host"}
    found = {}
    for host in hosts:
        record = known[host.system]
        bastion = site.pool(record.agency.branch).bastion
        variables = catalogue.role_variables(record.spec.level, record.spec.sources, site, bastion)
        variables |= record.spec.account_variables(civil_day(now()))
        found[host.name] = {"values": values[host.name], "variables": variables}
    return {"hosts": found}


def _systems(
    settings: Settings, site: Site, registry: Registry, records: Sequence[SystemRecord], scopes: Sequence[Scope]
) -> dict[str, Any]:
    """What is expected in cloud and registry; read by policies/checks/conftest.py."""
    of = {s.name: s for s in scopes if s.kind == "system"}
    return {
        "cloud": {"file": str(settings.clouds_file) if settings.clouds_file else "", "name": settings.cloud},
        "site": site.model_dump(mode="json"),
        "systems": [
            {
                "spec": r.spec.model_dump(mode="json"),
                "agency": r.agency.model_dump(mode="json"),
                "allocation": r.allocation.model_dump(mode="json") if r.allocation else None,
                "values": {k: v.value for k, v in of[r.spec.name].values.items()},
                "intervals": _intervals(of[r.spec.name]),
                "kept": facts(registry, r),
                "ids": registry.remote_ids("system", r.spec.name),
                "agency_ids": registry.remote_ids("agency", r.agency.code),
                "afar": Succession(registry).afar(r.agency.code),
                "ways": [w.model_dump(mode="json") for w in r.ways],
            }
            for r in records
        ],
    }


def _intervals(scope: Scope) -> dict[str, dict[str, int]]:
    """After how long records of each control must be renewed."""
    controls = load().controls
    found = {k: interval(controls[k], r) for k, r in scope.values.items()}
    return {k: asdict(i) for k, i in found.items() if i is not None}


def _groups(hosts: Sequence[HostRecord]) -> list[list[HostRecord]]:
    """Hosts, dealt out to as few processes as do: each asks all its hosts at once, and starting one is what costs."""
    count = min(-(-len(hosts) // HOSTS_PER_PROCESS), os.cpu_count() or 1)
    return [list(hosts[i::count]) for i in range(count)]


def pytest_argv(files: Sequence[Path], *options: str) -> list[str]:
    """The command that runs these files of checks, with the parts of pytest that they use and no others.

    Output goes to a file and nothing reads it unless the checks themselves fail, so pytest need not catch it.
    """
    unused = [word for name in UNUSED_PLUGINS for word in ("-p", f"no:{name}")]
    return [
        sys.executable, "-m", "pytest", "-q", "--tb=line", "--capture=no", "--disable-plugin-autoload",
        "-p", "testinfra.plugin", "-p", "hatang.audit.plugin", *unused,
        "-c", str(CHECKS / "pytest.ini"), "--rootdir", str(CHECKS), *options, *map(str, files),
    ]  # fmt: skip


def host_files() -> list[Path]:
    """The files of checks that run on hosts."""
    return sorted(f for f in CHECKS.glob("test_*.py") if not f.name.startswith(OF_SYSTEMS))


def _host_argv(place: Path, config: Path, hosts: Sequence[HostRecord], ids: Sequence[str]) -> list[str]:
    specs = ",".join(f"hatang://{h.name}" for h in hosts)
    return pytest_argv(
        host_files(), f"--hosts={specs}", f"--ssh-config={config}", f"--values={place / 'values.json'}", *_only(ids)
    )


def _only(ids: Sequence[str]) -> list[str]:
    return [f"--control={i}" for i in ids]


def system_files() -> list[Path]:
    """The files of checks that run once for each system."""
    return sorted(f for f in CHECKS.glob("test_*.py") if f.name.startswith(OF_SYSTEMS))


def _systems_argv(place: Path, ids: Sequence[str]) -> list[str]:
    files = system_files()
    return pytest_argv(files, f"--systems={place / 'systems.json'}", *_only(ids))


def _has_system_checks(controls: Sequence[Control]) -> bool:
    return any(c.startswith(OF_SYSTEMS) for control in controls for c in control.checks)


def _run_all(argvs: Sequence[Sequence[str]], place: Path) -> tuple[list[Line], dict[str, str], str]:
    """Run the processes side by side.

    Returns:
        The lines that tests wrote; hosts that could not be reached, with the reason; what went wrong with the
        processes themselves.
    """
    if not argvs:
        return [], {}, ""
    with ThreadPoolExecutor(len(argvs)) as pool:
        files = [place / f"lines-{i}.jsonl" for i in range(len(argvs))]
        troubles = list(pool.map(_run, argvs, files))
    rows = [json.loads(row) for f in files if f.exists() for row in f.read_text(encoding="utf-8").splitlines()]
    away = {row["away"]: row["detail"] for row in rows if "away" in row}
    return [Line(**row) for row in rows if "away" not in row], away, "\n".join(t for t in troubles if t)


def _run(argv: Sequence[str], lines: Path) -> str:
    output = lines.with_suffix(".txt")
    with output.open("w") as out:
        try:
            code = subprocess.run(
                [*argv, f"--result-lines={lines}"], stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                timeout=TIMEOUT_S, env=environment(PYTHONDONTWRITEBYTECODE="1"), check=False,
            ).returncode  # fmt: skip
        except subprocess.TimeoutExpired:
            return f"the checks did not end within {TIMEOUT_S} s"
    # 0: all passed; 1: some failed; 5: none collected. Anything else is a fault of the checks, and never a pass.
    return "" if code in (0, 1, 5) else "the checks themselves failed:\n" + output.read_text()[-2000:]
