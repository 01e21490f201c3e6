"""A registry with a system that has been in use for long, with everything on record: what its mutations break."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from hatang.audit.kept import duties
from hatang.catalogue.zones import zone_matrix
from hatang.inputs import load_request, load_site
from hatang.model.case import Event
from hatang.model.lifecycle import Act, Role
from hatang.model.review import ReviewEntry, ReviewScope
from hatang.model.terms import Level
from hatang.model.waiver import civil_day
from hatang.registry import HostRecord, Registry
from hatang.registry import review_tables as r
from hatang.registry import tables as t
from hatang.registry.history import History
from hatang.registry.reviews import Reviews
from hatang.registry.tables import now

ROOT = Path(__file__).resolve().parents[3]
SITE = load_site(ROOT / "inventories/example/site.yaml")
REQUEST, _TEXT = load_request(ROOT / "inventories/example/requests/one-stop.yaml", SITE)
PERSON = "Trần Văn Ví Dụ"
LONG = timedelta(days=1000)


def prepare(registry: Registry, name: str, *, level: int = 5, documents: bool = True) -> None:
    """Bring a system of this level into the registry, in use for 1000 days, with a record of today for each duty."""
    spec = REQUEST.system.model_copy(update={"name": name, "level": Level(level), "document_storage": True})
    record = registry.submit(REQUEST.model_copy(update={"system": spec}), "")
    registry.allocate(name, SITE, zone_matrix().zones(spec.level, spec.document_storage))
    allocation = registry.system(name).allocation
    assert allocation is not None
    hosts = [
        HostRecord(
            spec.server_name(h.name), name, REQUEST.agency.code, h.zone.value, str(h.address), "debian",
            f"{name}-{h.name}"[:36], level,
        )
        for h in allocation.hosts
    ]  # fmt: skip
    start = (now() - LONG).replace(hour=5, minute=0)  # noon in Việt Nam: no day ends in these minutes
    plan = _approved(registry, record.id, start - timedelta(minutes=1))
    with registry._writing() as session:
        for h in hosts:
            session.add(r.ServerRow(system=name, server_id=h.server_id, created_at=start + timedelta(minutes=2)))
    registry.record_hosts(name, hosts)
    registry.record_deployment(name, "apply", plan, {}, start, start + timedelta(minutes=2), ok=True)
    History(registry).record_hardening(hosts, whole=True)
    registry.record_check_run(name, {"counts": {"met": 100, "not-met": 0, "not-checked": 0}})
    registry.set_system_state(name, "active")
    _long_ago(registry, name, start)
    if documents:
        put_on_record(registry, name)


def _approved(registry: Registry, request: str, at: datetime) -> str:
    """Plan it and have it approved at that time, by whom its level demands; returns the plan."""
    plan, need = "a" * 64, registry.request(request).case.demand
    acts = [Event(Act.PLAN, Role.ENGINEER, plan=plan, intent=plan, at=at)]
    if need.appraiser:
        acts.append(Event(Act.APPRAISE, need.appraiser, "nguoi-tham-dinh.vi-du", plan=plan, at=at))
    if need.opinion:
        acts.append(Event(Act.OPINION, Role.SPECIALISED, "nguoi-lay-y-kien.vi-du", document="d" * 64, at=at))
    for act in (*acts, Event(Act.APPROVE, need.approver, "nguoi-phe-duyet.vi-du", plan=plan, at=at)):
        registry.act(request, act)
    return plan


def _long_ago(registry: Registry, name: str, start: datetime) -> None:
    """The way of the system, dated back, and the hardening run of that time beside the one of today."""
    minutes: dict[Any, int] = {t.CheckRunRow: 4, t.SystemStateRow: 5}
    with registry._writing() as session:
        for table, after in minutes.items():
            at = start + timedelta(minutes=after)
            session.execute(update(table).where(table.system == name).values(created_at=at))
        for host in session.scalars(select(t.HostRow).where(t.HostRow.system == name)):
            row = {"system": name, "host": host.name, "server_id": host.server_id, "whole": True}
            session.add(r.HardenedHostRow(**row, created_at=start + timedelta(minutes=3)))


def put_on_record(registry: Registry, name: str, day_back: int = 0) -> None:
    """A record for each duty that the system has and a check judges; its acceptance of the day of use."""
    record = registry.system(name)
    used = History(registry).of(name).in_use_at
    assert used is not None
    hosts = tuple(h.name for h in registry.hosts(name))
    for duty in duties(registry, [record]):
        if not duty.control.checks:
            continue
        day = civil_day(used) if duty.control.id == "NET-20" else civil_day(now()) - timedelta(days=day_back)
        Reviews(registry).record(
            ReviewEntry(
                control=duty.control.id, scope_kind=ReviewScope.SYSTEM, scope=name, day=day, by=PERSON,
                document=f"{duty.control.id}.pdf", sha256="b" * 64, covers=hosts,
            )
        )  # fmt: skip
