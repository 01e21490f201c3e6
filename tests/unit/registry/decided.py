"""Requests that were planned and approved, as tests of other things need them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from hatang.model.case import Event
from hatang.model.lifecycle import Act, Role
from hatang.model.request import RequestFile
from hatang.model.site import Site
from hatang.model.terms import ZoneKind
from hatang.registry import Registry, RequestRecord


def plan(registry: Registry, request_id: str, what: str = "a") -> RequestRecord:
    """Record a plan; `what` stands for its content."""
    digest = hashlib.sha256(what.encode()).hexdigest()
    return registry.act(request_id, Event(Act.PLAN, Role.ENGINEER, plan=digest, intent=digest))


def appraise(registry: Registry, request_id: str) -> RequestRecord:
    """Plan, and have it appraised where that is demanded, unless this was done."""
    record = registry.request(request_id)
    if record.case.planned is None:
        record = plan(registry, request_id)
    assert record.case.planned is not None
    digest, need = record.case.planned.plan, record.case.demand
    if need.appraiser and not record.case.decided(Act.APPRAISE):
        record = registry.act(request_id, Event(Act.APPRAISE, need.appraiser, "nguoi-tham-dinh", plan=digest))
    return record


def approve(registry: Registry, request_id: str, by: str = "nguoi-phe-duyet") -> RequestRecord:
    """Plan, have it appraised, and approved by this person."""
    record = appraise(registry, request_id)
    assert record.case.planned is not None
    digest, need = record.case.planned.plan, record.case.demand
    return registry.act(request_id, Event(Act.APPROVE, need.approver, by, plan=digest))


def bring_up(registry: Registry, file: RequestFile, site: Site, zones: Sequence[ZoneKind]) -> RequestRecord:
    """Submit a new system, and have it in use as a run leaves it; its request."""
    record = registry.submit(file, "", site)
    approve(registry, record.id)
    registry.allocate(file.system.name, site, zones)
    registry.begin(record.id)
    registry.set_system_state(file.system.name, "active")
    return registry.request(record.id)
