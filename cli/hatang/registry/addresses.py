"""Addresses of systems: a block, zones, hosts, and the router's place on the bastion network. None is given twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network, IPv6Network

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from hatang.model.allocation import Allocation, HostAllocation, ZoneAllocation
from hatang.model.site import Site
from hatang.model.system import System
from hatang.model.terms import Branch, ZoneKind
from hatang.registry import allocator, published
from hatang.registry import tables as t


def give(session: Session, system: System, branch: Branch, site: Site, zones: Sequence[ZoneKind]) -> Allocation:
    """Free addresses, the system's from now on. The session writes alone, so nobody else chooses meanwhile.

    Raises:
        RefusedError: the branch has none left, or the site no public ones.
    """
    return keep(session, system.name, branch, site, choose(session, system, branch, site, zones))


def choose(
    session: Session, system: System, branch: Branch, site: Site, zones: Sequence[ZoneKind],
    beside: Sequence[IPv6Network] = (),
) -> Allocation:  # fmt: skip
    """Free addresses, as `give` would give them, and none of `beside`; nothing is kept.

    Raises:
        RefusedError: the branch has none left, or the site no public ones.
    """
    taken = _taken(session)
    taken = replace(taken, zones_v6=[*taken.zones_v6, *beside])
    made = allocator.choose(site, site.pool(branch), system, zones, taken)
    return made.model_copy(update={"hosts": published.choose(session, site, system, made.hosts)})


def keep(session: Session, name: str, branch: Branch, site: Site, made: Allocation) -> Allocation:
    """These are the system's addresses from now on."""
    session.add(
        t.BlockRow(system=name, branch=branch.value, cidr=str(made.block), bastion_address=str(made.bastion_address))
    )
    session.add_all(t.BlockSlotRow(slot=n, system=name) for n in allocator.slots(made.block))
    for z in made.zones:
        session.add(t.ZoneRow(system=name, kind=z.kind.value, cidr=str(z.cidr), cidr_v6=str(z.cidr_v6)))
    for h in made.hosts:
        session.add(t.AddressRow(system=name, host=h.name, zone=h.zone.value, address=str(h.address)))
    session.flush()
    published.keep(session, name, made.hosts, site.removal.quarantine_days)
    return made


def with_more(
    session: Session, there: Allocation, system: System, site: Site, zones: Sequence[ZoneKind] | None = None
) -> Allocation:
    """The addresses of a system as it shall be; what stays of it keeps its own.

    Args:
        zones: that its level demands; None: those that it has. New hosts get the next free addresses of their zones.

    Raises:
        RefusedError: a zone is full, or the site has no public address left.
        InputError: a new host names a zone that the system does not have.
    """
    made = resized(there, system, zones)
    return made.model_copy(update={"hosts": published.choose(session, site, system, made.hosts)})


def resized(there: Allocation, system: System, zones: Sequence[ZoneKind] | None = None) -> Allocation:
    """As `with_more`, inside the data centre alone."""
    if zones is not None:
        leaving = {h.name for h in there.hosts} - {h.name for h in system.hosts}
        there = there.model_copy(update={"zones": allocator.rezoned(there, zones, leaving)})
    return there.model_copy(update={"hosts": allocator.more_hosts(system, there)})


def give_more(session: Session, system: System, site: Site, zones: Sequence[ZoneKind] | None = None) -> None:
    """The addresses that `with_more` told, from now on the system's; what it lost is free within its own block."""
    name, there = system.name, of(session, system.name)
    assert there is not None, "a system in use has addresses"
    wanted = with_more(session, there, system, site, zones)
    had, has = {z.kind for z in there.zones}, {z.kind for z in wanted.zones}
    for z in wanted.zones:
        if z.kind not in had:
            session.add(t.ZoneRow(system=name, kind=z.kind.value, cidr=str(z.cidr), cidr_v6=str(z.cidr_v6)))
    gone = [z.value for z in had - has]
    session.execute(delete(t.ZoneRow).where(t.ZoneRow.system == name, t.ZoneRow.kind.in_(gone)))
    session.flush()
    known, stay = {h.name for h in there.hosts}, [h.name for h in wanted.hosts]
    session.execute(delete(t.AddressRow).where(t.AddressRow.system == name, t.AddressRow.host.not_in(stay)))
    for h in wanted.hosts:
        if h.name not in known:
            session.add(t.AddressRow(system=name, host=h.name, zone=h.zone.value, address=str(h.address)))
    session.flush()
    published.keep(session, name, wanted.hosts, site.removal.quarantine_days)


def release(session: Session, system: str) -> None:
    """The system has no addresses any more; others may get them."""
    for table in (t.AddressRow, t.ZoneRow, t.BlockSlotRow, t.BlockRow):
        session.execute(delete(table).where(table.system == system))
    published.release(session, system)


def of(session: Session, system: str) -> Allocation | None:
    """The addresses of a system; None: it has none."""
    block = session.get(t.BlockRow, system)
    if block is None:
        return None
    order = {z.value: i for i, z in enumerate(ZoneKind)}
    zones = sorted(session.scalars(select(t.ZoneRow).where(t.ZoneRow.system == system)), key=lambda z: order[z.kind])
    hosts = sorted(session.scalars(select(t.AddressRow).where(t.AddressRow.system == system)), key=lambda h: h.host)
    public = published.of(session, system)
    return Allocation(
        block=IPv4Network(block.cidr),
        bastion_address=IPv4Address(block.bastion_address),
        zones=tuple(
            ZoneAllocation(kind=ZoneKind(z.kind), cidr=IPv4Network(z.cidr), cidr_v6=IPv6Network(z.cidr_v6))
            for z in zones
        ),
        hosts=tuple(
            HostAllocation(
                name=h.host, zone=ZoneKind(h.zone), address=IPv4Address(h.address), public_address=public.get(h.host)
            )
            for h in hosts
        ),
    )


def _taken(session: Session) -> allocator.Taken:
    blocks = session.execute(select(t.BlockRow.cidr, t.BlockRow.bastion_address)).all()
    return allocator.Taken(
        blocks=[IPv4Network(b.cidr) for b in blocks],
        bastion_addresses=[IPv4Address(b.bastion_address) for b in blocks],
        zones_v6=[IPv6Network(n) for n in session.scalars(select(t.ZoneRow.cidr_v6))],
    )
