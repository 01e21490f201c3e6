"""What each port lets through, from Neutron's lists: pure. Text of nftables is made of it in `filter_text`.

Ports of servers obey their security groups and port security. Ports of routers are trusted, as in Neutron. The
operator's own port lets nothing in but answers: a bastion is never called by those whom it administers.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .plan import Lists

TRUSTED = "network:"
OPERATOR = "hatang:operator"
# Neutron knows these by name; any other protocol comes as its number.
NUMBERS = {
    "ah": 51, "dccp": 33, "egp": 8, "esp": 50, "gre": 47, "icmp": 1, "icmpv6": 58, "igmp": 2, "ipip": 4,
    "ipv6-encap": 41, "ipv6-frag": 44, "ipv6-icmp": 58, "ipv6-nonxt": 59, "ipv6-opts": 60, "ipv6-route": 43, "ospf": 89,
    "pgm": 113, "rsvp": 46, "sctp": 132, "tcp": 6, "udp": 17, "udplite": 136, "vrrp": 112,
}  # fmt: skip


@dataclass(frozen=True)
class Rule:
    """One rule of a group, in the terms of packets."""

    direction: str  # ingress or egress, seen from the server
    version: int
    protocol: int | None
    low: int | None  # port; of ICMP the type
    high: int | None  # port; of ICMP the code
    prefix: str = ""
    group: str = ""  # remote group
    address_group: str = ""


@dataclass(frozen=True)
class Group:
    """A security group: its rules, and the addresses of the ports that are in it."""

    id: str
    stateful: bool
    rules: tuple[Rule, ...]
    members: tuple[str, ...]


@dataclass(frozen=True)
class PortFilter:
    """What one port of a server lets through."""

    port: str
    secured: bool
    sources: tuple[tuple[str, str], ...]  # (MAC, prefix) that it may send from
    groups: tuple[str, ...]


@dataclass(frozen=True)
class Filters:
    """All that stands between ports and bridges."""

    ports: tuple[PortFilter, ...]
    groups: tuple[Group, ...]
    address_groups: tuple[tuple[str, tuple[str, ...]], ...]
    operators: tuple[str, ...]  # ports of the operator
    networks: tuple[str, ...]


def filters(lists: Lists) -> Filters:
    """The filters that these lists describe; only groups that a port carries, or that such a group names, are in it."""
    ports = [p for p in lists.ports if not p["device_owner"].startswith(TRUSTED)]
    servers = [p for p in ports if p["device_owner"] != OPERATOR]
    known = {g["id"]: g for g in lists.groups}
    carried = {g for p in servers for g in p.get("security_groups") or ()}
    named = {r["remote_group_id"] for g in carried & known.keys() for r in known[g]["security_group_rules"]} - {None}
    groups = []
    for ident in sorted((carried | named) & known.keys()):
        group = known[ident]
        members = {a for p in lists.ports if ident in (p.get("security_groups") or ()) for a in _addresses(p)}
        rules = sorted((_rule(r) for r in group["security_group_rules"]), key=repr)
        groups.append(Group(ident, bool(group.get("stateful", True)), tuple(rules), tuple(sorted(members))))
    return Filters(
        tuple(_port(p, known) for p in sorted(servers, key=lambda p: str(p["id"]))),
        tuple(groups),
        tuple((a["id"], tuple(sorted(a.get("addresses", ())))) for a in sorted(lists.address_groups, key=_id)),
        tuple(sorted(p["id"] for p in ports if p["device_owner"] == OPERATOR)),
        tuple(sorted(n["id"] for n in lists.networks)),
    )


def _id(thing: dict[str, Any]) -> str:
    return str(thing["id"])


def _addresses(port: dict[str, Any]) -> list[str]:
    pairs = [a["ip_address"] for a in port.get("allowed_address_pairs") or ()]
    return [_prefix(a) for a in [*(f["ip_address"] for f in port["fixed_ips"]), *pairs]]


def _prefix(address: str) -> str:
    return str(ip_network(address, strict=False))


def _port(port: dict[str, Any], known: dict[str, Any]) -> PortFilter:
    mac = port["mac_address"].lower()
    sources = {(mac, _prefix(f["ip_address"])) for f in port["fixed_ips"]}
    for pair in port.get("allowed_address_pairs") or ():
        sources.add(((pair.get("mac_address") or mac).lower(), _prefix(pair["ip_address"])))
    groups = tuple(sorted(g for g in port.get("security_groups") or () if g in known))
    return PortFilter(port["id"], bool(port.get("port_security_enabled", True)), tuple(sorted(sources)), groups)


def _rule(raw: dict[str, Any]) -> Rule:
    version = 6 if raw["ethertype"] == "IPv6" else 4
    protocol = None
    if raw.get("protocol") not in (None, "", "any", "0", 0):
        word = str(raw["protocol"]).lower()
        protocol = int(word) if word.isdigit() else NUMBERS[word]
        if version == 6 and protocol == 1:
            protocol = 58
    return Rule(
        raw["direction"], version, protocol, raw.get("port_range_min"), raw.get("port_range_max"),
        raw.get("remote_ip_prefix") or "", raw.get("remote_group_id") or "", raw.get("remote_address_group_id") or "",
    )  # fmt: skip
