"""The addresses that a tenant uses already, as the registry will keep them; what it lacks is chosen beside them."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address

from hatang.errors import InputError
from hatang.model.allocation import FIRST_HOST, Allocation, HostAllocation, ZoneAllocation
from hatang.model.site import Site
from hatang.model.system import System
from hatang.model.terms import ZoneKind
from hatang.provision.adoption.discovery import WHERE, Found
from hatang.provision.adoption.tenant import Subnet, Tenant, Thing
from hatang.registry.allocator import SLOT_PREFIX, first_free

HOST_PREFIX = 32


def addresses(
    tenant: Tenant, found: Found, system: System, site: Site, free: Allocation, bastion_network: str,
    *, narrow: bool = False,
) -> Allocation:  # fmt: skip
    """Addresses of the system as they are on the cloud.

    Args:
        free: what the registry would give a new system: taken from where the tenant has nothing.
        narrow: the block is no larger than the tenant's subnets demand; else as large as a new system's.

    Raises:
        InputError: a zone has several subnets of one IP version, a gateway stands elsewhere than at the first address,
            a server has several addresses, a public one leads past the border of a public system, or no block holds all
            zones and leaves room for those that are missing.
    """
    v4 = {z: n for z, net in found.networks.items() if (n := _cidr(tenant, net, 4))}
    v6 = {z: n for z, net in found.networks.items() if (n := _cidr(tenant, net, 6))}
    largest = SLOT_PREFIX if narrow else min(site.system_prefix, SLOT_PREFIX)
    block = _block([IPv4Network(n) for n in v4.values()], largest) if v4 else free.block
    taken = [IPv4Network(n) for n in v4.values()]
    zones = []
    for zone in free.zones:
        if zone.kind in v4:
            cidr = IPv4Network(v4[zone.kind])
        else:
            cidr = zone.cidr if not v4 else _next(block, taken, site, tenant, zone.kind)
            taken.append(cidr)
        zones.append(ZoneAllocation(kind=zone.kind, cidr=cidr, cidr_v6=IPv6Network(v6.get(zone.kind, zone.cidr_v6))))
    leg = _leg(tenant, found, bastion_network)
    return Allocation(
        block=block, bastion_address=leg or free.bastion_address, zones=tuple(zones),
        hosts=_published(tenant, system, free, _hosts(tenant, found, system, {z.kind: z.cidr for z in zones})),
    )  # fmt: skip


def subnet_of(tenant: Tenant, network: str, version: int) -> Subnet | None:
    """The subnet of a network of one IP version. Raises InputError: there are several."""
    there = [s for s in tenant.subnets if s.network == network and s.version == version]
    if len(there) > 1:
        told = ", ".join(s.cidr for s in there)
        raise InputError(
            f"network {network} has {len(there)} IPv{version} subnets: {told}", where=WHERE.format(tenant.project),
            do="a zone has one; move the servers of the others into networks of their own first",
        )  # fmt: skip
    return there[0] if there else None


def _cidr(tenant: Tenant, network: Thing, version: int) -> str:
    subnet = subnet_of(tenant, network.id, version)
    if subnet is None:
        return ""
    first = ip_address(int(ip_address(subnet.cidr.split("/")[0])) + 1) if version == 4 else None
    if first and subnet.gateway != str(first):
        raise InputError(
            f"the gateway of subnet {subnet.cidr} is {subnet.gateway or 'none'}; hatang's routers stand at {first}",
            where=f"{WHERE.format(tenant.project)}, network {network.name}",
            do=f"move the gateway while it suits: openstack subnet set --gateway {first} {subnet.id}, and the router's "
            "port with it",
        )  # fmt: skip
    return subnet.cidr


def used_v6(tenant: Tenant, found: Found) -> list[IPv6Network]:
    """The IPv6 subnets of the zones that were found."""
    return [IPv6Network(n) for net in found.networks.values() if (n := _cidr(tenant, net, 6))]


def _block(nets: list[IPv4Network], largest: int) -> IPv4Network:
    """The smallest block that holds all of them, with a prefix no longer than `largest`."""
    block = nets[0]
    while block.prefixlen > largest or not all(n.subnet_of(block) for n in nets):
        block = block.supernet()
    return block


def _next(
    block: IPv4Network, taken: list[IPv4Network], site: Site, tenant: Tenant, zone: ZoneKind
) -> IPv4Network:  # fmt: skip
    room = int(block.network_address), int(block.broadcast_address)
    spans = [(int(n.network_address), int(n.broadcast_address)) for n in taken]
    start = first_free(room, 1 << (HOST_PREFIX - site.zone_prefix), spans)
    if start is None:
        raise InputError(
            f"beside the tenant's subnets {block} has no /{site.zone_prefix} left for zone {zone.value}",
            where=WHERE.format(tenant.project), do="free a part of it on the cloud, or adopt with fewer subnets",
        )  # fmt: skip
    return IPv4Network((start, site.zone_prefix))


def _leg(tenant: Tenant, found: Found, bastion_network: str) -> IPv4Address | None:
    legs = [
        p for p in tenant.ports if found.router and p.device == found.router.id and p.network == bastion_network
    ]  # fmt: skip
    return IPv4Address(legs[0].addresses[0][1]) if legs else None


def _hosts(
    tenant: Tenant, found: Found, system: System, nets: dict[ZoneKind, IPv4Network]
) -> tuple[HostAllocation, ...]:
    there: dict[str, IPv4Address] = {}
    for name, port in found.ports.items():
        v4 = [a for _, a in port.addresses if ":" not in a]
        if len(v4) != 1:
            raise InputError(
                f"server {found.servers[name].name} has {len(v4)} IPv4 addresses: {', '.join(v4) or 'none'}",
                where=WHERE.format(tenant.project), do="a host has one; take the others from its port first",
            )  # fmt: skip
        there[name] = IPv4Address(v4[0])
    used = [(int(a), int(a)) for a in there.values()]
    for host in system.hosts:
        if host.name not in there:
            net = nets[host.zone]
            start = first_free((int(net[FIRST_HOST]), int(net.broadcast_address) - 1), 1, used)
            if start is None:
                raise InputError(f"zone {host.zone.value} ({net}) has no address left for host {host.name}",
                    where=WHERE.format(tenant.project), do="ask for fewer hosts in this zone")  # fmt: skip
            used.append((start, start))
            there[host.name] = IPv4Address(start)
    return tuple(
        HostAllocation(name=h.name, zone=h.zone, address=there[h.name])
        for h in sorted(system.hosts, key=lambda h: h.name)
    )


def _published(
    tenant: Tenant, system: System, free: Allocation, hosts: tuple[HostAllocation, ...]
) -> tuple[HostAllocation, ...]:
    """Hosts with the public addresses that lead to them now; at the border of a public system each has one."""
    given = {h.name: h.public_address for h in free.hosts}
    there = {a.fixed: a.name for a in tenant.public if a.port}
    found = []
    for host in hosts:
        address = there.get(str(host.address))
        at_border = system.public and host.zone is ZoneKind.BORDER
        if address and not at_border:
            raise InputError(
                f"public address {address} leads to host {host.name} in zone {host.zone.value}",
                where=WHERE.format(tenant.project),
                do="only the zone border of a public system may be reached (SAC-04): ask for it so (system.public), or "
                f"first: openstack floating ip unset --port {address}",
            )  # fmt: skip
        public = IPv4Address(address) if address else given.get(host.name) if at_border else None
        found.append(host.model_copy(update={"public_address": public}))
    return tuple(found)
