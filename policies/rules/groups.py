"""Which rules the security group of each zone holds: the zone matrix, turned into Neutron's terms (HST-02, SAC-13)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Network
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from hatang.catalogue.zones import SITES, Flow
from hatang.model.site import Services

Subnets = tuple[IPv4Network, IPv6Network]
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
    zones: Mapping[str, Subnets] = Field(description="Subnets of each zone.")
    bastion: IPv4Network = Field(description="Bastion network of the branch.")
    time: tuple[IPv4Address, ...] = Field(description="Time servers.")
    dns: tuple[IPv4Address, ...] = Field(description="Resolvers.")
    ends: Mapping[str, tuple[tuple[IPv4Address, int], ...]] = Field(
        description="Address and TCP port of services whose port is the site's: log, and those that it names."
    )

    @classmethod
    def of(cls, services: Services, bastion: IPv4Network, zones: Mapping[str, Subnets]) -> Places:
        """Places of a system, with the services of its site."""
        return cls(
            zones=zones,
            bastion=bastion,
            time=tuple(a for a in services.time_servers if isinstance(a, IPv4Address)),
            dns=tuple(a for a in services.dns_servers if isinstance(a, IPv4Address)),
            ends=services.ends,
        )

    def prefixes(self, place: str, port: int | None) -> list[tuple[str, int | None]]:
        """Prefixes of a zone or of a place outside, each with the port there; none: the site names no such service.

        Args:
            port: of the matrix.
        """
        if place in SITES:
            return [(f"{a}/32", at) for a, at in self.ends.get(place, ())]
        if place in self.zones:
            found = [str(n) for n in self.zones[place]]
        elif place == "internet":
            found = list(ANYWHERE.values())
        elif place == "bastion":
            found = [str(self.bastion)]
        else:
            found = [f"{a}/32" for a in {"time": self.time, "dns": self.dns}[place]]
        return [(prefix, port) for prefix in found]


def rules_of(zone: str, flows: Sequence[Flow], places: Places, egress_denied: bool) -> tuple[Rule, ...]:
    """All rules of the group of one zone, in a stable order, each once."""
    rules = []
    for flow in flows:
        if flow.destination == zone:
            ends = places.prefixes(flow.source, flow.port)
            rules += [_rule("ingress", prefix, flow.protocol, port, flow.why) for prefix, port in ends]
        if flow.source == zone and egress_denied:
            ends = places.prefixes(flow.destination, flow.port)
            rules += [_rule("egress", prefix, flow.protocol, port, flow.why) for prefix, port in ends]
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
