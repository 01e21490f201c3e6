"""Resolves a way that is asked for against the registry and the site's address plan; collects every fault."""

from __future__ import annotations

from datetime import date
from ipaddress import IPv4Network, IPv6Network

from sqlalchemy import select
from sqlalchemy.orm import Session

from hatang.errors import InputError
from hatang.model.allocation import Allocation
from hatang.model.interconnect import End, Interconnect, InterconnectFile, Side, fault_of_day
from hatang.model.site import BranchPool, Site
from hatang.model.system import System
from hatang.model.terms import Branch
from hatang.registry import addresses
from hatang.registry import tables as t
from hatang.registry.states import state_of
from hatang.suggestions import did_you_mean

Networks = tuple[IPv4Network | IPv6Network, ...]


class Found:
    """One of the two systems, as the registry has it."""

    def __init__(self, session: Session, row: t.SystemRow) -> None:
        self.row, self.agency_code = row, row.agency_code
        self.spec = System.model_validate(row.spec)
        self.branch = Branch(session.get_one(t.AgencyRow, row.agency_code).branch)
        self.allocation = addresses.of(session, row.name)


class Resolver:
    """Goes through a request and collects faults, each with its field."""

    def __init__(self, session: Session, site: Site | None, today: date) -> None:
        self.session, self.site, self.today = session, site, today
        self.faults: list[InputError] = []
        self.ends: list[Found] = []

    def made(self, ident: str, file: InterconnectFile) -> Interconnect | None:
        """The way, resolved; None: something is wrong."""
        if why := fault_of_day(file.until, self.today):
            self._fault("until", why, "write a day on which it is to be asked for anew, at most a year ahead")
        sides = {"from": file.from_, "to": file.to}
        found = {where: f for where, side in sides.items() if (f := self._system(where, side))}
        if len(found) < len(sides):
            return None
        a, b = self.ends = [found["from"], found["to"]]
        if file.agency not in (a.agency_code, b.agency_code):
            self._fault("agency", f"neither system is one of body {file.agency}",
                        f"write {a.agency_code} or {b.agency_code}")  # fmt: skip
        self._meet(a, b)
        pool = self._pool(a) if a.branch is b.branch else None
        source, destination = (self._end(where, sides[where], found[where], pool) for where in sides)
        if self.faults or source is None or destination is None:
            return None
        return Interconnect(
            id=ident, source=source, destination=destination, protocol=file.protocol, ports=file.ports,
            until=file.until,
        )  # fmt: skip

    def _system(self, where: str, side: Side) -> Found | None:
        row = self.session.get(t.SystemRow, side.system)
        if row is None:
            known = sorted(self.session.scalars(select(t.SystemRow.name)))
            self._fault(f"{where}.system", f"no system is called {side.system}",
                        did_you_mean(side.system, known, "see: hatang system list"))  # fmt: skip
            return None
        if (state := state_of(self.session, side.system)) != "active":
            self._fault(f"{where}.system", f"system {side.system} is {state}; both must be in use",
                        f"see where it stands: hatang system status {side.system}")  # fmt: skip
            return None
        return Found(self.session, row)

    def _meet(self, a: Found, b: Found) -> None:
        """May these two be joined at all?"""
        if a.branch is not b.branch:
            self._fault(
                "to.system",
                f"{a.row.name} is of branch {a.branch.value}, {b.row.name} of branch {b.branch.value}: branches never "
                "route to each other, and no rule of a security group makes a way where Neutron drops what crosses "
                "address scopes",
                "let data of another branch go over the specialised network (TSLCĐ), from one published service to "
                "another; see docs/how-to/interconnect.md",
            )  # fmt: skip
        if a.spec.environment is not b.spec.environment:
            self._fault(
                "to.system", f"{a.row.name} is for {a.spec.environment.value}, {b.row.name} for "
                f"{b.spec.environment.value}: environments have no way to each other (DEV-04)",
                "join systems of one environment",
            )  # fmt: skip

    def _pool(self, a: Found) -> BranchPool | None:
        pool = next((p for p in self.site.branches if p.branch is a.branch), None) if self.site else None
        if pool is None or pool.interconnect is None:
            self._fault("from.system", f"the site has no interconnect network for branch {a.branch.value}",
                        "add `interconnect` to the branch in the site file, and: hatang site apply")  # fmt: skip
            return None
        return pool

    def _end(self, where: str, side: Side, found: Found, pool: BranchPool | None) -> End | None:
        there = found.allocation
        assert there is not None, "a system in use has addresses"
        networks = self._networks(where, side, there)
        router = pool.on_interconnect(there.bastion_address) if pool else None
        if pool and router is None:
            what = f"router address {there.bastion_address} of {side.system} has no place on {pool.interconnect}"
            self._fault(f"{where}.system", what, "give the interconnect network the size of the bastion network")
        if not networks or router is None:
            return None
        return End(
            system=side.system, level=int(found.spec.level), zone=side.zone, networks=networks, router=router[0],
            router_v6=router[1],
        )  # fmt: skip

    def _networks(self, where: str, side: Side, there: Allocation) -> Networks:
        zone = next((z for z in there.zones if z.kind is side.zone), None)
        here = {h.name: h for h in there.hosts if h.zone is side.zone}
        if zone is None or not here:
            with_hosts = sorted({h.zone.value for h in there.hosts})
            self._fault(f"{where}.zone", f"system {side.system} has no hosts in zone {side.zone.value}",
                        f"write one of: {', '.join(with_hosts)}")  # fmt: skip
            return ()
        if not side.hosts:
            return (zone.cidr, zone.cidr_v6)
        found: list[IPv4Network | IPv6Network] = []
        for i, name in enumerate(side.hosts):
            host = here.get(name)
            if host is None:
                do = did_you_mean(name, sorted(here), f"its hosts there: {', '.join(sorted(here))}")
                self._fault(f"{where}.hosts.{i}", f"{side.system} has no host {name} in zone {side.zone.value}", do)
                continue
            offset = int(host.address) - int(zone.cidr.network_address)
            found += [IPv4Network(host.address), IPv6Network(zone.cidr_v6[offset])]
        return tuple(found)

    def _fault(self, where: str, what: str, do: str) -> None:
        self.faults.append(InputError(what, where=where, do=do))
