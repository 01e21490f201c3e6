"""Ways in which what hatang itself keeps of a system goes wrong, or is made to: by a hand in the registry, past hatang.

Each is a function of the open registry and the system's name that does it and returns what puts it right again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from hatang.registry import HostRecord, Registry
from hatang.registry import tables as t
from hatang.registry.tables import now

Undo = Callable[[], None]
LONG = timedelta(days=3650)


def server_built_anew(registry: Registry, system: str) -> Undo:
    """Somebody rebuilds a server in the cloud: the name is the old one, the server is not, and nobody hardens it."""
    return _hosts(registry, system, lambda hosts: [replace(hosts[0], server_id="built-anew"), *hosts[1:]])


def server_nobody_asked_for(registry: Registry, system: str) -> Undo:
    """A server more than the request has."""
    return _hosts(
        registry, system, lambda hosts: [*hosts, replace(hosts[0], name=f"{system}-extra", server_id="extra")]
    )


def host_listed_with_wrong_address(registry: Registry, system: str) -> Undo:
    """Somebody gave a server another address and did not tell the list."""
    return _hosts(registry, system, lambda hosts: [replace(hosts[0], address="192.0.2.7"), *hosts[1:]])


def in_use_before_hardening(registry: Registry, system: str) -> Undo:
    """The system was used before it was ready."""
    return _changed(registry, t.SystemStateRow, system, "created_at", lambda old: old - LONG)


def last_check_left_something(registry: Registry, system: str) -> Undo:
    """It went into use although the last check found something unmet."""
    return _changed(registry, t.CheckRunRow, system, "summary", lambda old: {**old, "counts": {"not-met": 3}})


def never_checked_before_use(registry: Registry, system: str) -> Undo:
    """The check came after it went into use."""
    return _changed(registry, t.CheckRunRow, system, "created_at", lambda old: now())


def approved_after_the_change(registry: Registry, system: str) -> Undo:
    """The cloud was changed first, and the approval came an hour later, still before use."""
    with registry._writing() as session:
        change = session.scalars(select(t.DeploymentRow).where(t.DeploymentRow.system == system)).one()
        request = session.get_one(t.SystemRow, system).request_id
        row = session.scalars(select(t.ApprovalRow).where(t.ApprovalRow.request_id == request)).one()
        key, before = row.id, row.created_at
        row.created_at = change.started_at + timedelta(minutes=1)

    def undo() -> None:
        with registry._writing() as session:
            session.get_one(t.ApprovalRow, key).created_at = before

    return undo


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
