"""Lives of requests with persons who try everything: no forbidden transition, nobody decides on the own request."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from hatang.model.lifecycle import RequestKind
from tests.unit.requests.machine import Life

RUNS = 300  # make bench-requests has 2,000 and more


def test_lives_of_requests() -> None:
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=RUNS, stateful_step_count=40, deadline=None, database=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )  # fmt: skip
    assert Life.runs >= RUNS
    assert Life.reached["approved"] >= RUNS // 10, "lives come far enough to prove something"
    assert Life.reached["active"] >= RUNS // 20
    assert set(Life.approved) == set(RequestKind), "lives of every kind"
