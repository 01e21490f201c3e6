"""Public addresses: each host in the zone border of a public system has one, as long as it is that (SAC-04).

An address that is given up rests as long as those of removed systems do: names in the DNS of others may still lead to
it, and must not lead to another body. The system itself may have it back any time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import IPv4Address

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from hatang.errors import RefusedError
from hatang.model.allocation import HostAllocation
from hatang.model.site import Site
from hatang.model.system import System
from hatang.model.terms import ZoneKind
from hatang.registry.allocator import first_free
from hatang.registry.public_tables import PublicAddressRow
from hatang.registry.tables import now

Hosts = tuple[HostAllocation, ...]


def choose(session: Session, site: Site, system: System, hosts: Sequence[HostAllocation]) -> Hosts:
    """These hosts as they shall be: with the public address that each keeps or would get, or with none.

    Raises:
        RefusedError: the site publishes nothing, or has no address left.
    """
    rows = list(session.scalars(select(PublicAddressRow)))
    mine = {r.host: IPv4Address(r.address) for r in rows if r.system == system.name and r.host}
    resting = [int(IPv4Address(r.address)) for r in rows if r.system == system.name and not r.host]
    taken = {int(IPv4Address(r.address)) for r in rows}
    found = []
    for host in hosts:
        address = None
        if system.public and host.zone is ZoneKind.BORDER:
            address = mine.get(host.name) or _free(site, system, resting, taken)
            taken.add(int(address))
        found.append(host.model_copy(update={"public_address": address}))
    return tuple(found)


def keep(session: Session, name: str, hosts: Sequence[HostAllocation], quarantine_days: int) -> None:
    """From now on the hosts of a system have the addresses that `choose` told; what it has no more rests."""
    wanted = {str(h.public_address): h.name for h in hosts if h.public_address}
    rows = {r.address: r for r in session.scalars(select(PublicAddressRow).where(PublicAddressRow.system == name))}
    for address, row in rows.items():
        if address not in wanted and row.host is not None:
            row.host, row.until = None, now() + timedelta(days=quarantine_days)
    session.flush()
    for address, host in wanted.items():
        if address in rows:
            rows[address].host, rows[address].until = host, None
        else:
            session.add(PublicAddressRow(address=address, system=name, host=host))
    session.flush()


def of(session: Session, system: str) -> dict[str, IPv4Address]:
    """The public addresses of a system, by host."""
    rows = session.scalars(select(PublicAddressRow).where(PublicAddressRow.system == system))
    return {r.host: IPv4Address(r.address) for r in rows if r.host}


def release(session: Session, system: str) -> None:
    """The system has none any more, and none rests for it."""
    session.execute(delete(PublicAddressRow).where(PublicAddressRow.system == system))


def expire(session: Session, at: datetime) -> None:
    """Let go what was given up and has rested long enough."""
    session.execute(delete(PublicAddressRow).where(PublicAddressRow.until <= at))


def _free(site: Site, system: System, resting: list[int], taken: set[int]) -> IPv4Address:
    network, where = site.internet, f"system {system.name}, system.public"
    span = network.public_span() if network else None
    if span is None:
        raise RefusedError(f"site {site.name} gives no public addresses", where=where,
            do="name some: external_networks[].published of the site file; then hatang site apply")  # fmt: skip
    own = sorted(a for a in resting if span[0] <= a <= span[1])
    if own:
        resting.remove(own[0])
        return IPv4Address(own[0])
    free = first_free(span, 1, [(a, a) for a in taken])
    if free is None:
        raise RefusedError(f"site {site.name} has no public address left", where=where,
            do="give the site more: external_networks[].published of the site file; or publish less")  # fmt: skip
    return IPv4Address(free)
