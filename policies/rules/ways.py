"""What approved interconnects want of one system's cloud objects: rules of its groups, routes of its router.

Used by whoever makes them (stack `system`), whoever checks them, and the firewalls of the hosts.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network

from hatang.model.interconnect import Interconnect

from .groups import Rule

Network = IPv4Network | IPv6Network


def in_force(ways: Iterable[Interconnect]) -> list[Interconnect]:
    """Those that hold."""
    return [way for way in ways if not way.lapsed]


def rules_of_ways(system: str, ways: Iterable[Interconnect]) -> dict[str, tuple[Rule, ...]]:
    """Rules by zone of this system, each once: out of the zone that begins, into the zone that is called.

    What a group says about one side holds for all hosts of the zone; that only the named ones pass follows from both
    sides together, and from the routes.
    """
    found: dict[str, dict[str, Rule]] = {}
    for way in ways:
        begins = way.source.system == system
        own = way.source if begins else way.destination
        rules = found.setdefault(own.zone.value, {})
        for network in way.other(system).networks:
            for port in way.ports:
                rule = Rule(
                    direction="egress" if begins else "ingress",
                    ethertype="IPv6" if network.version == 6 else "IPv4",
                    protocol=way.protocol,
                    port=port,
                    remote=str(network),
                    why=f"Interconnect {way.id}, until {way.until}",
                )
                rules.setdefault(rule.key, rule)
    return {zone: tuple(sorted(rules.values(), key=lambda r: r.key)) for zone, rules in sorted(found.items())}


def routes_of_ways(system: str, ways: Iterable[Interconnect]) -> dict[str, str]:
    """Network of the other end → address of its router: there for who begins, back for who is called.

    A zone's network contains those of its hosts, which are then left out: the router knows one way to each address.
    """
    found: dict[Network, str] = {}
    for way in ways:
        other = way.other(system)
        for network in other.networks:
            found[network] = str(other.router if network.version == 4 else other.router_v6)
    wider = [n for n in found if n.prefixlen < n.max_prefixlen]
    return {
        str(network): hop
        for network, hop in sorted(found.items(), key=lambda item: str(item[0]))
        if not any(network != w and _inside(network, w) for w in wider)
    }


def _inside(one: Network, other: Network) -> bool:
    return isinstance(one, type(other)) and one.subnet_of(other)  # type: ignore[arg-type]
