"""Lives of requests with persons who try everything: no forbidden transition, nobody decides on the own request."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from hatang.model.lifecycle import RequestKind
from tests.unit.requests.machine import Life

RUNS = 60  # of each kind; make bench-requests has 2,000 and more of all


@pytest.mark.parametrize("kind", RequestKind)
def test_lives_of_requests(kind: RequestKind) -> None:
    class OneKind(Life):
        only = kind

    before, reached = Counter(Life.approved), Counter(Life.reached)
    run_state_machine_as_test(
        OneKind,
        settings=settings(
            max_examples=RUNS, stateful_step_count=40, deadline=None, database=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )  # fmt: skip
    assert Life.approved[kind] - before[kind] >= 1, "lives come far enough to prove something"
    assert sum((Life.reached - reached).values()) >= RUNS
