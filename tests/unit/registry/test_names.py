"""No two servers have one name: refused when asked for, by the database too, also for a registry of before."""

from __future__ import annotations

import subprocess
import sys

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from hatang.errors import InputError, RefusedError
from hatang.model.request import RequestFile
from hatang.registry import Registry, database
from hatang.registry import tables as t
from tests.unit.registry.test_registry import REQUEST, ROOT

SUBMIT = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from hatang.errors import InputError
from hatang.registry import Registry
from tests.unit.registry.test_names import asks
registry = Registry.open(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
try:
    registry.submit(asks(*sys.argv[2:]), "")
    print("taken")
except InputError:
    print("refused")
"""


def asks(system: str, *hosts: str) -> RequestFile:
    """A request for a system with these hosts."""
    first = REQUEST.system.hosts[0]
    made = tuple(first.model_copy(update={"name": h}) for h in hosts)
    return REQUEST.model_copy(update={"system": REQUEST.system.model_copy(update={"name": system, "hosts": made})})


def kept(registry: Registry) -> dict[str, str]:
    """Names of servers and their systems."""
    with registry._reading() as session:
        return {r.name: r.system for r in session.scalars(select(t.ServerNameRow))}


@pytest.fixture
def registry(url: str) -> Registry:
    """A registry with system `a-b` and its host `c`."""
    made = Registry.open(url)
    made.submit(asks("a-b", "c"), "")
    return made


def test_a_name_that_another_systems_host_has_is_refused_and_nothing_is_recorded(registry: Registry) -> None:
    with pytest.raises(InputError) as caught:
        registry.submit(asks("a", "web", "b-c"), "")
    assert caught.value.exit_code == 2
    assert caught.value.what == "a server called a-b-c exists: host c of system a-b"
    assert caught.value.where == "system.hosts[1].name"
    assert "choose another name" in caught.value.do
    assert [s.spec.name for s in registry.systems()] == ["a-b"]
    assert len(registry.requests()) == 1
    assert kept(registry) == {"a-b-c": "a-b"}


def test_names_that_only_look_alike_are_taken(registry: Registry) -> None:
    registry.submit(asks("a", "b", "bc", "c"), "")
    assert sorted(kept(registry)) == ["a-b", "a-b-c", "a-bc", "a-c"]


def test_a_corrected_request_gives_the_old_names_back(registry: Registry) -> None:
    registry.submit(asks("a-b", "d"), "")
    assert kept(registry) == {"a-b-d": "a-b"}
    registry.submit(asks("a", "b-c"), "")


def test_a_removed_system_gives_its_names_back(registry: Registry) -> None:
    registry.set_system_state("a-b", "removed")
    registry.submit(asks("a", "b-c"), "")
    assert kept(registry) == {"a-b-c": "a"}


def test_the_database_refuses_it_too(registry: Registry) -> None:
    registry.submit(asks("a", "web"), "")
    with pytest.raises(IntegrityError), registry._writing() as session:
        session.add(t.ServerNameRow(name="a-b-c", system="a"))


def test_two_processes_at_once_do_not_both_get_it(url: str) -> None:
    registry = Registry.open(url)
    running = [
        subprocess.Popen(
            [sys.executable, "-c", SUBMIT, url, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for words in (("a-b", "c"), ("a", "b-c"))
    ]
    for child in running:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in running:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    assert sorted(child.communicate(timeout=60)[0] for child in running) == ["refused\n", "taken\n"]
    assert list(kept(registry)) == ["a-b-c"]


def of_before(url: str, *systems: tuple[str, str, str, str]) -> None:
    """A registry of the first schema with systems: name, day, host, state."""
    engine = database.connect(url)
    config = Config()
    config.set_main_option("script_location", str(database.MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(text("INSERT INTO agency VALUES ('H99.05', 'committee', '{}', '2026-01-01')"))
        connection.execute(
            text("INSERT INTO request VALUES ('r', 'd', '', '{}', 'H99.05', 'nguoi-de-nghi', '2026-01-01')")
        )
        for name, day, host, state in systems:
            spec = f'{{"hosts": [{{"name": "{host}"}}]}}'
            connection.exec_driver_sql(f"INSERT INTO system VALUES ('{name}', 'H99.05', 'r', 3, '{spec}', '{day}')")
            for each in ("requested", state):
                connection.exec_driver_sql(
                    f"INSERT INTO system_state (system, state, created_at) VALUES ('{name}', '{each}', '2026-01-04')"
                )


def test_a_registry_of_before_gets_the_names_of_its_living_systems(empty_url: str) -> None:
    of_before(
        empty_url,
        ("a-b", "2026-01-02", "c", "active"),
        ("a", "2026-01-03", "d", "requested"),
        ("cu", "2026-01-01", "web", "removed"),
    )
    assert kept(Registry.open(empty_url)) == {"a-b-c": "a-b", "a-d": "a"}


def test_a_registry_of_before_whose_names_clash_is_refused_by_name_and_left_as_it_was(empty_url: str) -> None:
    of_before(
        empty_url,
        ("a-b", "2026-01-02", "c", "active"),
        ("a", "2026-01-03", "b-c", "requested"),  # clashes, and came later
        ("x-y", "2026-01-05", "z", "requested"),
        ("x", "2026-01-04", "y-z", "requested"),
        ("cu-b", "2026-01-01", "c", "removed"),
        ("cu", "2026-01-06", "b-c", "active"),  # clashes with what is removed alone
    )
    with pytest.raises(RefusedError) as refused:
        Registry.open(empty_url)
    assert refused.value.what.endswith(
        "the oldest system first: a-b-c (host c of system a-b, host b-c of system a); "
        "x-y-z (host y-z of system x, host z of system x-y)"
    )
    assert "hatang system destroy NAME --yes" in refused.value.do
    engine = database.connect(empty_url)
    assert database.version(engine) == "0001"
    with engine.begin() as connection:  # somebody does as the remedy says
        spec = '{"hosts": [{"name": "khac"}]}'
        connection.exec_driver_sql(f"UPDATE system SET spec = '{spec}' WHERE name IN ('a', 'x')")
    assert kept(Registry.open(empty_url)) == {
        "a-b-c": "a-b",
        "a-khac": "a",
        "cu-b-c": "cu",
        "x-khac": "x",
        "x-y-z": "x-y",
    }
