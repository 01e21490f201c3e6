"""Chooses addresses: pure functions over what is taken. The registry commits them; its tables refuse an overlap."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Network
from itertools import islice

from hatang.errors import InputError, RefusedError
from hatang.model.allocation import FIRST_HOST, Allocation, HostAllocation, ZoneAllocation
from hatang.model.site import BranchPool, Site
from hatang.model.system import System
from hatang.model.terms import ZoneKind

ZONE_SLOTS = list(ZoneKind)  # a zone's place in its block depends on its kind alone, so a level change moves nothing
SLOT_PREFIX = 26  # the smallest block that a site may give (Site.system_prefix)
V6_GROUP = 16 << 64  # addresses of the 16 subnets that a system gets
Span = tuple[int, int]  # first and last address


@dataclass(frozen=True)
class Taken:
    """What systems have, of all branches: prefixes may have been moved between branches since."""

    blocks: Sequence[IPv4Network] = ()
    bastion_addresses: Sequence[IPv4Address] = ()
    zones_v6: Sequence[IPv6Network] = ()


def choose(site: Site, pool: BranchPool, system: System, zones: Sequence[ZoneKind], taken: Taken) -> Allocation:
    """Addresses for a system: the first block of its branch that is free, and everything in it.

    What is taken may have another size: the site's prefix lengths may have changed since.

    Raises:
        RefusedError: the branch has no block, no IPv6 subnets or no bastion address left, or a zone is too small.
    """
    blocks = [span(b) for b in taken.blocks]
    bastions = [(int(a), int(a)) for a in taken.bastion_addresses]
    own = [span(net) for net in (pool.bastion, pool.interconnect) if net is not None]
    block = _block(site, pool, [*own, *blocks, *bastions])
    first_v6 = _first_v6(pool, taken.zones_v6)
    subnets = list(islice(block.subnets(new_prefix=site.zone_prefix), len(ZONE_SLOTS)))
    chosen = tuple(
        ZoneAllocation(
            kind=z,
            cidr=subnets[ZONE_SLOTS.index(z)],
            cidr_v6=IPv6Network((first_v6 + (ZONE_SLOTS.index(z) << 64), 64)),
        )
        for z in zones
    )
    return Allocation(
        block=block,
        bastion_address=_bastion_address(pool, [*blocks, *bastions]),
        zones=chosen,
        hosts=tuple(sorted(_host_addresses(system, chosen), key=lambda h: h.name)),
    )


def rezoned(
    there: Allocation, wanted: Sequence[ZoneKind], leaving: Container[str] = ()
) -> tuple[ZoneAllocation, ...]:  # fmt: skip
    """Zones of a system that shall have these: what it has stays where it is, and a zone with hosts stays at all.

    Args:
        leaving: hosts that go, and keep no zone.

    Raises:
        RefusedError: a system that was adopted has no room for another zone beside its own.
    """
    first = there.zones[0]
    known, used = {z.kind: z for z in there.zones}, {h.zone for h in there.hosts if h.name not in leaving}
    start = int(first.cidr_v6.network_address) // V6_GROUP * V6_GROUP
    for slot, kind in enumerate(ZONE_SLOTS):
        if kind in known or kind not in wanted:
            continue
        size = 1 << (32 - first.cidr.prefixlen)
        v4 = _at(span(there.block), size, slot, [span(z.cidr) for z in known.values()])
        v6 = _at((start, start + V6_GROUP - 1), 1 << 64, slot, [span(z.cidr_v6) for z in known.values()])
        if v4 is None or v6 is None:
            raise RefusedError(f"block {there.block} has no room for zone {kind.value}", where=f"zone {kind.value}",
                do="ask for a new system and move into it")  # fmt: skip
        cidr, cidr_v6 = IPv4Network((v4, first.cidr.prefixlen)), IPv6Network((v6, 64))
        known[kind] = ZoneAllocation(kind=kind, cidr=cidr, cidr_v6=cidr_v6)
    return tuple(known[kind] for kind in ZONE_SLOTS if kind in known and (kind in wanted or kind in used))


def _at(room: Span, size: int, slot: int, taken: Sequence[Span]) -> int | None:
    """The place of a slot; where something stands there already, as in an adopted system, the first free one."""
    own = room[0] + slot * size
    if own + size - 1 <= room[1] and all(last < own or first >= own + size for first, last in taken):
        return own
    return first_free(room, size, taken)


def more_hosts(system: System, there: Allocation) -> tuple[HostAllocation, ...]:
    """Addresses of all hosts: those that stay keep theirs, new ones get the next free ones of their zones.

    The address of a host that goes is not free before it has gone, so no new host gets it along with that.

    Raises:
        RefusedError: a zone is full.
        InputError: the system has no such zone.
    """
    nets = {z.kind: z.cidr for z in there.zones}
    wanted = {h.name for h in system.hosts}
    found, used = [h for h in there.hosts if h.name in wanted], {h.address for h in there.hosts}
    for host in system.hosts:
        if host.name in {h.name for h in found}:
            continue
        net = nets.get(host.zone)
        if net is None:
            raise InputError(f"system {system.name} has no zone {host.zone.value}", where=f"system.hosts.{host.name}",
                do=f"put the host into one of: {', '.join(z.value for z in nets)}")  # fmt: skip
        room = int(net.network_address) + FIRST_HOST, int(net.broadcast_address) - 1
        free = first_free(room, 1, [(int(a), int(a)) for a in used])
        if free is None:
            raise _full(host.zone, net, system)
        used.add(IPv4Address(free))
        found.append(HostAllocation(name=host.name, zone=host.zone, address=IPv4Address(free)))
    return tuple(sorted(found, key=lambda h: h.name))


def slots(block: IPv4Network) -> range:
    """Numbers of the smallest blocks that make up this one: two blocks overlap exactly when they share a number."""
    first, last = span(block)
    return range(first >> (32 - SLOT_PREFIX), (last >> (32 - SLOT_PREFIX)) + 1)


def first_free(room: Span, size: int, taken: Iterable[Span]) -> int | None:
    """The first multiple of `size` in `room` from which `size` addresses are free; None: there is none."""
    start = -(-room[0] // size) * size
    for first, last in sorted(taken):
        if first >= start + size:
            break
        start = max(start, (last // size + 1) * size)
    return start if start + size - 1 <= room[1] else None


def span(net: IPv4Network | IPv6Network) -> Span:
    """First and last address of a network."""
    return int(net.network_address), int(net.broadcast_address)


def _block(site: Site, pool: BranchPool, taken: Iterable[Span]) -> IPv4Network:
    first, last = span(pool.prefix)
    size = 1 << (32 - site.system_prefix)
    start = first_free((first + size, last), size, taken)  # the first block stays free
    if start is None:
        raise RefusedError(
            f"branch {pool.branch.value} has no /{site.system_prefix} block left in {pool.prefix}",
            where=f"site {site.name}",
            do="give the branch a larger prefix in the site file, or remove systems that are no longer used",
        )
    return IPv4Network((start, site.system_prefix))


def _first_v6(pool: BranchPool, taken: Iterable[IPv6Network]) -> int:
    first, last = span(pool.prefix_v6)
    start = first_free((first + V6_GROUP, last), V6_GROUP, [span(n) for n in taken])
    if start is None:
        raise RefusedError(
            f"branch {pool.branch.value} has no 16 IPv6 subnets left in {pool.prefix_v6}",
            where=f"branch {pool.branch.value}",
            do="give the branch a larger IPv6 prefix in the site file, or remove systems that are no longer used",
        )
    return start


def _bastion_address(pool: BranchPool, taken: Iterable[Span]) -> IPv4Address:
    first, last = span(pool.bastion)
    found = first_free((first + FIRST_HOST, last - 1), 1, taken)
    if found is None:
        raise RefusedError(
            f"the bastion network {pool.bastion} of branch {pool.branch.value} is full",
            where=f"branch {pool.branch.value}",
            do="give the branch a larger bastion network in the site file",
        )
    return IPv4Address(found)


def _host_addresses(system: System, zones: Sequence[ZoneAllocation]) -> Iterable[HostAllocation]:
    nets = {z.kind: z.cidr for z in zones}
    used: dict[ZoneKind, int] = {}
    for host in system.hosts:
        place = used.get(host.zone, 0)
        used[host.zone] = place + 1
        net = nets[host.zone]
        if FIRST_HOST + place >= net.num_addresses - 1:
            raise _full(host.zone, net, system)
        yield HostAllocation(name=host.name, zone=host.zone, address=net[FIRST_HOST + place])


def _full(zone: ZoneKind, net: IPv4Network, system: System) -> RefusedError:
    return RefusedError(
        f"zone {zone.value} ({net}) is full", where=f"system {system.name}", do="ask for fewer hosts in this zone"
    )
