"""Limits on connections at once, from the ruleset in force: which ports they cover, how they count, what they miss."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hatang.policies.checks.nft_rules import Opening, Ruleset

DEPTH = 8  # of jumps that are followed
WIDE = 256  # ports of a range that are looked at one by one


@dataclass(frozen=True)
class Limit:
    """At most so many connections at once: of one origin (by its address) or of all; refused beyond."""

    family: int  # 4, 6: of origins of this family; 0: of all origins together
    count: int
    ports: tuple[tuple[int, int], ...] | None  # None: all
    protocol: str | None  # None: any

    def covers(self, port: int, protocol: str) -> bool:
        """Whether connections to this port count."""
        right = self.protocol in (None, protocol)
        return right and (self.ports is None or any(low <= port <= high for low, high in self.ports))


def unlimited(rules: Ruleset, per_origin: int, per_service: int) -> list[str]:
    """Ways in to a port that no limit stands before, or one above these numbers; empty: none."""
    found = []
    for chain in rules.base("input"):
        before: list[Limit] = []
        for step in _walk(rules, chain, Opening(chain["name"]), True, 0):
            if isinstance(step, Limit):
                before.append(step)
            elif step.ports and not step.is_reply and not step.is_loopback:
                found += [f"{step}: {missing}" for missing in _missing(step, before, per_origin, per_service)]
    return found


def _missing(way: Opening, before: list[Limit], per_origin: int, per_service: int) -> Iterator[str]:
    families = {p.version for p in way.peers} if way.peers is not None else {4, 6}
    ends = {
        port for low, high in way.ports or () for port in (range(low, high + 1) if high - low < WIDE else (low, high))
    }
    for protocol in [way.protocol] if way.protocol else ["tcp", "udp"]:
        for family in sorted(families):
            for port in ends:
                if not any(m.family == family and m.count <= per_origin and m.covers(port, protocol) for m in before):
                    yield f"no limit of {per_origin} for one IPv{family} origin"
        if not all(
            any(not m.family and m.count <= per_service and m.covers(p, protocol) for m in before) for p in ends
        ):
            yield f"no limit of {per_service} for the service"


def _walk(rules: Ruleset, chain: dict[str, Any], way: Opening, certain: bool, depth: int) -> Iterator[Limit | Opening]:
    """Limits and openings in the order in which a packet meets them.

    Args:
        certain: every new packet of this way comes here; a limit under another condition counts for none.
    """
    place = (chain["family"], chain["table"])
    for rule in rules.rules:
        if depth > DEPTH or (rule["family"], rule["table"], rule["chain"]) != (*place, chain["name"]):
            continue
        here, sure, counted = way, certain, None
        for part in rule["expr"]:
            if "match" in part:
                narrower = rules.narrowed(here, part["match"], place)
                sure = sure and (narrower != here or _is_new(part["match"]))
                here = narrower
            elif "set" in part or "ct count" in part:
                counted = _counted(part)
            elif "drop" in part or "reject" in part:
                if counted and sure and here.peers is None:
                    yield Limit(*counted, here.ports, here.protocol)
            elif "accept" in part:
                yield here
            elif "return" in part:
                return  # what follows may never be reached: it does not count
            elif target := (part.get("jump") or part.get("goto")):
                for other in rules.chains:
                    if (other["family"], other["table"], other["name"]) == (*place, target["target"]):
                        yield from _walk(rules, other, here, sure, depth + 1)


def _is_new(match: dict[str, Any]) -> bool:
    """Whether a condition holds for every new connection."""
    is_state = isinstance(match["left"], dict) and match["left"].get("ct", {}).get("key") == "state"
    return is_state and "new" in str(match["right"]) and match["op"] in ("==", "in")


def _counted(part: dict[str, Any]) -> tuple[int, int] | None:
    """Family (0: all origins) and number of a rule that refuses beyond a count."""
    statement = part.get("set", {})
    limits = [s["ct count"] for s in statement.get("stmt", []) if "ct count" in s]
    if "ct count" in part:
        limits = [part["ct count"]]
    if not limits or not limits[0].get("inv"):
        return None
    keys = str(statement.get("elem", ""))
    for family, name in ((4, "'ip'"), (6, "'ip6'")):
        if f"'protocol': {name}, 'field': 'saddr'" in keys:
            return family, int(limits[0]["val"])
    return (0, int(limits[0]["val"])) if "saddr" not in keys else None
