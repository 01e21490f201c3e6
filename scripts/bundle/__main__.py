"""`python -m scripts.bundle`: makes dist/hatang-VERSION-offline.tar.gz. Run again, it finds nothing to do."""

from __future__ import annotations

import fcntl
import sys
import time

from scripts.setup import places
from scripts.setup.runner import Runner, Step, StepFailed

from . import content, pack, parts


def all_steps() -> list[Step]:
    """What is slow is kept in the cache, each part under a key of what it is made from."""
    return [
        Step("tools", "pip, uv and what builds wheels", parts.tools_are_done, parts.make_tools),
        Step("wheels", "all packages of locks/runtime.txt as wheels", parts.wheels_are_done, parts.make_wheels,
             ("tools",)),
        Step("own-wheel", "hatang as a wheel", parts.own_is_done, parts.make_own, ("tools",)),
        Step("file", "all in one file, with sums", pack.is_packed, pack.make, ("wheels", "own-wheel")),
        Step("dist", "the file's copy in dist", pack.is_delivered, pack.deliver, ("file",)),
    ]  # fmt: skip


def main() -> int:
    """Make the bundle; 1 when a step failed."""
    begun = time.monotonic()
    base = parts.base()
    base.mkdir(parents=True, exist_ok=True)
    with (base / "lock").open("w") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)
        runner = Runner(all_steps(), places.LOGS, what="bundle")
        try:
            content.tools()  # told before anything is fetched
            if not runner.run():
                return 1
        except StepFailed as exc:  # what a bundle is made from is not there
            print(f"bundle failed: {exc}; log: none", file=sys.stderr)
            return 1
    file = pack.delivered()
    said = f"done in {time.monotonic() - begun:.1f} s" if runner.seconds else "is up to date"
    print(f"bundle {said}: {file.relative_to(places.ROOT)}, {file.stat().st_size / 1e6:.0f} MB, "
          f"Python {content.PYTHON}, {content.PLATFORM}", file=sys.stderr)  # fmt: skip
    print(pack.sum_file().read_text(), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
