"""nftables of the bridges' namespace: pure text, loaded in one step.

Bridge-family rules cannot see the state of a connection where the kernel lacks nf_conntrack_bridge. So br_netfilter
leads bridged packets through the IP hooks too; there connection tracking, one zone per network, turns the state into a
mark, and the bridge's rules look at the mark.

What a host sends is judged at one priority, what it gets at a later one: `accept` in the first goes on to the second.
A port that Neutron has not told of yet lets nothing through.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import IPv6Address, IPv6Network

from .filters import Filters, Group, PortFilter, Rule
from .links import link_name

KNOWN, BROKEN = 1, 2  # marks: of a known connection; of none that makes sense
ICMP = {4: "icmp", 6: "icmpv6"}
WITH_PORTS = {6, 17, 33, 132, 136}
IP = {4: "ip", 6: "ip6"}
DISCOVERY_OUT = "nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert, mld-listener-report, mld2-listener-report"
DISCOVERY_IN = "nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert, mld-listener-query"


def text(filters: Filters, zones: Mapping[str, int]) -> str:
    """The whole ruleset.

    Args:
        zones: connection-tracking zone of each network.
    """
    return "\n".join([*_state(filters, zones), *_ports(filters)]) + "\n"


def _state(filters: Filters, zones: Mapping[str, int]) -> list[str]:
    bridges = ", ".join(f'"{link_name("b", n)}" : {zones[n]}' for n in filters.networks)
    return [
        "table inet hatang_state",
        "delete table inet hatang_state",
        "table inet hatang_state {",
        "  chain zones {",
        "    type filter hook prerouting priority raw; policy accept;",
        *([f"    ct zone set iifname map {{ {bridges} }}"] if bridges else []),
        "  }",
        "  chain marks {",
        "    type filter hook prerouting priority mangle; policy accept;",
        f"    ct state established,related meta mark set {KNOWN} return",
        f"    ct state invalid meta mark set {BROKEN}",
        "  }",
        "}",
    ]


def _ports(filters: Filters) -> list[str]:
    groups = {g.id: g for g in filters.groups}
    lines = ["table bridge hatang_ports", "delete table bridge hatang_ports", "table bridge hatang_ports {"]
    for group in filters.groups:
        for version in (4, 6):
            lines += _set(_name("m", version, group.id), version, group.members)
    for ident, addresses in filters.address_groups:
        for version in (4, 6):
            lines += _set(_name("a", version, ident), version, addresses)
    for group in filters.groups:
        for direction in ("egress", "ingress"):
            lines += _chain(_of_group(direction, group.id), _group_rules(group, direction))
    for port in filters.ports:
        state = _stateful([groups[g] for g in port.groups])
        if port.secured:  # before what goes to it: nft takes no jump to a chain that is not there yet
            lines += _chain(_after(port), _by_groups(port, "egress", state))
        lines += _chain(f"e_{link_name('p', port.port)}", _sends(port))
        lines += _chain(f"i_{link_name('p', port.port)}", _gets(port, state))
    known = [link_name("p", p.port) for p in filters.ports]
    out = ", ".join(f'"{p}" : goto e_{p}' for p in known)
    into = [f'"{p}" : goto i_{p}' for p in known]
    into += [f'"{link_name("r", p)}" : goto operator' for p in filters.operators]
    lines += _chain("operator", [*_answers(), "drop"])
    lines += _base("sent", "forward", 10, [f"iifname vmap {{ {out} }}"] if out else [], 'iifname "p*" drop')
    lines += _base("got", "forward", 20, [f"oifname vmap {{ {', '.join(into)} }}"] if into else [], 'oifname "p*" drop')
    lines += _base("own", "input", 0, [], "drop")  # the bridges themselves are nobody's neighbour
    return [*lines, "}"]


def _stateful(groups: list[Group]) -> bool:
    """Neutron lets a port's answers through unless every group of it is stateless."""
    return not groups or any(g.stateful for g in groups)


def _answers() -> list[str]:
    return ["ether type arp accept", f"icmpv6 type {{ {DISCOVERY_IN} }} accept", f"meta mark {KNOWN} accept"]


def _sends(port: PortFilter) -> list[str]:
    """What a host may send: from its own addresses alone, then what its groups say."""
    if not port.secured:
        return ["accept"]
    macs = sorted({mac for mac, _ in port.sources})
    lines = [f"ether saddr != {{ {', '.join(macs)} }} drop"] if macs else ["drop"]
    v4 = [(m, p) for m, p in port.sources if ":" not in p]
    v6 = [(m, p) for m, p in port.sources if ":" in p]
    lines += [f"ether saddr {m} arp saddr ether {m} arp saddr ip {_bare(p)} accept" for m, p in v4]
    lines += [
        "ether type arp drop",
        "ip saddr 0.0.0.0 udp sport 68 udp dport 67 accept",
        "udp sport 67 udp dport 68 drop",
        "udp sport 547 udp dport 546 drop",
        "icmpv6 type nd-router-advert drop",
        f"ip6 saddr :: icmpv6 type {{ {DISCOVERY_OUT} }} accept",
    ]
    if taken := [_bare(p) for _, p in v6]:
        may_claim = ", ".join(_raw(p) for p in sorted({*map(_link_local, macs), *taken}))
        lines.append(f"icmpv6 type nd-neighbor-advert @th,64,128 != {{ {may_claim} }} drop")
    fit = [f"ether saddr {m} {IP[6 if ':' in p else 4]} saddr {_bare(p)} goto {_after(port)}" for m, p in port.sources]
    if v6:
        for m, p in [*((m, _link_local(m)) for m in macs), *v6]:
            lines.append(f"ether saddr {m} ip6 saddr {_bare(p)} icmpv6 type {{ {DISCOVERY_OUT} }} accept")
    fit += [f"ether saddr {m} ip6 saddr {_link_local(m)} goto {_after(port)}" for m in macs]
    return [*lines, *fit, "drop"]


def _after(port: PortFilter) -> str:
    return f"s_{link_name('p', port.port)}"


def _gets(port: PortFilter, stateful: bool) -> list[str]:
    if not port.secured:
        return ["accept"]
    return [
        "ether type arp accept",
        f"icmpv6 type {{ {DISCOVERY_IN} }} accept",
        "udp sport 67 udp dport 68 accept",
        *_by_groups(port, "ingress", stateful),
    ]


def _by_groups(port: PortFilter, direction: str, stateful: bool) -> list[str]:
    lines = [f"meta mark {KNOWN} accept", f"meta mark {BROKEN} drop"] if stateful else []
    return [*lines, *(f"jump {_of_group(direction, g)}" for g in port.groups), "drop"]


def _group_rules(group: Group, direction: str) -> list[str]:
    found = [_match(r) for r in group.rules if r.direction == direction]
    return [f"{line} accept" for line in dict.fromkeys(found)]


def _match(rule: Rule) -> str:
    """Conditions of one rule; the far end is the source of what comes in, the destination of what goes out."""
    family = IP[rule.version]
    side = "saddr" if rule.direction == "ingress" else "daddr"
    parts = [f"ether type {family}"]
    if rule.prefix:
        parts.append(f"{family} {side} {_bare(rule.prefix)}")
    if rule.group:
        parts.append(f"{family} {side} @{_name('m', rule.version, rule.group)}")
    if rule.address_group:
        parts.append(f"{family} {side} @{_name('a', rule.version, rule.address_group)}")
    if rule.protocol is not None:
        parts.append(f"meta l4proto {rule.protocol}")
        if rule.protocol in (1, 58) and rule.low is not None:
            parts.append(f"{ICMP[rule.version]} type {rule.low}")
            parts += [f"{ICMP[rule.version]} code {rule.high}"] if rule.high is not None else []
        elif rule.protocol in WITH_PORTS and rule.low is not None:
            high = rule.low if rule.high is None else rule.high
            parts.append(f"th dport {rule.low}" if high == rule.low else f"th dport {rule.low}-{high}")
    return " ".join(parts)


def _set(name: str, version: int, addresses: Iterable[str]) -> list[str]:
    fitting = [_bare(a) for a in addresses if (":" in a) == (version == 6)]
    elements = [f"    elements = {{ {', '.join(fitting)} }}"] if fitting else []
    kind = "ipv6_addr" if version == 6 else "ipv4_addr"
    return [f"  set {name} {{", f"    type {kind}; flags interval; auto-merge;", *elements, "  }"]


def _chain(name: str, rules: list[str]) -> list[str]:
    return [f"  chain {name} {{", *(f"    {r}" for r in rules), "  }"]


def _base(name: str, hook: str, priority: int, rules: list[str], last: str) -> list[str]:
    head = f"type filter hook {hook} priority {priority}; policy accept;"
    return _chain(name, [head, *rules, last])


def _name(kind: str, version: int, ident: str) -> str:
    return f"{kind}{version}_{ident.replace('-', '_')}"


def _of_group(direction: str, ident: str) -> str:
    return f"{direction}_{ident.replace('-', '_')}"


def _bare(prefix: str) -> str:
    """An address without the length that says that it is one."""
    return prefix.removesuffix("/32") if ":" not in prefix else prefix.removesuffix("/128")


def _link_local(mac: str) -> str:
    """The link-local address that a kernel makes of a MAC (EUI-64); Neutron lets a port use no other one."""
    octets = bytes.fromhex(mac.replace(":", ""))
    tail = bytes([octets[0] ^ 2]) + octets[1:3] + bytes.fromhex("fffe") + octets[3:]
    return str(IPv6Address(bytes.fromhex("fe80000000000000") + tail))


def _raw(prefix: str) -> str:
    """An IPv6 address or prefix as the number that raw bytes are compared with."""
    net = IPv6Network(prefix)
    low, high = int(net.network_address), int(net.broadcast_address)
    return f"{low:#034x}" if low == high else f"{low:#034x}-{high:#034x}"
