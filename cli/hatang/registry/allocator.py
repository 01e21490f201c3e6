"""Chooses addresses: pure functions over what is taken. The registry commits them under unique constraints."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Network
from itertools import islice

from hatang.errors import RefusedError
from hatang.model.allocation import Allocation, HostAllocation, ZoneAllocation
from hatang.model.site import BranchPool, Site
from hatang.model.system import System
from hatang.model.terms import ZoneKind

FIRST_HOST = 10  # below: gateway and room for what the network itself needs
ZONE_SLOTS = list(ZoneKind)  # a zone's place in its block depends on its kind alone, so a level change moves nothing


def choose(
    site: Site, pool: BranchPool, system: System, zones: Sequence[ZoneKind], blocks: set[str], bastions: set[str]
) -> Allocation:
    """Addresses for a system: the first block of its branch that is free, and everything in it.

    Args:
        blocks: IPv4 blocks that are taken, in the branch.
        bastions: router addresses that are taken on the branch's bastion network.

    Raises:
        RefusedError: the branch has no block or no bastion address left.
    """
    block = _free_block(site, pool, blocks)
    number = (int(block.network_address) - int(pool.prefix.network_address)) >> (32 - site.system_prefix)
    subnets = list(islice(block.subnets(new_prefix=site.zone_prefix), len(ZONE_SLOTS)))
    chosen = tuple(
        ZoneAllocation(
            kind=z,
            cidr=subnets[ZONE_SLOTS.index(z)],
            cidr_v6=_v6(pool.prefix_v6, number * 16 + ZONE_SLOTS.index(z)),
        )
        for z in zones
    )
    return Allocation(
        block=block,
        bastion_address=_free_address(pool, bastions),
        zones=chosen,
        hosts=tuple(_host_addresses(system, chosen)),
    )


def _free_block(site: Site, pool: BranchPool, taken: set[str]) -> IPv4Network:
    for i, block in enumerate(pool.prefix.subnets(new_prefix=site.system_prefix)):
        if i and not block.overlaps(pool.bastion) and str(block) not in taken:
            return block
    raise RefusedError(
        f"branch {pool.branch.value} has no /{site.system_prefix} block left in {pool.prefix}",
        where=f"site {site.name}",
        do="give the branch a larger prefix in the site file, or remove systems that are no longer used",
    )


def _v6(prefix: IPv6Network, number: int) -> IPv6Network:
    return IPv6Network((int(prefix.network_address) + (number << 64), 64))


def _free_address(pool: BranchPool, taken: set[str]) -> IPv4Address:
    for address in islice(pool.bastion.hosts(), FIRST_HOST - 1, None):
        if str(address) not in taken:
            return address
    raise RefusedError(
        f"the bastion network {pool.bastion} of branch {pool.branch.value} is full",
        where=f"branch {pool.branch.value}",
        do="give the branch a larger bastion network in the site file",
    )


def _host_addresses(system: System, zones: Sequence[ZoneAllocation]) -> Iterable[HostAllocation]:
    nets = {z.kind: z.cidr for z in zones}
    used: dict[ZoneKind, int] = {}
    for host in system.hosts:
        place = used.get(host.zone, 0)
        used[host.zone] = place + 1
        net = nets[host.zone]
        if FIRST_HOST + place >= net.num_addresses - 1:
            raise RefusedError(
                f"zone {host.zone.value} ({net}) is full",
                where=f"system {system.name}",
                do="ask for fewer hosts in this zone",
            )
        yield HostAllocation(name=host.name, zone=host.zone, address=net[FIRST_HOST + place])
