"""The unit tests of the same name, on PostgreSQL."""

from __future__ import annotations

from tests.unit.journal.conftest import own  # noqa: F401 (fixtures)
from tests.unit.journal.test_sources import *  # noqa: F403
