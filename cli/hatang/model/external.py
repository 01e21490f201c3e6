"""A way out of the data centre, and which addresses on it are whose."""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Literal

from pydantic import Field

from hatang.model.base import Misfit, Model, Slug

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class ExternalNetwork(Model):
    """A network that leads out of the data centre."""

    name: Slug = Field(description="Name in Neutron, e.g. internet.")
    purpose: Literal["internet", "tslcd"] = Field(description="internet, or tslcd (Mạng truyền số liệu chuyên dùng).")
    physical_network: str = Field(description="Provider physical network of the region.")
    segmentation_id: int | None = Field(None, ge=1, le=4094, description="VLAN id; none: flat.")
    cidr: IPv4Network = Field(description="IPv4 addresses there.")
    gateway: IPv4Address = Field(description="IPv4 gateway.")
    cidr_v6: IPv6Network | None = Field(None, description="IPv6 addresses there.")
    gateway_v6: IPv6Address | None = Field(None, description="IPv6 gateway.")
    published: IPv4Network | None = Field(
        None,
        description="Of the Internet: part of `cidr` whose addresses the registry gives to hosts in the zone border of "
        "public systems; Neutron gives the rest to routers. None: no system can be public.",
    )
    taken: tuple[IPv4Network | IPv6Network, ...] = Field(
        (),
        description="Addresses there that are somebody else's, each alone or as a network: no router gets one. The "
        "gateway's and those of `services` need not be named.",
    )

    def public_span(self) -> tuple[int, int] | None:
        """First and last address, as numbers, that a host may get; None: nothing is published."""
        if self.published is None:
            return None
        first, last = _span(self.cidr)
        own = self.published
        return max(first, int(own.network_address)), min(last, int(own.broadcast_address))

    def subnets(self) -> dict[int, tuple[Network, Address | None]]:
        """Addresses and gateway, by IP version."""
        v6 = {6: (self.cidr_v6, self.gateway_v6)} if self.cidr_v6 else {}
        return {4: (self.cidr, self.gateway), **v6}

    def others(self, version: int, services: Collection[Address]) -> list[Network]:
        """What routers may not have, besides the gateway's: of shared services, taken, published."""
        cidr, _gateway = self.subnets()[version]
        found: list[Network] = [ip_network(a) for a in services if a in cidr]
        found += [n for n in (*self.taken, self.published) if n is not None and n.version == version]
        return found

    def address_pools(self, version: int, services: Collection[Address]) -> tuple[tuple[Address, Address], ...]:
        """First and last addresses that Neutron may give to routers by itself.

        Empty: it may give all but the gateway's, which is what it does unless it is told otherwise. What Neutron gives
        it chooses at random; a router at the log store's address would take all that hosts send there.

        Args:
            version: of IP; the network has such addresses.
            services: addresses of shared services; those of other networks may be among them.
        """
        cidr, gateway = self.subnets()[version]
        others = self.others(version, services)
        if not others:
            return ()
        spans = [(int(n.network_address), int(n.broadcast_address)) for n in others]
        spans += [(int(gateway), int(gateway))] if gateway else []
        first, last = _span(cidr)
        found = []
        for begin, end in sorted(spans):
            found += [(first, begin - 1)] if first < begin else []
            first = max(first, end + 1)
        found += [(first, last)] if first <= last else []
        return tuple((cidr[a - int(cidr[0])], cidr[b - int(cidr[0])]) for a, b in found)


def fits(network: ExternalNetwork, i: int, services: Collection[Address]) -> None:
    """Whether what is taken and published on the `i`-th network fits it and the shared services. Raises Misfit."""
    place, net, subnets = ("external_networks", i), network.published, network.subnets()
    for j, other in enumerate(network.taken):
        cidr = subnets[other.version][0] if other.version in subnets else None
        if cidr is None or not _lies_in(other, cidr):
            where = cidr or f"the IPv{other.version} addresses"
            raise Misfit(f"taken {other} lies outside {where} of {network.name}", *place, "taken", j)
    if net:
        _published_fits(network, net, services, (*place, "published"))
    for version, (cidr, _gateway) in subnets.items():
        others = network.others(version, services)
        if others and not network.address_pools(version, services):
            field = "published" if net in others else "taken" if {*network.taken} & {*others} else "cidr"
            raise Misfit(f"no address of {cidr} of {network.name} is left for routers", *place, field)


def _published_fits(
    network: ExternalNetwork, net: IPv4Network, services: Collection[Address], place: tuple[str | int, ...]
) -> None:
    if network.purpose != "internet":
        raise Misfit(f"{network.name} leads to no Internet, so nothing is published there", *place)
    if not net.subnet_of(network.cidr):
        raise Misfit(f"published {net} lies outside {network.cidr} of {network.name}", *place)
    if network.gateway in net:
        raise Misfit(f"published {net} holds the gateway {network.gateway} of {network.name}", *place)
    if others := [str(n) for n in network.taken if n.version == 4 and n.overlaps(net)]:
        raise Misfit(f"published {net} holds {others[0]}, which is taken", *place)
    if service := sorted(a for a in services if a in net):
        raise Misfit(f"published {net} holds {service[0]}, where a shared service answers", *place)


def _span(cidr: Network) -> tuple[int, int]:
    """First and last address, as numbers, that anybody can have."""
    return int(cidr.network_address) + 1, int(cidr.broadcast_address) - (1 if cidr.version == 4 else 0)


def _lies_in(net: Network, cidr: Network) -> bool:
    return net.version == cidr.version and net[0] in cidr and net[-1] in cidr
