"""Which mutations: all there are, or a random sample."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence

from hatang.catalogue.mutations import mutations
from hatang.model.mutation import Mutation, Where

Chosen = tuple[str, Mutation]


def every() -> list[Chosen]:
    """All mutations, by control."""
    return [(control, m) for control, found in mutations().items() for m in found.mutations]


def at(*places: Where) -> list[Chosen]:
    """Those that are done there; of hosts those that show on any of them."""
    return [chosen for chosen in every() if chosen[1].on in places and not chosen[1].needs]


def sample(count: int, seed: int, among: Sequence[Chosen]) -> list[Chosen]:
    """A random choice, the same for the same seed.

    Args:
        count: how many mutations; all when there are fewer.
        seed: of the choice.
        among: what to choose from.
    """
    return sorted(random.Random(seed).sample(among, min(count, len(among))), key=lambda c: (c[0], c[1].name))


def seed_of_run() -> int:
    """Another one for each run of the tests, the same in all processes that share one."""
    return random.Random(os.environ.get("PYTEST_XDIST_TESTRUNUID")).randrange(10**6)
