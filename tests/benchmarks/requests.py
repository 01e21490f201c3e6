"""Lives of requests under Hypothesis, 3,000 runs and more: `make bench-requests`. Nothing forbidden, no self-approval.

How far the runs get is counted too: runs that never reach an approval would prove little. The last line is one JSON
object.
"""

from __future__ import annotations

import argparse
import json
import sys
import time

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from hatang.model.lifecycle import RequestState
from tests.unit.requests.machine import Life

RUNS, STEPS = 3_000, 60


def main() -> int:
    """Run; 1 when fewer than asked were run, or a state was never reached."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=RUNS)
    options = parser.parse_args()
    begun = time.monotonic()
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=options.runs, stateful_step_count=STEPS, deadline=None, database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
    facts = {
        "runs": Life.runs, "acts": Life.acts, "seconds": round(time.monotonic() - begun, 1),
        "runs_that_reached": dict(sorted(Life.reached.items())),
    }  # fmt: skip
    print(json.dumps(facts))
    return int(Life.runs < options.runs or len(Life.reached) < len(RequestState))


if __name__ == "__main__":
    sys.exit(main())
