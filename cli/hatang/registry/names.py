"""Names of servers: `<system>-<host>`, in Nova, as hostname, in the inventory and for SSH; so one name is one server.

Two pairs may give one name: system `a-b` with host `c`, system `a` with host `b-c`. Who asks first has it, until the
system is removed: the name of a host that a change takes away stays its system's, so nobody else is taken for it.
"""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from hatang.errors import NameTakenError
from hatang.model.system import System
from hatang.registry import tables as t
from hatang.registry.states import state_of


def claim(session: Session, system: System) -> None:
    """These are the servers' names of the system; those that it had before are free again.

    Raises:
        NameTakenError: another system has a server of that name.
    """
    release(session, system.name)
    wanted = {system.server_name(h.name): i for i, h in enumerate(system.hosts)}
    taken = session.scalars(select(t.ServerNameRow).where(t.ServerNameRow.name.in_(wanted)))
    if clash := min(taken, key=lambda r: r.name, default=None):
        place = wanted[clash.name]
        if state_of(session, clash.system) == "removed":
            raise NameTakenError(
                f"the server name {clash.name} rests: it was one of system {clash.system}, which was removed",
                where=f"system.hosts[{place}].name", do="choose another name for the host or the system",
            )  # fmt: skip
        host = clash.name.removeprefix(clash.system + "-")
        there = System.model_validate(session.get_one(t.SystemRow, clash.system).spec)
        told = f"a server called {clash.name} exists: host {host} of system {clash.system}"
        if host not in {h.name for h in there.hosts}:  # it was taken away, or a change that waits brings it
            told = f"the server name {clash.name} is kept for system {clash.system}"
        raise NameTakenError(
            told,
            where=f"system.hosts[{place}].name",
            do="choose another name for the host or the system",
        )
    session.add_all(t.ServerNameRow(name=name, system=system.name) for name in wanted)
    session.flush()


def claim_more(session: Session, system: System) -> None:
    """Names of the hosts that a system shall have, besides those of hosts that it has. Raises NameTakenError."""
    kept = set(session.scalars(select(t.ServerNameRow.name).where(t.ServerNameRow.system == system.name)))
    claim(session, system)
    wanted = {system.server_name(h.name) for h in system.hosts}
    session.add_all(t.ServerNameRow(name=name, system=system.name) for name in kept - wanted)
    session.flush()


def give_back(session: Session, current: System, asked: System) -> None:
    """A change is not to come: the names that it would have brought are free again."""
    kept = {current.server_name(h.name) for h in current.hosts}
    names = {asked.server_name(h.name) for h in asked.hosts} - kept
    session.execute(
        delete(t.ServerNameRow).where(t.ServerNameRow.system == current.name, t.ServerNameRow.name.in_(names))
    )


def release(session: Session, system: str) -> None:
    """The system has no servers any more."""
    session.execute(delete(t.ServerNameRow).where(t.ServerNameRow.system == system))
