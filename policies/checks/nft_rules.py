"""The ruleset in force, from `nft -j list ruleset`: what is closed by default, and what the rules let through."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

READ = "nft -j list ruleset"
Net = IPv4Network | IPv6Network
ICMP = ("icmp", "icmpv6", "ipv6-icmp")


@dataclass(frozen=True)
class Opening:
    """One way through a chain: what a rule (and the rules that lead to it) accepts. None: any."""

    chain: str
    peers: tuple[Net, ...] | None = None  # source of what comes in, destination of what goes out
    protocol: str | None = None
    ports: tuple[tuple[int, int], ...] | None = None
    is_reply: bool = False
    is_loopback: bool = False

    @property
    def is_bare(self) -> bool:
        """Whether it lets new traffic through without naming a port or a peer."""
        named = self.peers is not None or self.ports is not None or self.protocol in ICMP
        return not (named or self.is_reply or self.is_loopback)

    def admits(self, port: int) -> bool:
        """Whether new TCP traffic to this port passes."""
        if self.is_reply or self.is_loopback or (self.protocol or "tcp") != "tcp":
            return False
        return self.ports is None or any(low <= port <= high for low, high in self.ports)

    def __str__(self) -> str:
        ports = "all ports" if self.ports is None else ",".join(f"{a}" if a == b else f"{a}-{b}" for a, b in self.ports)
        peers = "anywhere" if self.peers is None else ", ".join(map(str, self.peers))
        return f"{self.chain}: {self.protocol or 'any protocol'} {ports} {peers}"


class Ruleset:
    """All tables of a host."""

    def __init__(self, text: str) -> None:
        items = json.loads(text or '{"nftables": []}')["nftables"]
        self.chains = [i["chain"] for i in items if "chain" in i]
        self.rules = [i["rule"] for i in items if "rule" in i]
        self.sets = {
            (s["family"], s["table"], s["name"]): s.get("elem", []) for i in items for s in [i.get("set")] if s
        }

    def base(self, hook: str) -> list[dict[str, Any]]:
        """Filter chains at a hook: input, forward, output."""
        return [c for c in self.chains if c.get("hook") == hook and c.get("type") == "filter"]

    def is_closed(self, hook: str) -> bool:
        """Whether what no rule accepts is dropped there, for IPv4 and IPv6."""
        closed = {c["family"] for c in self.base(hook) if c.get("policy") == "drop"}
        return "inet" in closed or {"ip", "ip6"} <= closed

    def openings(self, hook: str) -> list[Opening]:
        """What the closed chains at a hook accept. What passes must pass every chain, so the closed ones decide."""
        found: list[Opening] = []
        for chain in self.base(hook):
            if chain.get("policy") == "drop":
                found += self._follow(chain, Opening(chain["name"]), "saddr" if hook == "input" else "daddr", 0)
        return found

    def _follow(self, chain: dict[str, Any], start: Opening, side: str, depth: int) -> list[Opening]:
        place = (chain["family"], chain["table"])
        found: list[Opening] = []
        for rule in self.rules:
            if depth > 8 or (rule["family"], rule["table"], rule["chain"]) != (*place, chain["name"]):
                continue
            way = start
            for part in rule["expr"]:
                if "match" in part:
                    way = self._narrow(way, part["match"], place, side)
                elif "accept" in part:
                    found.append(way)
                elif "vmap" in part:
                    found += self._vmap(way, part["vmap"], place, side, depth)
                elif target := (part.get("jump") or part.get("goto")):
                    found += self._jump(target["target"], way, place, side, depth)
        return found

    def _jump(self, name: str, way: Opening, place: tuple[str, str], side: str, depth: int) -> list[Opening]:
        target = next((c for c in self.chains if (c["family"], c["table"]) == place and c["name"] == name), None)
        return self._follow(target, way, side, depth + 1) if target else []

    def _vmap(self, way: Opening, vmap: dict[str, Any], place: tuple[str, str], side: str, depth: int) -> list[Opening]:
        found: list[Opening] = []
        data = vmap["data"]
        entries = data.get("set", []) if isinstance(data, dict) else []
        for key, verdict in entries:
            narrowed = self._narrow(way, {"op": "==", "left": vmap["key"], "right": key}, place, side)
            if "accept" in verdict:
                found.append(narrowed)
            elif target := (verdict.get("jump") or verdict.get("goto")):
                found += self._jump(target["target"], narrowed, place, side, depth)
        if not entries:  # a named map: what is in it is not followed, so it counts as an open door
            found.append(way)
        return found

    def narrowed(self, way: Opening, match: dict[str, Any], place: tuple[str, str]) -> Opening:
        """A way in, after one more condition."""
        return self._narrow(way, match, place, "saddr")

    def _narrow(self, way: Opening, match: dict[str, Any], place: tuple[str, str], side: str) -> Opening:
        """The way after one more condition; a condition that is not understood narrows nothing."""
        if match["op"] not in ("==", "in"):
            return way
        left, right = match["left"], self._values(match["right"], place)
        if not isinstance(left, dict):
            return way
        if payload := left.get("payload"):
            protocol, field = payload.get("protocol"), payload.get("field")
            if protocol in ("ip", "ip6") and field == side:
                return replace(way, peers=tuple(n for v in right for n in _nets(v)))
            if protocol in ("tcp", "udp", "th", "sctp") and field == "dport":
                known = way.protocol if protocol == "th" else protocol
                return replace(way, protocol=known, ports=tuple(_range(v) for v in right))
            if protocol in ICMP:
                return replace(way, protocol=protocol)
            if (protocol, field) in (("ip", "protocol"), ("ip6", "nexthdr")) and len(right) == 1:
                return replace(way, protocol=str(right[0]))
        if meta := left.get("meta"):
            if meta.get("key") in ("iif", "iifname", "oif", "oifname") and right == ["lo"]:
                return replace(way, is_loopback=True)
            if meta.get("key") == "l4proto" and len(right) == 1:
                return replace(way, protocol=str(right[0]))
        if left.get("ct", {}).get("key") == "state" and set(map(str, right)) <= {"established", "related"}:
            return replace(way, is_reply=True)
        return way

    def _values(self, right: Any, place: tuple[str, str]) -> list[Any]:
        if isinstance(right, str) and right.startswith("@"):
            return list(self.sets.get((*place, right[1:]), []))
        if isinstance(right, dict) and "set" in right:
            return list(right["set"])
        return right if isinstance(right, list) else [right]


def _nets(value: Any) -> list[Net]:
    if isinstance(value, dict) and "prefix" in value:
        return [ip_network(f"{value['prefix']['addr']}/{value['prefix']['len']}", strict=False)]
    if isinstance(value, dict):  # a range of addresses, a set element: not narrowed down, so anywhere
        return [ip_network("0.0.0.0/0"), ip_network("::/0")]
    return [ip_network(str(value), strict=False)]


def _range(value: Any) -> tuple[int, int]:
    if isinstance(value, dict) and "range" in value:
        return int(value["range"][0]), int(value["range"][1])
    return (int(value), int(value)) if str(value).isdigit() else (0, 65535)
