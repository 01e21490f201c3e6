"""What all tests share: one sandbox per run on ports of its own, and the check that a run leaves nothing behind."""

from __future__ import annotations

import gc
import os
import secrets
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hatang import settings
from hatang.sandbox.lifecycle import Sandbox
from tests import turns
from tests.lanes import LaneScheduling, rank
from tests.prove.choice import seed_of_run
from tests.schema_once import schema_once  # noqa: F401

if TYPE_CHECKING:
    from openstack.connection import Connection
    from xdist.remote import Producer

PORTS_USED = 100  # per process, from --sandbox-port: the sandbox, and the further clouds of tests/integration/sandbox


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of this test suite."""
    group = parser.getgroup("hatang")
    group.addoption("--sandbox-state", type=Path, help="use the sandbox running in this state folder, and leave it be")
    group.addoption("--sandbox-port", type=int, default=23000, help="first port of its own clouds (100 per process)")
    group.addoption("--long", action="store_true", help="also the long form of tests that repeat themselves")
    group.addoption("--turn", action="append", default=[], help="whose turn it is (tests/turns.py)")


def pytest_configure(config: pytest.Config) -> None:
    """Markers of this test suite."""
    config.addinivalue_line("markers", "long: runs with --long only")
    config.addinivalue_line("markers", "control(*ids): of policies/checks, into whose files some tests look")
    config.addinivalue_line("markers", "needs(variable, reason): of policies/checks too")
    config.addinivalue_line("markers", "turn(group, name): one name of a group in each run, all with --long")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LaneScheduling:
    """Who runs what, when several processes share the work."""
    return LaneScheduling(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Long forms are skipped, visibly, unless asked for; costly folders come first."""
    items.sort(key=lambda item: rank(item.nodeid))
    if not config.getoption("--long"):
        turns.skip_others(items, seed_of_run(), config.getoption("--turn"))
        for item in items:
            if item.get_closest_marker("long"):
                item.add_marker(pytest.mark.skip(reason="needs --long"))


def pytest_collection_finish() -> None:
    """Thousands of tests stay: the collector need not go through them again and again (a tenth of unit tests' time)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """A test leaves its parameters as they are: test_same_*.py meet the same ones in the same process."""
    given = getattr(getattr(item, "callspec", None), "params", None)
    before = repr(given)
    yield
    assert repr(given) == before, "the test changed its own parameters, which another test shares"


@pytest.fixture(scope="session")
def sandbox_port(request: pytest.FixtureRequest) -> int:
    """First of the ports that this process may use."""
    process = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    return int(request.config.getoption("--sandbox-port")) + PORTS_USED * int(process)


@pytest.fixture(scope="session", autouse=True)
def nothing_is_left(tmp_path_factory: pytest.TempPathFactory, sandbox_port: int) -> Iterator[None]:
    """After the whole run: no process, mount, namespace or listening port of it."""
    namespaces = _namespaces()
    yield
    base = str(tmp_path_factory.getbasetemp())
    left = [f"process {line}" for line in _processes() if base in line]
    left += [f"mount {line}" for line in Path("/proc/self/mounts").read_text().splitlines() if base in line]
    left += [f"port {p}" for p in _listening() if sandbox_port <= p < sandbox_port + PORTS_USED]
    left += [f"namespace {n}" for n in _own(_namespaces() - namespaces, base)]
    assert not left, "the run left behind:\n" + "\n".join(left)


def _own(namespaces: set[str], base: str) -> set[str]:
    """Namespaces of sandboxes below `base`: their names begin with an identity made from the state folder."""
    from hatang.sandbox.hosts.machines import Machines

    folders = {p.parent for p in Path(base).glob("**/sandbox/hosts")} | {Path(base) / "sandbox0" / "sandbox"}
    idents = {Machines(f / "hosts", f, f).id for f in folders}
    return {n for n in namespaces if any(i in n for i in idents)}


def _namespaces() -> set[str]:
    return {p.name for p in Path("/run/netns").glob("*")}


def _processes() -> list[str]:
    lines = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = file.read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            continue
        if words and file.parent.name != str(_own_pid()):
            lines.append(f"{file.parent.name} {words}")
    return lines


def _own_pid() -> int:
    return int(Path("/proc/self").readlink().name)


def _listening() -> set[int]:
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {int(row[1].split(":")[1], 16) for row in rows if row[3] == "0A"}


@pytest.fixture(scope="session")
def sandbox(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, sandbox_port: int
) -> Iterator[Sandbox]:
    """The run's sandbox, ready: a real OpenStack, with real hosts when this is root. Wiped afterwards.

    Its `state` is the state folder for `hatang --state`, `clouds_file` and `ssh_config` are recorded there.
    """
    cache = settings.load().cache
    if found := request.config.getoption("--sandbox-state"):
        yield Sandbox(Path(found).absolute(), cache)
        return
    made = Sandbox(tmp_path_factory.mktemp("sandbox"), cache, sandbox_port)
    try:
        made.up(lambda text: print(text, file=sys.stderr))
        files = {"ssh_config": made.ssh_config, "places_file": made.places_file}
        more = {name: str(file) for name, file in files.items() if file.exists()}
        settings.write(made.state, clouds_file=str(made.clouds_file), cloud="hatang", **more)
        yield made
    finally:
        made.down(wipe=True)


@pytest.fixture(scope="session")
def cloud(sandbox: Sandbox) -> Iterator[Connection]:
    """The sandbox's cloud as its administrator."""
    from openstack.config import OpenStackConfig
    from openstack.connection import Connection

    config = OpenStackConfig(config_files=[str(sandbox.clouds_file)], load_envvars=False)
    with Connection(config=config.get_one("hatang")) as connection:
        yield connection


@pytest.fixture
def fresh_name() -> Callable[[str], str]:
    """Makes names that no other test uses: fresh_name("net") → net-3f2a9c."""
    return lambda kind: f"{kind}-{secrets.token_hex(3)}"
