"""Which tests stay together, and in which order, when several processes share the work (`make test`).

Tests of one folder share costly parts (a site, systems, hosts), so they go to one process, but for files that make
systems of their own; unit tests share nothing and fill what is left. The longest folders come first, so that no process
is left with one at the end.
"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

ALONE = ("tests/e2e/test_life.py", "tests/e2e/test_faults.py", "tests/integration/provision/test_reorganise.py")
LONGEST_FIRST = (
    "tests/e2e", "tests/integration/audit", "tests/integration/hosts", "tests/integration/isolation", *ALONE,
    "tests/integration/provision", "tests/integration/workflow", "tests/integration/sandbox",
    "tests/integration/bundle", "tests/integration/registry", "tests/integration/serve", "tests/integration/toolchain",
)  # fmt: skip


def lane(nodeid: str) -> str:
    """Folder of a costly test; the file of any other, and of one that shares nothing."""
    file = nodeid.split("::")[0]
    return file if file in ALONE else next((x for x in LONGEST_FIRST if file.startswith(f"{x}/")), file)


def rank(nodeid: str) -> int:
    """Place of a test's lane among the others; within a lane the order stays."""
    found = lane(nodeid)
    return LONGEST_FIRST.index(found) if found in LONGEST_FIRST else len(LONGEST_FIRST)


class LaneScheduling(LoadScopeScheduling):  # type: ignore[misc]  # it has no types
    """A process takes a whole lane. (`--dist loadgroup` would do, but its marks do not reach pytest 9.)"""

    def _split_scope(self, nodeid: str) -> str:
        return lane(nodeid)
