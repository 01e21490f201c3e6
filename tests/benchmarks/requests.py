"""Lives of requests under Hypothesis, 3,000 runs and more: `make bench-requests`. No forbidden transition, no self-approval.

How far the runs get is counted too: runs that never reach an approval would prove little. The last line is one JSON
object.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.unit.requests.machine import Life

RUNS, STEPS = 3_000, 60


class Counted(Life):
    """A life that tells how far it came."""

    reached: Counter[str] = Counter()  # noqa: RUF012 (one count for all lives)
    acts: Counter[str] = Counter()  # noqa: RUF012
    runs = 0

    def teardown(self) -> None:
        """Count."""
        Counted.runs += 1
        events = self.case.events if self.case else ()
        Counted.acts.update(e.act.value for e in events)
        Counted.reached.update({e.target.value for e in events})


def main() -> int:
    """Run; 1 when fewer than asked were run, or a state was never reached."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=RUNS)
    options = parser.parse_args()
    begun = time.monotonic()
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Counted,
        settings=settings(
            max_examples=options.runs, stateful_step_count=STEPS, deadline=None, database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
    facts = {
        "runs": Counted.runs, "acts": sum(Counted.acts.values()), "seconds": round(time.monotonic() - begun, 1),
        "runs_that_reached": dict(sorted(Counted.reached.items())),
    }  # fmt: skip
    print(json.dumps(facts))
    return int(Counted.runs < options.runs or len(Counted.reached) < 13)


if __name__ == "__main__":
    sys.exit(main())
