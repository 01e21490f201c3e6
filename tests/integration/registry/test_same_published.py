"""The unit tests of the same name, on PostgreSQL."""

from __future__ import annotations

import pytest

from tests.unit.registry.test_published import *  # noqa: F403


@pytest.fixture
def url(postgresql_url: str) -> str:
    """URL of an empty database: PostgreSQL."""
    return postgresql_url
