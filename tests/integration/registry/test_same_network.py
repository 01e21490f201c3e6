"""The unit tests of the same name, on PostgreSQL."""

from __future__ import annotations

import pytest

from tests.unit.registry.test_network import *  # noqa: F403


@pytest.fixture
def url(postgresql_ready: str) -> str:
    """URL of a database with nothing in it: PostgreSQL."""
    return postgresql_ready
