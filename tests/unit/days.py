"""Days as the product counts them. Asked for when needed: a run of tests may go past midnight in Việt Nam."""

from __future__ import annotations

from datetime import date, timedelta

from hatang.model.waiver import civil_day
from hatang.registry.tables import now


def today(ahead: int = 0) -> date:
    """The day that it is now, or one so many days ahead."""
    return civil_day(now()) + timedelta(days=ahead)
