"""Shell sessions."""

from __future__ import annotations

import pytest

from hatang.policies.checks.expected import Ask

# A login shell is really started; then somebody in it tries to switch the limit off.
SHELL = "env -i HOME=/ TERM=dumb bash -lc 'echo \"${TMOUT:-0}\"; (unset TMOUT) 2>/dev/null && echo free || echo fixed'"


@pytest.mark.control("SES-01")
def test_idle_shell_is_closed(value: int, ask: Ask) -> None:
    """An idle shell closes in time, and its user cannot switch that off."""
    limit, fixed = ask(SHELL).split()[-2:]
    assert limit.isdigit() and 0 < int(limit) <= value * 60, f"an idle shell closes after {limit} seconds"
    assert fixed == "fixed", "the user can switch the limit off"
