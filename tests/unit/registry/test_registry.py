"""The registry: schema, requests, addresses under real concurrent processes and a real kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import IntegrityError

from hatang.errors import InputError, RefusedError, UnknownNameError
from hatang.inputs import load_request, load_site
from hatang.model.agency import QuotaCeiling
from hatang.model.request import RequestFile
from hatang.model.system import System
from hatang.model.terms import ZoneKind
from hatang.registry import Registry, database
from hatang.registry import tables as t
from hatang.registry.request_tables import RequestEventRow
from tests.unit.registry.decided import approve

ROOT = Path(__file__).resolve().parents[3]
SITE = load_site(ROOT / "inventories/example/site.yaml")
_PUBLIC, TEXT = load_request(ROOT / "inventories/example/requests/one-stop.yaml", SITE)
INSIDE = tuple(h for h in _PUBLIC.system.hosts if h.zone is not ZoneKind.BORDER)  # web, app, db
REQUEST = _PUBLIC.model_copy(
    update={"system": _PUBLIC.system.model_copy(update={"public": False, "hosts": INSIDE})}
)  # public ones: test_published.py
ZONES = tuple(ZoneKind)

WORKER = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(ROOT)!r})
from tests.unit.registry.test_registry import SITE, ZONES
from hatang.registry import Registry
registry = Registry.open(sys.argv[1])
print("ready", flush=True)
for name in sys.argv[2:]:
    registry.allocate(name, SITE, ZONES)
"""


def named(name: str) -> RequestFile:
    """The example request for a system of that name; its agency may have as many as any test makes."""
    agency = REQUEST.agency.model_copy(update={"ceiling": QuotaCeiling(hosts=10_000, disk_gib=1_000_000)})
    system = REQUEST.system.model_copy(update={"name": name})
    return REQUEST.model_copy(update={"agency": agency, "system": system})


def worker(url: str, *names: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", WORKER, url, *names], stdout=subprocess.PIPE, text=True)


def test_models_are_what_migrations_make(url: str) -> None:
    registry = Registry.open(url)
    with registry._engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "render_as_batch": True})
        assert compare_metadata(context, t.Base.metadata) == []


def test_head_is_the_newest_migration() -> None:
    assert ScriptDirectory(str(database.MIGRATIONS)).get_current_head() == database.HEAD


def test_the_same_request_twice_is_one(url: str) -> None:
    registry = Registry.open(url)
    assert registry.submit(REQUEST, TEXT) == registry.submit(REQUEST, TEXT)
    assert len(registry.requests()) == 1


def test_the_requester_may_not_approve(url: str) -> None:
    registry = Registry.open(url)
    record = registry.submit(REQUEST, TEXT)
    with pytest.raises(RefusedError):
        approve(registry, record.id, REQUEST.requested_by)
    assert registry.request(record.id).approvals == ()
    approve(registry, record.id, "nguoi-phe-duyet")
    assert registry.request(record.id).state.value == "approved"


def test_the_database_refuses_it_too(url: str) -> None:
    registry = Registry.open(url)
    record = registry.submit(REQUEST, TEXT)
    row = RequestEventRow(
        request_id=record.id, number=9, act="approve", role="owner", actor="A", actor_key="a", requester_key="a",
        target="approved",
    )  # fmt: skip
    with pytest.raises(IntegrityError), registry._writing() as session:
        session.add(row)


def test_unknown_names_come_with_near_ones(url: str) -> None:
    registry = Registry.open(url)
    registry.submit(REQUEST, TEXT)
    with pytest.raises(UnknownNameError, match="did you mean mot-cua"):
        registry.system("mot-cuaa")
    with pytest.raises(UnknownNameError, match=r"did you mean H99\.05"):
        registry.agency("H99.5")


def test_two_hosts_never_get_one_server_name(url: str) -> None:
    registry = Registry.open(url)
    short, long = named("a"), named("a-b")
    short = short.model_copy(update={"system": _with_host(short, "b-c")})
    long = long.model_copy(update={"system": _with_host(long, "c")})
    registry.submit(short, "a")
    with pytest.raises(InputError, match="a server called a-b-c exists: host b-c of system a") as refused:
        registry.submit(long, "a-b")
    assert refused.value.where == "system.hosts[0].name"
    assert [r.spec.name for r in registry.systems()] == ["a"], "nothing of the refused request stays"
    registry.set_system_state("a", "removed")
    registry.submit(long, "a-b")


def _with_host(request: RequestFile, name: str) -> System:
    host = request.system.hosts[0].model_copy(update={"name": name})
    return request.system.model_copy(update={"hosts": (host,)})


def test_a_kill_leaves_nothing_half(url: str) -> None:
    registry = Registry.open(url)
    names = [f"s{i}" for i in range(60)]
    for name in names:
        registry.submit(named(name), name)
    running = worker(url, *names)
    assert running.stdout is not None
    running.stdout.readline()
    time.sleep(0.05)
    os.kill(running.pid, signal.SIGKILL)
    running.wait(30)
    for name in names:
        there = Registry.open(url).system(name).allocation
        if there is not None:
            assert (len(there.zones), len(there.hosts)) == (len(ZONES), len(REQUEST.system.hosts))
        assert len(registry.allocate(name, SITE, ZONES).zones) == len(ZONES)


def test_opening_is_quick(url: str) -> None:
    Registry.open(url)
    times = []
    for _ in range(20):  # the machine may be busy with other things
        began = time.perf_counter()
        Registry.open(url)
        times.append(time.perf_counter() - began)
    assert min(times) <= 0.150  # 10–20 ms on a quiet machine; other tests share the cores
