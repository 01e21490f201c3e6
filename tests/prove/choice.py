"""Which mutations: all there are, or a random sample."""

from __future__ import annotations

import random
from collections.abc import Sequence

from hatang.catalogue.mutations import mutations
from hatang.model.mutation import Mutation, Where

Chosen = tuple[str, Mutation]


def every() -> list[Chosen]:
    """All mutations, by control."""
    return [(control, m) for control, found in mutations().items() for m in found.mutations]


def sample(count: int, seed: int, places: Sequence[Where] = tuple(Where)) -> list[Chosen]:
    """A random choice, the same for the same seed.

    Args:
        count: how many mutations; all when there are fewer.
        seed: of the choice.
        places: where they are done.
    """
    among = [chosen for chosen in every() if chosen[1].on in places]
    return sorted(random.Random(seed).sample(among, min(count, len(among))), key=lambda c: (c[0], c[1].name))
