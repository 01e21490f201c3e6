"""Costly proofs that take turns: of each group every run does one, another each time; `--long` does all.

A test says so by `@pytest.mark.turn("group", "name")`; tests with one name go together. The seed of the run says whose
turn it is, unless `--turn NAME` does (more than once if need be); the reason of what is skipped tells.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest


def skip_others(items: Sequence[pytest.Item], seed: int, wanted: Sequence[str]) -> None:
    """Skip, visibly, every test whose turn it is not.

    Args:
        seed: of the run, the same in all its processes.
        wanted: names whose turn it is in any case; then the others of their groups are skipped.

    Raises:
        pytest.UsageError: no test has such a name.
    """
    groups: dict[str, set[str]] = {}
    for item in items:
        if mark := item.get_closest_marker("turn"):
            group, name = mark.args
            groups.setdefault(group, set()).add(name)
    if strange := set(wanted) - {name for names in groups.values() for name in names}:
        raise pytest.UsageError(f"--turn: no test is called {', '.join(sorted(strange))}")
    chosen = {group: _choice(names, seed, wanted) for group, names in groups.items()}
    for item in items:
        mark = item.get_closest_marker("turn")
        if mark and mark.args[1] not in chosen[mark.args[0]]:
            turn = ", ".join(sorted(chosen[mark.args[0]]))
            item.add_marker(pytest.mark.skip(reason=f"another's turn ({turn}); --turn {mark.args[1]} or --long"))


def _choice(names: set[str], seed: int, wanted: Sequence[str]) -> set[str]:
    return names & set(wanted) or {random.Random(seed).choice(sorted(names))}
