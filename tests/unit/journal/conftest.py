"""A journal of a test, on SQLite. tests/integration/registry runs the same tests on PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest

from hatang import settings
from hatang.journal.journal import Journal
from hatang.registry import Registry
from hatang.settings import Settings
from tests.unit.journal.forging import Rows
from tests.unit.registry.test_registry import REQUEST

SYSTEM = REQUEST.system.name


def rows(journal: Journal) -> Rows:
    """What is stored."""
    return journal.rows.all()


@pytest.fixture
def url(tmp_path: Path) -> str:
    """URL of an empty database: SQLite."""
    return f"sqlite:///{tmp_path}/registry.db"


@pytest.fixture
def own(tmp_path: Path, url: str) -> Settings:
    """Settings of an empty state folder."""
    return settings.load(state_dir=tmp_path, registry_url=url)


@pytest.fixture
def registry(own: Settings) -> Registry:
    """A registry with one request."""
    made = Registry.open(own.registry)
    made.submit(REQUEST, "")
    return made


@pytest.fixture
def journal(own: Settings, registry: Registry) -> Journal:
    """Its journal, with some entries."""
    made = Journal(own, registry)
    made.catch_up()
    for i in range(4):
        registry.record_check_run(SYSTEM, {"counts": {"met": i}})
        made.catch_up()
    return made
