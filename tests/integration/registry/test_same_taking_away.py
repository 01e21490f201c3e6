"""The unit tests of the same name, on PostgreSQL."""

from __future__ import annotations

from tests.unit.registry.test_taking_away import *  # noqa: F403
