"""The clock."""

from __future__ import annotations

import pytest

from hatang.policies.checks.expected import Ask, Expected
from hatang.policies.checks.units import units

WORST_OFFSET_S = 1.0  # the law gives no number; a second apart, logs of two hosts no longer tell which came first


@pytest.mark.control("LOG-07")
def test_clock_follows_time_servers(value: bool, expected: Expected, ask: Ask) -> None:
    """The time service runs, also after a boot, and asks the site's time servers and no others."""
    assert units(ask)["chrony.service"].is_kept_running, "the time service does not run, or not after a boot"
    sources = [row.split(",") for row in ask("chronyc -n -c sources").splitlines() if row.count(",") > 2]
    servers = {row[2] for row in sources if row[0] in ("^", "=")}
    assert servers, "no time server is asked"
    site = set(expected.variables.get("time_sync_servers", ()))
    if site:
        assert servers <= site, f"others than the site's time servers are asked: {', '.join(sorted(servers - site))}"
    tracking = ask("chronyc -n -c tracking").strip().split(",")
    if tracking[2] != "0" and tracking[-1] != "Not synchronised":
        assert abs(float(tracking[4])) < WORST_OFFSET_S, f"the clock is off by {tracking[4]} s"
