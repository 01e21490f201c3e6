"""A run of checks with every state, two systems, and text that a hostile host might answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from hatang import locale
from hatang.audit.results import CheckRun
from tests.unit.audit.reports.sample import RESULTS

STARTED = datetime(2026, 11, 25, 8, 30, tzinfo=UTC)


@pytest.fixture
def run() -> CheckRun:
    """The run."""
    return CheckRun(STARTED, STARTED + timedelta(seconds=12.5), RESULTS, "checks/20261125T083000")


@pytest.fixture(params=["en", "vi"])
def lang(request: pytest.FixtureRequest) -> Iterator[str]:
    """Each language in turn."""
    yield locale.choose(request.param)
    locale.choose("en")


@pytest.fixture(autouse=True)
def english() -> None:
    """Unless a test says otherwise."""
    locale.choose("en")
