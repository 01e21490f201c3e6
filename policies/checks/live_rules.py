"""What single rules of live security groups let through, and in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from hatang.policies.checks.live_cloud import Live, facts, words

Prefix = IPv4Network | IPv6Network


def each_rule(live: Live, direction: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """(name of the group, rule) of the groups of the zones and of any other group that a port carries.

    Rules of interconnects in force are left out: their request says what they are for, and HST-02 that each is exactly
    what was approved. Expired ones are judged like any rule that somebody added.

    Args:
        direction: ingress or egress; empty: both.
    """
    for name, group in live.used_groups().items():
        for rule in group.security_group_rules:
            if direction in ("", rule["direction"]) and facts(rule) not in live.of_ways(name):
                yield name, rule


def prefix_of(rule: dict[str, Any]) -> Prefix | None:
    """The other end; None: a group, whose addresses change by themselves."""
    if rule.get("remote_group_id") or rule.get("remote_address_group_id"):
        return None
    return ip_network(facts(rule)[4])


def overlaps(one: Prefix, others: Iterable[Prefix]) -> bool:
    """Whether a prefix shares addresses with any of these."""
    return any(one.version == other.version and one.overlaps(other) for other in others)


def lies_in(one: Prefix | None, others: Iterable[Prefix]) -> bool:
    """Whether a prefix lies wholly inside one of these; a group never does."""
    return one is not None and any(
        isinstance(one, type(other)) and one.subnet_of(other)  # type: ignore[arg-type]
        for other in others
    )


def told(name: str, rule: dict[str, Any]) -> str:
    """Group and rule for people."""
    return f"{name}: {words(facts(rule))}"
