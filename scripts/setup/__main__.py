"""`python3 -m scripts.setup`: everything that `make demo` and `make test` need. Run again, it finds nothing to do."""

from __future__ import annotations

import sys
import time

MINIMUM = (3, 11)


def main() -> int:
    """Run all steps; 1 when one failed."""
    if sys.version_info < MINIMUM:
        print(f"set-up failed at step python: Python {sys.version.split()[0]} is too old, 3.11 is needed; log: none",
              file=sys.stderr)  # fmt: skip
        return 1
    from . import places
    from .runner import Runner
    from .steps import all_steps

    begun = time.monotonic()
    runner = Runner(all_steps(), places.LOGS)
    if not runner.run():
        return 1
    if runner.seconds:
        print(f"set-up done in {time.monotonic() - begun:.1f} s; the command is .venv/bin/hatang", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
