"""What the registry gives out, and how much is left: blocks, IPv6 subnets, places of routers, public addresses."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Network

from sqlalchemy import select
from sqlalchemy.orm import Session

from hatang.model.allocation import FIRST_HOST
from hatang.model.capacity import Supply
from hatang.model.site import BranchPool, Site
from hatang.registry import tables as t
from hatang.registry.allocator import V6_GROUP, Span, span
from hatang.registry.public_tables import PublicAddressRow
from hatang.registry.removal_tables import QuarantineRow
from hatang.registry.store import Registry
from hatang.registry.tables import now


def supplies(registry: Registry, site: Site) -> list[Supply]:
    """Of each branch, and of the Internet where the site publishes systems. What has rested long enough is free."""
    with registry._reading() as session:
        due = set(session.scalars(select(QuarantineRow.system).where(QuarantineRow.until <= now())))
        resting = set(session.scalars(select(QuarantineRow.system))) - due
        blocks = [row for row in session.scalars(select(t.BlockRow)) if row.system not in due]
        zones = [row for row in session.scalars(select(t.ZoneRow)) if row.system not in due]
        found = [s for pool in site.branches for s in _of_branch(site, pool, blocks, zones, resting)]
        return found + _public(session, site, due, resting)


def _of_branch(
    site: Site, pool: BranchPool, blocks: Sequence[t.BlockRow], zones: Sequence[t.ZoneRow], resting: Collection[str]
) -> list[Supply]:
    branch, size = pool.branch.value, 1 << (32 - site.system_prefix)
    first, last = span(pool.prefix)
    own = [span(net) for net in (pool.bastion, pool.interconnect) if net is not None]
    room = first + size, last  # the first block stays free
    # What is taken may have another size, and may be of a branch that had this prefix before.
    held = [span(IPv4Network(b.cidr)) for b in blocks] + [_one(b.bastion_address) for b in blocks]
    total, free = places(room, size, own), places(room, size, [*own, *held])
    rests = sum(IPv4Network(b.cidr).subnet_of(pool.prefix) for b in blocks if b.system in resting)
    found = [Supply("blocks", branch, total, total - free - min(rests, total - free), min(rests, total - free))]
    groups = {int(IPv6Network(z.cidr_v6).network_address) // V6_GROUP: z.system for z in zones
              if IPv6Network(z.cidr_v6).subnet_of(pool.prefix_v6)}  # fmt: skip
    first, last = span(pool.prefix_v6)
    found.append(_counted("ipv6", branch, places((first + V6_GROUP, last), V6_GROUP, []), groups.values(), resting))
    first, last = span(pool.bastion)
    there = [b.system for b in blocks if IPv4Address(b.bastion_address) in pool.bastion]
    found.append(_counted("bastion", branch, max(0, last - first - FIRST_HOST), there, resting))
    return found


def _public(session: Session, site: Site, due: Collection[str], resting: Collection[str]) -> list[Supply]:
    network = site.internet
    room = network.public_span() if network else None
    if network is None or room is None:
        return []
    rows = [r for r in session.scalars(select(PublicAddressRow)) if r.system not in due]
    rows = [r for r in rows if room[0] <= int(IPv4Address(r.address)) <= room[1] and not (r.until and r.until <= now())]
    rests = sum(r.host is None or r.system in resting for r in rows)
    return [Supply("public", network.name, room[1] - room[0] + 1, len(rows) - rests, rests)]


def _counted(what: str, where: str, total: int, systems: Iterable[str], resting: Collection[str]) -> Supply:
    there = list(systems)
    rests = sum(name in resting for name in there)
    return Supply(what, where, total, len(there) - rests, rests)


def places(room: Span, size: int, taken: Iterable[Span]) -> int:
    """How many multiples of `size` in `room` there are from which `size` addresses are free."""
    start, count = room[0], 0
    for first, last in [*sorted(taken), (room[1] + 1, room[1] + 1)]:
        begin = -(-start // size) * size
        count += max(0, (min(first, room[1] + 1) - begin) // size)
        start = max(start, last + 1)
    return count


def _one(address: str) -> Span:
    return int(IPv4Address(address)), int(IPv4Address(address))
