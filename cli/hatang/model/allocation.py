"""What the registry allocates to a system: networks of its zones, addresses of its hosts. Stacks take it as it is."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Network

from pydantic import Field

from hatang.model.base import Model, Slug
from hatang.model.terms import ZoneKind

FIRST_HOST = 10  # place in a subnet that the registry begins at; below: gateway, and what the cloud chooses itself


class ZoneAllocation(Model):
    """Networks of one zone of one system."""

    kind: ZoneKind = Field(description="The zone.")
    cidr: IPv4Network = Field(description="IPv4 subnet.")
    cidr_v6: IPv6Network = Field(description="IPv6 subnet, a /64.")


class HostAllocation(Model):
    """Address of one host."""

    name: Slug = Field(description="Name within the system.")
    zone: ZoneKind = Field(description="The zone that it stands in.")
    address: IPv4Address = Field(description="Fixed IPv4 address.")
    public_address: IPv4Address | None = Field(
        None, description="Address on the Internet that leads to it; only hosts in the zone border of a public system."
    )


class Allocation(Model):
    """All addresses of one system."""

    block: IPv4Network = Field(description="IPv4 block of the system; zones are subnets of it.")
    bastion_address: IPv4Address = Field(description="Address of the system's router on the branch's bastion network.")
    zones: tuple[ZoneAllocation, ...] = Field(description="Zones.")
    hosts: tuple[HostAllocation, ...] = Field(description="Hosts.")
