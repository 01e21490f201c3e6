"""Databases of both kinds: one empty database per test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from hatang.registry import database
from tests.integration.registry.cluster import Cluster, programs


@pytest.fixture(scope="package")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL for this folder's tests; libpq finds the password through PGPASSFILE. Nothing of it is left."""
    found = programs()
    if found is None:
        if os.geteuid() == 0:
            pytest.fail("PostgreSQL is not installed; make setup does it")
        pytest.skip("PostgreSQL is not installed, and set-up could not: no root")
    made = Cluster(found)
    try:
        made.start()
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PGPASSFILE", str(made.passfile))
            yield made
    finally:
        made.stop()
    assert made.processes() == []
    assert not made.folder.exists()


@pytest.fixture
def postgresql_url(cluster: Cluster) -> Iterator[str]:
    """URL of an empty PostgreSQL database, without password."""
    name = cluster.create()
    yield cluster.url(name)
    cluster.drop(name)


@pytest.fixture
def empty_url(postgresql_url: str) -> str:
    """The same, by the name that tests/unit/registry has for it."""
    return postgresql_url


@pytest.fixture(scope="package")
def schema(cluster: Cluster) -> str:
    """Name of a database that its migrations have brought to the newest schema, to be copied."""
    name = cluster.create()
    engine = database.connect(cluster.url(name))
    database.migrate(engine)
    engine.dispose()  # who is connected with it keeps others from copying it
    return name


@pytest.fixture
def postgresql_ready(cluster: Cluster, schema: str) -> Iterator[str]:
    """URL of a PostgreSQL database with the newest schema and nothing in it."""
    name = cluster.create(schema)
    yield cluster.url(name)
    cluster.drop(name)


@pytest.fixture
def url(postgresql_ready: str) -> str:
    """The same, by the name that the unit tests have for theirs: test_same_*.py are these tests on PostgreSQL."""
    return postgresql_ready


@pytest.fixture(params=["sqlite", "postgresql"])
def either_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty database of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/registry.db"
    found: str = request.getfixturevalue("postgresql_url")
    return found
