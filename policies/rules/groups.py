"""Which rules the security group of each zone holds: the zone matrix, turned into Neutron's terms (HST-02, SAC-13)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Network
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from hatang.catalogue.zones import Flow

ANYWHERE = {"IPv4": "0.0.0.0/0", "IPv6": "::/0"}


class Rule(BaseModel):
    """One security-group rule."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    direction: Literal["ingress", "egress"] = Field(description="Seen from the server.")
    ethertype: Literal["IPv4", "IPv6"] = Field(description="IP version.")
    protocol: str = Field(description="tcp, udp, icmp, ipv6-icmp; empty: any.")
    port: int | None = Field(description="Destination port; none: all, or no ports.")
    remote: str = Field(description="Prefix of the other end.")
    why: str = Field(description="Control and reason.")

    @property
    def key(self) -> str:
        """Names the rule within its group; the same rule has the same key on every run."""
        remote = self.remote.replace("/", "-").replace(":", ".")
        return f"{self.direction}-{self.protocol or 'any'}-{self.port or 'all'}-{remote}"

    @property
    def facts(self) -> tuple[str, str, str, int | None, str]:
        """What Neutron keeps of it, for comparing."""
        return (self.direction, self.ethertype, self.protocol, self.port, self.remote)


class Places(BaseModel):
    """Prefixes behind the words of the matrix."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    zones: Mapping[str, tuple[IPv4Network, IPv6Network]] = Field(description="Subnets of each zone.")
    bastion: IPv4Network = Field(description="Bastion network of the branch.")
    time: tuple[IPv4Address, ...] = Field(description="Time servers.")
    dns: tuple[IPv4Address, ...] = Field(description="Resolvers.")
    log: IPv4Address = Field(description="Log store.")
    log_port: int = Field(description="TCP port of the log store.")

    def prefixes(self, place: str) -> list[str]:
        """Prefixes of a zone or of a place outside."""
        if place in self.zones:
            return [str(n) for n in self.zones[place]]
        if place == "internet":
            return list(ANYWHERE.values())
        if place == "bastion":
            return [str(self.bastion)]
        found = {"time": self.time, "dns": self.dns, "log": (self.log,)}[place]
        return [f"{a}/32" for a in found]


def rules_of(zone: str, flows: Sequence[Flow], places: Places, egress_denied: bool) -> tuple[Rule, ...]:
    """All rules of the group of one zone, in a stable order, each once."""
    rules = []
    for flow in flows:
        port = places.log_port if flow.destination == "log" else flow.port
        if flow.destination == zone:
            rules += [_rule("ingress", p, flow.protocol, port, flow.why) for p in places.prefixes(flow.source)]
        if flow.source == zone and egress_denied:
            rules += [_rule("egress", p, flow.protocol, port, flow.why) for p in places.prefixes(flow.destination)]
    if not egress_denied:
        rules += [
            _rule("egress", p, "", None, "SAC-13: below level 3 only what enters is denied") for p in ANYWHERE.values()
        ]
    return tuple({r.key: r for r in sorted(rules, key=lambda r: r.key)}.values())


def _rule(direction: Literal["ingress", "egress"], prefix: str, protocol: str, port: int | None, why: str) -> Rule:
    v6 = ":" in prefix
    name = "ipv6-icmp" if v6 and protocol == "icmp" else protocol
    return Rule(
        direction=direction, ethertype="IPv6" if v6 else "IPv4", protocol=name, port=port, remote=prefix, why=why
    )
