"""The unit tests of the same name, on PostgreSQL."""

from __future__ import annotations

from tests.unit.registry.test_leases import *  # noqa: F403
