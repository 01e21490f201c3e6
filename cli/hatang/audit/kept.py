"""What the registry keeps of a system, as the checks read it, and records beside results that no check judges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

from hatang.audit.join import Scope
from hatang.audit.results import Result
from hatang.catalogue import load
from hatang.catalogue.recorded import from_start, interval, is_recorded
from hatang.catalogue.resolver import resolve
from hatang.catalogue.strictest import is_demanded
from hatang.model.control import Control
from hatang.model.review import Interval, Review, ReviewStanding, ReviewState, judge
from hatang.model.terms import Level, ResultState
from hatang.model.waiver import civil_day
from hatang.registry import Registry, SystemRecord
from hatang.registry.history import History
from hatang.registry.reviews import Reviews
from hatang.registry.tables import now


def facts(registry: Registry, record: SystemRecord, at: datetime | None = None) -> dict[str, Any]:
    """All that the registry keeps of a system, as plain data (policies/checks/kept.py reads it).

    Args:
        at: the moment that days are counted from; now.
    """
    name = record.spec.name
    history = History(registry)
    way = history.of(name)
    return {
        "today": civil_day(at or now()).isoformat(),
        "in_use_at": way.in_use_at.isoformat() if way.in_use_at else None,
        "approved": [_plain(a) for a in way.approved],
        "servers": [_plain(s) for s in way.servers],
        "deployments": [_plain(d) for d in way.deployments],
        "hardened": [_plain(h) for h in way.hardened],
        "check_runs": [_plain(c) for c in way.check_runs],
        "hosts": [asdict(h) for h in registry.hosts(name)],
        "blocks": {other: block for other, block in history.blocks().items() if other != name},
        "reviews": [r.model_dump(mode="json") for r in Reviews(registry).of_system(name)],
    }


def _plain(row: Any) -> dict[str, Any]:
    return {k: v.isoformat() if isinstance(v, datetime) else v for k, v in asdict(row).items()}


@dataclass(frozen=True)
class Duty:
    """What must be on record about one control for one system, and what is."""

    control: Control
    system: str
    level: Level
    standing: ReviewStanding
    interval: Interval | None  # after how long it must be renewed; None: once is enough


def duties(registry: Registry, systems: Sequence[SystemRecord], at: datetime | None = None) -> list[Duty]:
    """Everything that persons must put on record for these systems, by system and control. Removed ones have none."""
    today = civil_day(at or now())
    controls = [c for c in load().controls.values() if is_recorded(c)]
    found = []
    for record in systems:
        if record.state == "removed":
            continue
        name, level = record.spec.name, Level(record.spec.level)
        reviews = Reviews(registry).of_system(name)
        used = _in_use_since(registry, name)
        for control in controls:
            resolved = resolve(control, level, record.spec.sources)
            if is_demanded(resolved.value):
                standing = _standing(control, record, reviews, today, used)
                found.append(Duty(control, name, level, standing, interval(control, resolved)))
    return found


def _in_use_since(registry: Registry, system: str) -> date | None:
    used = History(registry).of(system).in_use_at
    return civil_day(used) if used else None


def _standing(
    control: Control, record: SystemRecord, reviews: Iterable[Review], today: date, used: date | None
) -> ReviewStanding:
    resolved = resolve(control, Level(record.spec.level), record.spec.sources)
    mine = [r for r in reviews if r.control == control.id]
    return judge(mine, interval(control, resolved), today, used, from_start=from_start(control, resolved))


def beside(
    results: Iterable[Result], scopes: Sequence[Scope], registry: Registry, records: Mapping[str, SystemRecord]
) -> tuple[Result, ...]:
    """The results; where no check judges a control of a system, what is on record about it stands as the remark.

    The state stays `not-automated`: a document that a person put on record proves nothing by itself.
    """
    on_record = {s.system: Reviews(registry).of_system(s.system) for s in scopes if s.kind == "system"}
    controls = load().controls
    today = civil_day(now())
    found = []
    for result in results:
        reviews = on_record.get(result.system, [])
        bare = result.kind == "system" and result.state is ResultState.NOT_AUTOMATED and not result.checks
        if bare and any(r.control == result.control for r in reviews):
            used = _in_use_since(registry, result.system)
            standing = _standing(controls[result.control], records[result.system], reviews, today, used)
            result = replace(result, detail=told(standing))
        found.append(result)
    return tuple(found)


BEGINNINGS = {
    ReviewState.KEPT: "on record, and nobody checked what it says: ",  # as in policies/checks/kept.py
    ReviewState.OVERDUE: "overdue; last on record: ",
    ReviewState.FAILED: "did not succeed: ",
}


def told(standing: ReviewStanding) -> str:
    """A standing in words; reports translate how it begins."""
    if standing.last is None:
        return ""
    due = f"; → {standing.due}" if standing.due else ""
    return BEGINNINGS.get(standing.state, BEGINNINGS[ReviewState.OVERDUE]) + standing.last.told + due
