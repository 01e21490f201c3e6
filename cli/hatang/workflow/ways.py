"""Makes cloud and hosts of a system what its interconnects in force say, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hatang.errors import HatangError
from hatang.locale import _
from hatang.model.interconnect import Interconnect
from hatang.provision import narrow
from hatang.provision.plan import WAYS
from hatang.registry import acts
from hatang.workflow import lock
from hatang.workflow.context import Context
from hatang.workflow.hardening import harden_hosts

if TYPE_CHECKING:
    from hatang.registry import SystemRecord

TYPES = frozenset({"Port", "RouterInterface", "RouterRoute", "SecGroupRule"})  # what a way is made of
FIREWALL = ("SAC-10",)  # the one control that only the role `firewall` implements
STANDS = ("active", "suspended", "removing")  # of other systems nothing is there, or a run of theirs is unfinished


def may_change(row: dict[str, Any]) -> bool:
    """Whether a row of a plan belongs to a way."""
    return row["type"] in TYPES and row["name"].startswith(f"{WAYS}-")


def with_way(record: SystemRecord, way: Interconnect) -> SystemRecord:
    """A system as it shall be with this way in force."""
    others = tuple(w for w in record.ways if w.id != way.id)
    return replace(record, ways=tuple(sorted((*others, way.model_copy(update={"lapsed": ""})), key=lambda w: w.id)))


def in_cloud(context: Context, name: str) -> list[str]:
    """Ids of the ways that the stack of a system made and has not taken away."""
    return list(context.provisioner.outputs("system", name).get("ways") or ())


def settle(context: Context, name: str) -> dict[str, Any]:
    """The system's part of the cloud is what its ways in force say. One that is not there has none.

    Raises:
        RefusedError: the system is not as it was left.
        EngineError: the engine stopped; run again.
    """
    record = context.registry.system(name)
    if record.state not in STANDS:
        return {"state": record.state}
    with lock.exclusive(context.settings, name):
        changes = narrow.apply(context.provisioner, record, may_change)
    open_ = [w.id for w in record.ways if not w.lapsed]
    acts.note(context.registry, "interconnect.settle", {"system": name, "open": open_, "changes": changes})
    return {"changes": changes}


def firewalls(context: Context, way: Interconnect) -> dict[str, Any]:
    """The firewalls of the hosts in the zones of both ends let through what is in force. Raises HostError."""
    hosts = [
        host
        for end in (way.source, way.destination)
        if context.registry.system(end.system).state == "active"
        for host in context.registry.hosts(end.system)
        if host.zone == end.zone.value
    ]
    if not hosts:
        return {"hosts": []}
    log = context.settings.log_dir / f"interconnect-{way.id}" / f"harden-{time.strftime('%Y%m%dT%H%M%S')}.log"
    done = harden_hosts(context, hosts, tags=FIREWALL, log=log)
    return {"changed": done.changed, "seconds": done.seconds, "log": str(log)}


def close_elsewhere(context: Context, gone: str, ways: Iterable[Interconnect]) -> None:
    """A system is gone: close its ways at the other systems too. What stands in the way there is told, and is no reason
    to keep this one: `hatang drift` names the rules that are left."""
    for way in ways:
        other = way.other(gone).system
        if way.id not in in_cloud(context, other):
            continue
        try:
            settle(context, other)
            firewalls(context, way)
        except HatangError as exc:
            text = _("the way of {gone} is still open at {other}: {why}; hatang system apply {other}")
            context.progress(text.format(gone=gone, other=other, why=exc.what))
