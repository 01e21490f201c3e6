"""How much there is of what systems are made of, and how much is left."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Supply:
    """One thing in one place.

    Args:
        what: `blocks`, `ipv6`, `bastion`, `public`, `routers`, `vcpus`, `memory-gib`, `disk-gib` or `volumes-gib`.
        where: branch, network, aggregate or back end.
        total: all that systems can have, with what they have.
        taken: what systems have.
        resting: what removed systems had, and nobody gets before its day.
    """

    what: str
    where: str
    total: int
    taken: int
    resting: int = 0

    @property
    def free(self) -> int:
        """What new systems can have; 0 where more is promised than there is."""
        return max(0, self.total - self.taken - self.resting)

    @property
    def free_percent(self) -> int:
        """The free part, rounded down; 0 where there is nothing at all."""
        return 100 * self.free // self.total if self.total else 0
