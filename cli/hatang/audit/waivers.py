"""What waivers mean for results. A waiver makes an unmet control `waived`, beside its true state; it makes nothing met.

`not-checked` stays what it is: a waiver accepts a gap that is known, not that nobody could look.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from pydantic import ValidationError

from hatang.audit.join import concerns
from hatang.audit.pins import Law, is_pinned
from hatang.audit.results import Result
from hatang.errors import InputError, InputErrors, RefusedError
from hatang.model.system import System
from hatang.model.terms import ResultState
from hatang.model.waiver import ScopeKind, Waiver, WaiverNote, WaiverProposal, WaiverState, civil_day
from hatang.registry import Registry, SystemRecord
from hatang.registry.tables import now
from hatang.registry.waivers import Waivers

NARROWEST_FIRST = {kind: i for i, kind in enumerate(ScopeKind)}
OPTIONS = {"reason": "--reason", "measure": "--measure", "proposed_by": "--by"}


@dataclass(frozen=True)
class Standing:
    """A waiver and what it is worth now."""

    waiver: Waiver
    state: WaiverState
    why: str = ""  # why it holds no longer

    @property
    def note(self) -> WaiverNote:
        """What reports say about it."""
        w = self.waiver
        return WaiverNote(
            id=w.id, state=self.state.value, scope=f"{w.scope_kind.value} {w.scope}", until=w.expires_on.isoformat(),
            approved_by=w.approved_by, measure=w.measure, why=self.why,
        )  # fmt: skip


def standing(waiver: Waiver, law: Law, at: datetime, system: System | None = None) -> Standing:
    """What a waiver is worth.

    Args:
        system: the system that its host or system is; None for an agency.
    """
    lapse = law.lapse(waiver) or (is_pinned(waiver, system) if system else "")
    if waiver.removed_at is not None:
        lapse = f"system {waiver.system} was removed on {civil_day(waiver.removed_at)}"
    state = waiver.state(at, lapse)
    why = {
        WaiverState.EXPIRED: f"its last day was {waiver.expires_on}",
        WaiverState.LAPSED: lapse,
        WaiverState.REVOKED: f"revoked by {waiver.revoked_by}: {waiver.revoked_why}",
    }
    return Standing(waiver, state, why.get(state, ""))


def standings(registry: Registry, at: datetime | None = None, law: Law | None = None) -> list[Standing]:
    """All waivers of a registry and what they are worth, oldest first."""
    at = at or now()
    waivers = Waivers(registry).waivers()
    if not waivers:
        return []
    law = law or Law.on(civil_day(at))
    systems = {r.spec.name: r.spec for r in registry.systems()}
    return [standing(w, law, at, systems.get(w.system or "")) for w in waivers]


def applied(
    results: Iterable[Result], found: Sequence[Standing], records: Mapping[str, SystemRecord]
) -> tuple[Result, ...]:
    """The results with the waivers that concern them; what earlier waivers said about them is forgotten.

    Of several valid ones the narrowest counts: host before system before agency; of these the one that lasts longest.
    Where none is valid, an unmet control names the narrowest, newest one that has ended, and why.
    """
    by_control: dict[str, list[Standing]] = {}
    for s in found:
        by_control.setdefault(s.waiver.control, []).append(s)
    return tuple(_applied(r, by_control.get(r.control, ()), records) for r in results)


def _applied(result: Result, found: Iterable[Standing], records: Mapping[str, SystemRecord]) -> Result:
    if result.waiver:
        result = replace(result, state=ResultState(result.true_state or result.state), true_state="", waiver=None)
    record = records.get(result.system)
    if record is None or result.state is ResultState.NOT_APPLICABLE:
        return result
    mine = [_for_system(s, record.spec) for s in found if _covers(s.waiver, result, record)]
    if valid := [s for s in mine if s.state is WaiverState.VALID]:
        best = min(valid, key=lambda s: (_narrowness(s), date.max - s.waiver.expires_on, s.waiver.id))
        if result.state is ResultState.NOT_MET:
            return replace(result, state=ResultState.WAIVED, true_state=result.state.value, waiver=best.note)
        return replace(result, waiver=best.note)
    ended = [s for s in mine if s.waiver.approved_at and s.state is not WaiverState.PROPOSED]
    if ended and result.state is ResultState.NOT_MET:
        newest_first = sorted(ended, key=lambda s: s.waiver.proposed_at, reverse=True)
        return replace(result, waiver=min(newest_first, key=_narrowness).note)
    return result


def _covers(waiver: Waiver, result: Result, record: SystemRecord) -> bool:
    if waiver.scope_kind is ScopeKind.HOST:
        return result.kind == "host" and result.scope == waiver.scope
    if waiver.scope_kind is ScopeKind.SYSTEM:
        return result.system == waiver.scope
    return record.agency.code == waiver.scope


def _for_system(found: Standing, system: System) -> Standing:
    """An agency's waiver is pinned to the levels that its systems had; it says nothing about others."""
    if found.state is WaiverState.VALID and (why := is_pinned(found.waiver, system)):
        return Standing(found.waiver, WaiverState.LAPSED, why)
    return found


def _narrowness(found: Standing) -> int:
    return NARROWEST_FIRST[found.waiver.scope_kind]


def propose(
    registry: Registry, control_id: str, kind: ScopeKind, scope: str, *, reason: str, measure: str, by: str,
    until: date, at: datetime | None = None, law: Law | None = None,
) -> Standing:  # fmt: skip
    """Propose a waiver, pinned to what the control demands in this scope today.

    Raises:
        UnknownNameError: there is no such control, host, system or agency.
        InputError, InputErrors: nothing is demanded there, a text is missing, or the last day is not possible.
        RefusedError: the same waiver was revoked before.
    """
    at = at or now()
    law = law or Law.on(civil_day(at))
    control = law.catalogue.control(control_id)
    where = f"{control_id}, {kind.value} {scope}"
    if kind is ScopeKind.HOST and not concerns(control, "host"):
        raise InputError(f"{control_id} is not judged for hosts", where=where, do="name its system: --system NAME")
    systems = _systems(registry, kind, scope)
    pins = law.pins(control_id, systems)
    if not pins:
        levels = ", ".join(dict.fromkeys(str(int(s.level)) for s in systems))
        raise InputError(
            f"there is nothing to waive: {control_id} demands nothing at level {levels}" if systems
            else f"nothing of {kind.value} {scope} is in use",
            where=where, do=f"hatang control show {control_id}",
        )  # fmt: skip
    own = None if kind is ScopeKind.AGENCY else systems[0].name
    try:
        proposal = WaiverProposal(
            control=control_id, scope_kind=kind, scope=scope, system=own, reason=reason, measure=measure,
            proposed_by=by, expires_on=until, pins=pins,
        )  # fmt: skip
    except ValidationError as exc:
        raise InputErrors([_fault(str(e["loc"][0]), e["msg"]) for e in exc.errors()]) from exc
    waiver = Waivers(registry).propose(proposal, at)
    return standing(waiver, law, at, None if own is None else systems[0])


def approve(
    registry: Registry, waiver_id: str, by: str, note: str = "", at: datetime | None = None, law: Law | None = None
) -> Standing:
    """Approve a waiver whose demand still stands.

    Raises:
        RefusedError: the approver proposed it, it lapsed, is over or revoked, or another person approved it.
        UnknownNameError: no such waiver.
    """
    at = at or now()
    found = one(registry, waiver_id, at, law)
    if found.state is WaiverState.LAPSED:
        raise RefusedError(
            f"waiver {waiver_id} has lapsed: {found.why}",
            where=f"registry, waiver {waiver_id}",
            do="propose a new one for what is demanded now",
        )
    Waivers(registry).approve(waiver_id, by, note, at)
    return one(registry, waiver_id, at, law)


def one(registry: Registry, waiver_id: str, at: datetime | None = None, law: Law | None = None) -> Standing:
    """One waiver and what it is worth. Raises UnknownNameError."""
    at = at or now()
    waiver = Waivers(registry).waiver(waiver_id)
    system = registry.system(waiver.system).spec if waiver.system else None
    return standing(waiver, law or Law.on(civil_day(at)), at, system)


def _systems(registry: Registry, kind: ScopeKind, scope: str) -> list[System]:
    """The systems that a scope lies in, or holds, without removed ones. Raises UnknownNameError."""
    if kind is ScopeKind.AGENCY:
        registry.agency(scope)
        found = [r for r in registry.systems() if r.agency.code == scope]
    else:
        found = [registry.system(Waivers(registry).system_of_host(scope) if kind is ScopeKind.HOST else scope)]
    return [r.spec for r in found if r.state != "removed"]


def _fault(field: str, message: str) -> InputError:
    return InputError(
        f"{field.replace('_', ' ')}: {message[0].lower()}{message[1:]}",
        where=OPTIONS.get(field, field),
        do="say it in a sentence that an auditor understands" if field != "proposed_by" else "give the person's name",
    )
