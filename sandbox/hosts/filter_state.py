"""Loads the filters of the ports, and makes connections that a rule allowed end when that rule goes.

As Neutron does, which deletes the entries of connection tracking. Here a network gets another zone: every connection on
it is then judged anew by its next packet from the side that opened it, and one that is still allowed goes on.
"""

from __future__ import annotations

import json
from pathlib import Path

from . import netns
from .filter_text import text
from .filters import Filters
from .programs import write_json

ZONES = 1 << 16


class FilterState:
    """What is loaded. On record, so that a new agent changes nothing that is as it should be.

    Args:
        record: file with the zone of each network and what its ports allowed.
        l2: namespace of the bridges.
    """

    def __init__(self, record: Path, l2: str) -> None:
        self.record, self.l2 = record, l2
        self._loaded = ""
        self._zones, self._allowed = _read(record)

    def converge(self, wanted: Filters) -> None:
        """Load these filters unless they are loaded. Raises HostsError."""
        allowed = sorted({r for g in wanted.groups for r in _opens(g.id, g.rules)} | _carried(wanted))
        narrower = set(self._allowed) - set(allowed)
        zones = {n: self._zones.get(n) or 1 + int(n.replace("-", "")[:4], 16) % (ZONES - 1) for n in wanted.networks}
        if narrower:
            zones = {n: 1 + z % (ZONES - 1) for n, z in zones.items()}
        new = text(wanted, zones)
        if new == self._loaded:
            return
        netns.nft(self.l2, new)
        self._loaded = new
        if (zones, allowed) != (self._zones, self._allowed):
            self._zones, self._allowed = zones, allowed
            write_json(self.record, {"zones": zones, "allowed": allowed})


def _opens(group: str, rules: tuple[object, ...]) -> list[str]:
    return [f"{group} {rule}" for rule in rules]


def _carried(wanted: Filters) -> set[str]:
    """Ports with their groups and sources: a port that leaves a group loses what it allowed."""
    found = {f"port {p.port} {g}" for p in wanted.ports for g in p.groups}
    return found | {f"port {p.port} open" for p in wanted.ports if not p.secured}


def _read(record: Path) -> tuple[dict[str, int], list[str]]:
    try:
        raw = json.loads(record.read_text())
        return {str(n): int(z) for n, z in raw["zones"].items()}, [str(a) for a in raw["allowed"]]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}, []  # nothing on record, or of another version
