"""The unit tests of the same name, on PostgreSQL."""

from __future__ import annotations

from tests.unit.journal.conftest import journal, own, registry  # noqa: F401 (fixtures)
from tests.unit.journal.test_journal import *  # noqa: F403
