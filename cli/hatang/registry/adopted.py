"""Addresses that came from the cloud instead of the allocator: do they lie where the site says, and are they free?"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Network

from sqlalchemy import select
from sqlalchemy.orm import Session

from hatang.errors import InputError, NameTakenError
from hatang.model.allocation import Allocation
from hatang.model.site import BranchPool
from hatang.registry import allocator
from hatang.registry import tables as t
from hatang.registry.public_tables import PublicAddressRow
from hatang.registry.records import SystemRecord


def check(session: Session, record: SystemRecord, pool: BranchPool, used: Allocation) -> None:
    """May these be the addresses of a system?

    Raises:
        InputError: some lie outside the pools of its branch, or in the bastion network.
        NameTakenError: another system has some of them, or rests with them.
    """
    name, branch = record.spec.name, pool.branch.value
    for zone in used.zones:
        for net, prefix in ((zone.cidr, pool.prefix), (zone.cidr_v6, pool.prefix_v6)):
            if not net.subnet_of(prefix):  # type: ignore[arg-type]  # both of one IP version
                raise InputError(
                    f"subnet {net} of zone {zone.kind.value} lies outside {prefix}, the pool of branch {branch}",
                    where=f"system {name}",
                    do=f"move its servers into a subnet of {prefix} first, or ask for a new system",
                )  # fmt: skip
        taken: list[tuple[str, IPv4Network | IPv6Network]] = [("bastion", pool.bastion)]
        if pool.interconnect is not None:
            taken += [("interconnect", pool.interconnect), ("interconnect", pool.interconnect_v6)]
        for what, own in taken:
            mine = zone.cidr if own.version == 4 else zone.cidr_v6
            if mine.overlaps(own):
                raise InputError(
                    f"subnet {mine} of zone {zone.kind.value} overlaps the {what} network {own}",
                    where=f"system {name}", do="move its servers into another subnet first",
                )  # fmt: skip
    if used.bastion_address not in pool.bastion:
        raise InputError(f"{used.bastion_address} is no address of the bastion network {pool.bastion}",
            where=f"system {name}", do="move the router's leg to an address of it")  # fmt: skip
    for other, what in _clashes(session, name, used):
        raise NameTakenError(
            f"{what} is allocated to system {other} already", where=f"registry, system {other}",
            do=f"look which of the two is right: hatang system status {other}; two systems never share addresses",
        )  # fmt: skip


def _clashes(session: Session, name: str, used: Allocation) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for row in session.scalars(select(t.BlockRow).where(t.BlockRow.system != name).order_by(t.BlockRow.system)):
        if IPv4Address(row.bastion_address) == used.bastion_address:
            found.append((row.system, f"bastion address {row.bastion_address}"))
    public = {str(h.public_address) for h in used.hosts if h.public_address}
    theirs = select(PublicAddressRow).where(
        PublicAddressRow.system != name, PublicAddressRow.address.in_(sorted(public))
    )
    found += [(row.system, f"public address {row.address}") for row in session.scalars(theirs)]
    slots = session.scalars(
        select(t.BlockSlotRow).where(
            t.BlockSlotRow.system != name, t.BlockSlotRow.slot.in_(list(allocator.slots(used.block)))
        ).order_by(t.BlockSlotRow.slot)
    )  # fmt: skip
    found += [(row.system, f"a part of block {used.block}") for row in slots]
    for zone in session.scalars(select(t.ZoneRow).where(t.ZoneRow.system != name).order_by(t.ZoneRow.system)):
        nets = IPv4Network(zone.cidr), IPv6Network(zone.cidr_v6)
        for own in used.zones:
            if own.cidr.overlaps(nets[0]) or own.cidr_v6.overlaps(nets[1]):
                found.append((zone.system, f"{own.cidr if own.cidr.overlaps(nets[0]) else own.cidr_v6}"))
    return found
