"""What the checks share. They run alone, in any CI, and change nothing on the host:

    pytest policies/checks --hosts=ssh://web --ssh-config=ssh_config --level 3 --site-file inventories/example/site.yaml

Every test names the control that it proves: @pytest.mark.control("AUT-03"). `hatang check` runs the same tests.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

try:
    import hatang  # noqa: F401
except ImportError:  # a checkout without the product installed
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "cli"))

from hatang.policies.checks.expected import Ask, CheckedSystem, Expected, from_options, load_systems

if TYPE_CHECKING:
    from openstack.connection import Connection

    from hatang.policies.checks.kept import Kept
    from hatang.policies.checks.live_cloud import Live

CONTAINER = "systemd-detect-virt --container"
NOT_SHOWN = "not shown here: this host is a container ({}), its kernel is the machine's"

_answers: dict[tuple[str, str], tuple[int, str, str]] = {}


def pytest_addoption(parser: pytest.Parser) -> None:
    """What is checked against: a level, or values worked out before."""
    group = parser.getgroup("controls")
    group.addoption("--level", type=int, choices=range(1, 6), help="security level of the hosts, 1 to 5")
    group.addoption("--document-storage", action="store_true", help="QCVN 12:2026/BCA applies too")
    group.addoption("--site-file", type=Path, help="the site's description: time servers, log store")
    group.addoption("--branch", help="branch whose bastion network administers the hosts: party, council, committee")
    group.addoption("--control", action="append", default=[], help="only this control; may be given several times")
    group.addoption("--values", type=Path, help="JSON: what is expected of each host (written by hatang check)")
    group.addoption(
        "--systems", type=Path, help="JSON: systems to check in cloud and registry (written by hatang check)"
    )


def pytest_configure(config: pytest.Config) -> None:
    """The marker that joins a test to its control."""
    config.addinivalue_line("markers", "control(id): the control that this test proves")
    config.addinivalue_line("markers", "needs(variable, reason): skipped where this role variable is empty")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Checks of cloud and registry run once for each system."""
    if "system" in metafunc.fixturenames:
        file = metafunc.config.getoption("--systems")
        systems = load_systems(file) if file else []
        metafunc.parametrize("system", systems, ids=[s.name for s in systems], scope="session")


def control_of(item: Any) -> str:
    """Id of the control that a test proves."""
    marker = item.get_closest_marker("control")
    return str(marker.args[0]) if marker else ""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """--control leaves the others out."""
    wanted = set(config.getoption("--control"))
    if wanted:
        left_out = [i for i in items if control_of(i) not in wanted]
        items[:] = [i for i in items if control_of(i) in wanted]
        config.hook.pytest_deselected(items=left_out)


@pytest.fixture(autouse=True)
def _properties(request: pytest.FixtureRequest) -> None:
    """Control and scope go into JUnit and into the result lines."""
    node = request.node
    scope = ""
    if "host" in request.fixturenames:
        scope = name_of(request.getfixturevalue("host"))
    elif "system" in request.fixturenames:
        scope = request.getfixturevalue("system").name
    node.user_properties += [("control", control_of(node)), ("scope", scope)]


def name_of(host: Any) -> str:
    """The host's name as it was given to pytest."""
    backend = host.backend
    return str(getattr(getattr(backend, "host", None), "name", None) or backend.get_pytest_id())


@pytest.fixture
def expected(request: pytest.FixtureRequest, host: Any) -> Expected:
    """What is demanded of this host: values of controls, and variables that depend on the site."""
    return from_options(request.config, name_of(host))


@pytest.fixture
def value(request: pytest.FixtureRequest) -> Any:
    """The value of this test's control for this host or system; skipped where nothing is demanded."""
    about = "system" if "system" in request.fixturenames else "expected"
    demanded = request.getfixturevalue(about)
    if reason := _skipped(request.node, demanded):
        pytest.skip(reason)
    return demanded.values[control_of(request.node)]


def _skipped(item: Any, demanded: Expected | CheckedSystem) -> str:
    """Why a test with a value is skipped here; empty: it is not."""
    value = demanded.values.get(control_of(item))
    if value is None or value is False:
        return "not demanded at this level"
    needs = item.get_closest_marker("needs")
    if needs and isinstance(demanded, Expected) and not demanded.variables.get(needs.args[0]):
        return str(needs.args[1])
    return ""


@pytest.hookimpl(optionalhook=True)
def pytest_hatang_asks(item: pytest.Item, host: Any) -> bool:
    """hatang's own transport asks ahead of time; what is skipped is not asked for."""
    wanted = "value" in getattr(item, "fixturenames", ())
    return not (wanted and _skipped(item, from_options(item.config, name_of(host))))


@pytest.fixture
def ask(host: Any) -> Ask:
    """ask(command) → what it prints, run as root.

    Each command runs once per host, however many tests ask, but with again=True it runs once more.
    """

    def answer(command: str, ok: tuple[int, ...] = (0,), again: bool = False) -> str:
        key = (name_of(host), command)
        if again or key not in _answers:
            with host.sudo():
                done = host.run(command)
            _answers[key] = (done.rc, done.stdout, done.stderr)
        code, out, err = _answers[key]
        assert code in ok, f"`{command}` ended with {code}: {err.strip() or out.strip()}"
        return out

    return answer


@pytest.fixture
def own_kernel(value: Any, ask: Ask) -> None:
    """For what only a kernel of the host's own shows: a container shares its machine's, and is passed over, visibly."""
    if (kind := ask(CONTAINER, (0, 1)).strip()) != "none":
        pytest.skip(NOT_SHOWN.format(kind))


@pytest.fixture
def kept(request: pytest.FixtureRequest, system: CheckedSystem) -> Kept:
    """What the registry keeps of the system, for this test's control."""
    from hatang.model.review import Interval
    from hatang.policies.checks.kept import Kept

    control = control_of(request.node)
    found = system.intervals.get(control)
    properties = request.node.user_properties
    return Kept(
        control, system.kept, Interval(**found) if found else None, lambda text: properties.append(("said", text))
    )


@pytest.fixture(scope="session")
def cloud(request: pytest.FixtureRequest) -> Iterator[Connection]:
    """The cloud that holds the systems, as the entry that --systems names."""
    from openstack.config import OpenStackConfig
    from openstack.connection import Connection

    file = request.config.getoption("--systems")
    if not file:
        pytest.skip("needs --systems")
    entry = json.loads(Path(file).read_text())["cloud"]
    files = [entry["file"]] if entry["file"] else None
    with Connection(config=OpenStackConfig(config_files=files).get_one(entry["name"])) as connection:
        yield connection


@pytest.fixture(scope="session")
def live(cloud: Connection, system: CheckedSystem) -> Live:
    """What the cloud holds of the system, read once."""
    from hatang.policies.checks.live_cloud import Live

    return Live(cloud, system)
