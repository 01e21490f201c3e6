"""Databases of both kinds: one empty database per test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

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


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty database of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/registry.db"
    found: str = request.getfixturevalue("postgresql_url")
    return found
