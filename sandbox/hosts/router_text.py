"""nftables of a router: pure text, loaded in one step.

Forwarded is between interfaces of one scope alone, outwards where the router masquerades, and to and from the addresses
that floating IPs lead to. These are translated as Neutron's L3 agent does: inwards from any interface, and outwards
what the address behind sends by the gateway. Security groups at the ports decide what of it arrives.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .plan import Node

FROM_OUTSIDE = 1  # mark of a packet that came in by a gateway


def text(router: Node, link: Mapping[str, str]) -> str:
    """The whole ruleset.

    Args:
        link: link of each port.
    """
    lines = ["table inet hatang_router", "delete table inet hatang_router", "table inet hatang_router {"]
    lines += _chain("prerouting", "nat hook prerouting priority dstnat; policy accept;", _inwards(router, link))
    first = ["ct state invalid drop", "ct state established,related accept"]
    rules = [*first, *_between(router, link), *_by_gateway(router, link)]
    lines += _chain("forward", "filter hook forward priority 0; policy drop;", rules)
    lines += _chain("postrouting", "nat hook postrouting priority srcnat; policy accept;", _outwards(router, link))
    return "\n".join([*lines, "}"]) + "\n"


def _between(router: Node, link: Mapping[str, str]) -> list[str]:
    """Interfaces of one scope."""
    inside = [leg for leg in router.legs if not leg.is_gateway]
    return [
        f'iifname "{link[a.port]}" oifname "{link[b.port]}" meta nfproto {"ipv6" if version == 6 else "ipv4"} '
        f'accept comment "scope {scope or "none"}"'
        for a in inside
        for b in inside
        if a is not b
        for version, scope in sorted(set(a.scopes) & set(b.scopes))
    ]


def _by_gateway(router: Node, link: Mapping[str, str]) -> list[str]:
    """Outwards where it masquerades; inwards, and outwards in any case, what floating IPs are for."""
    rules = []
    for gateway in [leg for leg in router.legs if leg.is_gateway]:
        fixed = _set(p.fixed for p in router.published if p.gateway == gateway.port)
        for leg in router.legs:
            way = f'iifname "{link[leg.port]}" oifname "{link[gateway.port]}"'
            if not leg.is_gateway and router.masquerades:
                rules.append(f"{way} meta nfproto ipv4 accept")
            elif not leg.is_gateway and fixed:
                rules.append(f"{way} ip saddr {fixed} accept")
    inside = _set(f'"{link[leg.port]}"' for leg in router.legs if not leg.is_gateway)
    return [*rules, *([f"oifname {inside} ct status dnat accept"] if router.published and inside else [])]


def _inwards(router: Node, link: Mapping[str, str]) -> list[str]:
    """The destination of what is sent to a floating IP."""
    if not router.published:
        return []
    outside = _set(f'"{link[leg.port]}"' for leg in router.legs if leg.is_gateway)
    pairs = _set(f"{p.floating} : {p.fixed}" for p in router.published)
    return [f"iifname {outside} meta mark set {FROM_OUTSIDE}", f"dnat ip to ip daddr map {pairs}"]


def _outwards(router: Node, link: Mapping[str, str]) -> list[str]:
    """The source of what leaves by a gateway, and of what comes back in after a host inside called a floating IP."""
    rules = []
    for gateway in [leg for leg in router.legs if leg.is_gateway]:
        out = f'oifname "{link[gateway.port]}"'
        if pairs := _set(f"{p.fixed} : {p.floating}" for p in router.published if p.gateway == gateway.port):
            rules.append(f"{out} snat ip to ip saddr map {pairs}")
            rules.append(f"meta mark != {FROM_OUTSIDE} ct status dnat snat ip to ip saddr map {pairs}")
        if router.masquerades:
            rules.append(f"{out} meta nfproto ipv4 masquerade")
    if router.published and router.masquerades and (own := _gateways(router)):
        rules.append(f"meta mark != {FROM_OUTSIDE} ct status dnat snat ip to {own[0]}")
    return rules


def _gateways(router: Node) -> list[str]:
    """IPv4 addresses of the router itself outside."""
    every = [a.split("/")[0] for leg in router.legs if leg.is_gateway for a in leg.addresses]
    return [a for a in every if ":" not in a]


def _set(elements: Iterable[str]) -> str:
    """A set or map of nftables; empty: none, which nftables does not take."""
    found = ", ".join(elements)
    return f"{{ {found} }}" if found else ""


def _chain(name: str, head: str, rules: list[str]) -> list[str]:
    return [f"  chain {name} {{", f"    type {head}", *(f"    {r}" for r in rules), "  }"]
