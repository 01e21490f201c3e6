"""The database of a test. tests/integration/registry runs the same tests on PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def url(tmp_path: Path) -> str:
    """URL of an empty database: SQLite."""
    return f"sqlite:///{tmp_path}/registry.db"


@pytest.fixture
def empty_url(url: str) -> str:
    """URL of a database that has no schema yet. On PostgreSQL the other one has."""
    return url
