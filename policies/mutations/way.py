"""Ways in which what hatang itself keeps of a system goes wrong, or is made to: by a hand in the registry, past hatang.

Each is a function of the open registry and the system's name that does it and returns what puts it right again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, select

from hatang.policies.mutations.place import Undo
from hatang.registry import HostRecord, Registry
from hatang.registry import tables as t
from hatang.registry.history import History
from hatang.registry.request_tables import RequestEventRow
from hatang.registry.tables import now

EARLIER = timedelta(seconds=150)  # between the making of the servers and their hardening


def server_built_anew(registry: Registry, system: str) -> Undo:
    """Somebody rebuilds a server in the cloud: the name is the old one, the server is not, and nobody hardens it."""
    return _hosts(registry, system, lambda hosts: [replace(hosts[0], server_id=f"{system}-built-anew"), *hosts[1:]])


def hardened_too_late(registry: Registry, system: str) -> Undo:
    """A server is built anew and goes on being used; only after the next check somebody remembers to harden it."""
    undo = server_built_anew(registry, system)
    registry.record_check_run(system, {"counts": {"met": 100}})
    History(registry).record_hardening(registry.hosts(system), whole=True)
    return undo


def server_nobody_asked_for(registry: Registry, system: str) -> Undo:
    """A server more than the request has."""
    return _hosts(
        registry, system, lambda hosts: [*hosts, replace(hosts[0], name=f"{system}-extra", server_id=f"{system}-extra")]
    )


def host_listed_with_wrong_address(registry: Registry, system: str) -> Undo:
    """Somebody gave a server another address and did not tell the list."""
    return _hosts(registry, system, lambda hosts: [replace(hosts[0], address="192.0.2.7"), *hosts[1:]])


def in_use_before_hardening(registry: Registry, system: str) -> Undo:
    """The system was used before it was ready."""
    return _changed(registry, t.SystemStateRow, system, "created_at", lambda old: old - EARLIER)


def last_check_left_something(registry: Registry, system: str) -> Undo:
    """It went into use although the last check found something unmet."""
    return _changed(registry, t.CheckRunRow, system, "summary", lambda old: {**old, "counts": {"not-met": 3}})


def never_checked_before_use(registry: Registry, system: str) -> Undo:
    """The check came after it went into use."""
    return _changed(registry, t.CheckRunRow, system, "created_at", lambda old: now())


def approved_after_the_change(registry: Registry, system: str) -> Undo:
    """The cloud was changed before the approval that there is: the change came a minute too early."""
    with registry._reading() as session:
        approval = session.scalars(_approvals(registry, system)).first()
    assert approval is not None
    early = approval.created_at - timedelta(minutes=1)
    return _changed(registry, t.DeploymentRow, system, "started_at", lambda _old: early)


def another_plan(registry: Registry, system: str) -> Undo:
    """What was approved was one plan, what was applied another."""
    return _changed(registry, t.DeploymentRow, system, "plan_digest", lambda _old: "e" * 64)


def _approvals(registry: Registry, system: str) -> Select[tuple[RequestEventRow]]:
    request = registry.system(system).request_id
    return select(RequestEventRow).where(RequestEventRow.request_id == request, RequestEventRow.act == "approve")


def change_without_plan(registry: Registry, system: str) -> Undo:
    """A change of the cloud that nobody planned."""
    registry.record_deployment(system, "apply", "", {}, now(), now(), ok=True)

    def undo() -> None:
        with registry._writing() as session:
            rows = select(t.DeploymentRow).where(t.DeploymentRow.system == system, t.DeploymentRow.plan_digest == "")
            for row in session.scalars(rows):
                session.delete(row)

    return undo


def zone_outside_block(registry: Registry, system: str) -> Undo:
    """A zone that somebody gave a network of their own."""
    return _changed(registry, t.ZoneRow, system, "cidr", lambda old: "192.0.2.0/26")


def block_outside_prefix(registry: Registry, system: str) -> Undo:
    """A block that is not of the branch's prefix."""
    return _changed(registry, t.BlockRow, system, "cidr", lambda old: "198.51.100.0/22")


def _hosts(registry: Registry, system: str, change: Callable[[list[HostRecord]], list[HostRecord]]) -> Undo:
    before = registry.hosts(system)
    registry.record_hosts(system, change(before))
    return lambda: registry.record_hosts(system, before)


def _changed(registry: Registry, table: Any, system: str, field: str, change: Callable[[Any], Any]) -> Undo:
    """One field of the system's newest row changed."""
    order = table.__mapper__.primary_key[-1]
    query = select(table).where(table.system == system).order_by(order.desc()).limit(1)

    def put(new: Callable[[Any], Any]) -> Any:
        with registry._writing() as session:
            row = session.scalars(query).one()
            old = getattr(row, field)
            setattr(row, field, new(old))
        return old

    before = put(change)

    def undo() -> None:
        put(lambda _now: before)

    return undo
