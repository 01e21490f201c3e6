"""Which tests stay together, and in which order, when several processes share the work (`make test`).

Tests of one folder share costly parts (a site, systems, hosts), so they go to one process; unit tests share nothing and
fill what is left. The longest folders come first, so that no process is left with one at the end.
"""

from __future__ import annotations

from pathlib import Path

import pytest

LONGEST_FIRST = (
    "e2e", "integration/audit", "integration/isolation", "integration/provision", "integration/hosts",
    "integration/sandbox", "integration/registry", "integration/toolchain",
)  # fmt: skip
TESTS = Path(__file__).parent


def lane(file: Path) -> str:
    """Folder of a costly test; the file of any other."""
    inside = file.relative_to(TESTS).as_posix()
    return next((folder for folder in LONGEST_FIRST if inside.startswith(f"{folder}/")), inside)


def arrange(items: list[pytest.Item]) -> None:
    """Put the tests in order and tell which belong together; within a lane the order stays."""
    rank = {folder: number for number, folder in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: rank.get(lane(item.path), len(rank)))
    for item in items:
        item.add_marker(pytest.mark.xdist_group(lane(item.path)))
