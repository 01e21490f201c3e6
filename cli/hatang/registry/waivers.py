"""Waivers as the registry keeps them: proposed, approved, revoked, each a row that is never changed.

What a waiver is worth today is no matter of the registry: it depends on the catalogue (hatang.audit.waivers).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from hatang.errors import InputError, RefusedError
from hatang.model.waiver import (
    LONGEST_DAYS,
    Demand,
    Pin,
    ScopeKind,
    Waiver,
    WaiverProposal,
    WaiverState,
    civil_day,
    person_key,
)
from hatang.registry import tables as t
from hatang.registry import waiver_tables as w
from hatang.registry.store import Registry
from hatang.registry.unknown import unknown


class Waivers:
    """The waivers of a site."""

    def __init__(self, registry: Registry) -> None:
        self._reading, self._writing = registry._reading, registry._writing

    def propose(self, proposal: WaiverProposal, at: datetime | None = None) -> Waiver:
        """Record a proposal; the same content again is the same waiver.

        Args:
            at: the moment; now.

        Raises:
            InputError: its last day is not in the future, or too far in it.
            RefusedError: this very waiver was revoked, or its system was removed since.
        """
        at = at or t.now()
        _check_expiry(proposal, at)
        key = proposal.digest[:12]
        with self._writing() as session:
            if session.get(w.WaiverRow, key) is None:
                _add(session, key, proposal, at)
            waiver = _waiver(session, session.get_one(w.WaiverRow, key))
        if waiver.state(at) in (WaiverState.REVOKED, WaiverState.LAPSED):
            raise RefusedError(
                f"the same waiver was proposed before and is {waiver.state(at)}",
                where=f"registry, waiver {key}",
                do="say in --reason what is different now",
            )
        return waiver

    def approve(self, waiver_id: str, by: str, note: str = "", at: datetime | None = None) -> Waiver:
        """Record the approval; the same person's second one is the first.

        Raises:
            RefusedError: the approver proposed it, another person approved it already, or it is over.
            UnknownNameError: no such waiver.
        """
        at = at or t.now()
        by, where = _named(by), f"registry, waiver {waiver_id}"
        waiver = self.waiver(waiver_id)
        if person_key(by) == person_key(waiver.proposed_by):
            raise RefusedError(
                f"{by} proposed waiver {waiver_id} and may not approve it",
                where=where,
                do=f"another person approves: hatang waiver approve {waiver_id} --by NAME",
            )
        if (state := waiver.state(at)) not in (WaiverState.PROPOSED, WaiverState.VALID):
            raise RefusedError(f"waiver {waiver_id} is {state}", where=where, do="propose a new one")
        self._add_once(
            w.WaiverApprovalRow(
                waiver_id=waiver_id, proposer=person_key(waiver.proposed_by),
                approved_by=by, approver=person_key(by), note=note, created_at=at,
            )
        )  # fmt: skip
        waiver = self.waiver(waiver_id)
        if person_key(by) != person_key(waiver.approved_by):
            raise RefusedError(
                f"waiver {waiver_id} was approved by {waiver.approved_by} already",
                where=where,
                do=f"read it: hatang waiver show {waiver_id}",
            )
        return waiver

    def revoke(self, waiver_id: str, by: str, reason: str, at: datetime | None = None) -> Waiver:
        """End a waiver, or withdraw a proposal; the same person's second time is the first.

        Raises:
            InputError: no reason is given.
            RefusedError: another person revoked it already.
            UnknownNameError: no such waiver.
        """
        by, reason = _named(by), reason.strip()
        if not reason:
            raise InputError("a reason is missing", where="--reason", do="say why the waiver ends")
        self.waiver(waiver_id)
        self._add_once(
            w.WaiverRevocationRow(
                waiver_id=waiver_id, revoked_by=by, revoker=person_key(by), reason=reason, created_at=at or t.now()
            )
        )
        waiver = self.waiver(waiver_id)
        if person_key(by) != person_key(waiver.revoked_by):
            raise RefusedError(
                f"waiver {waiver_id} was revoked by {waiver.revoked_by} already",
                where=f"registry, waiver {waiver_id}",
                do=f"read it: hatang waiver show {waiver_id}",
            )
        return waiver

    def _add_once(self, row: w.WaiverApprovalRow | w.WaiverRevocationRow) -> None:
        """Add the row unless there is one."""
        with self._writing() as session:
            if session.get(type(row), row.waiver_id) is None:
                session.add(row)

    def waiver(self, waiver_id: str) -> Waiver:
        """One waiver. Raises UnknownNameError."""
        with self._reading() as session:
            row = session.get(w.WaiverRow, waiver_id)
            if row is None:
                known = session.scalars(select(w.WaiverRow.id))
                raise unknown("waiver", waiver_id, known, "hatang waiver list")
            return _waiver(session, row)

    def waivers(self) -> list[Waiver]:
        """All waivers, oldest first."""
        with self._reading() as session:
            rows = sorted(session.scalars(select(w.WaiverRow)), key=lambda r: (r.created_at, r.id))
            return [_waiver(session, row) for row in rows]

    def system_of_host(self, host: str) -> str:
        """The system that has a server of this name, or asks for one. Raises UnknownNameError."""
        with self._reading() as session:
            row = session.get(t.ServerNameRow, host)
            if row is None:
                raise unknown("host", host, session.scalars(select(t.ServerNameRow.name)), "hatang system list")
            return row.system


def _named(by: str) -> str:
    if len(person_key(by)) < 3:
        raise InputError(f"{by!r} names nobody", where="--by", do="give the person's name")
    return by.strip()


def _check_expiry(proposal: WaiverProposal, at: datetime) -> None:
    today = civil_day(at)
    latest = today + timedelta(days=LONGEST_DAYS)
    if today < proposal.expires_on <= latest:
        return
    fault = "is not in the future" if proposal.expires_on <= today else f"is more than {LONGEST_DAYS} days ahead"
    raise InputError(
        f"the last day {proposal.expires_on} {fault}", where="--until", do=f"give a day after {today}, up to {latest}"
    )


def _add(session: Session, key: str, proposal: WaiverProposal, at: datetime) -> None:
    session.add(
        w.WaiverRow(
            id=key, control=proposal.control, scope_kind=proposal.scope_kind.value, scope=proposal.scope,
            system=proposal.system, reason=proposal.reason, measure=proposal.measure, proposed_by=proposal.proposed_by,
            proposer=person_key(proposal.proposed_by), expires_on=proposal.expires_on, created_at=at,
        )
    )  # fmt: skip
    session.flush()
    for pin in proposal.pins:
        session.add(
            w.WaiverPinRow(
                waiver_id=key, level=int(pin.level), applies=",".join(pin.applies), source=pin.demand.source,
                clause=pin.demand.clause, digest=pin.demand.digest, demand=pin.demand.model_dump(mode="json"),
            )
        )  # fmt: skip
    session.flush()


def _waiver(session: Session, row: w.WaiverRow) -> Waiver:
    pins = session.scalars(select(w.WaiverPinRow).where(w.WaiverPinRow.waiver_id == row.id))
    approval = session.get(w.WaiverApprovalRow, row.id)
    revocation = session.get(w.WaiverRevocationRow, row.id)
    return Waiver(
        id=row.id, control=row.control, scope_kind=ScopeKind(row.scope_kind), scope=row.scope, system=row.system,
        reason=row.reason, measure=row.measure, proposed_by=row.proposed_by, proposed_at=row.created_at,
        expires_on=row.expires_on, pins=tuple(_pin(p) for p in sorted(pins, key=lambda p: (p.level, p.applies))),
        approved_by=approval.approved_by if approval else "", approved_at=approval.created_at if approval else None,
        note=approval.note if approval else "",
        revoked_by=revocation.revoked_by if revocation else "",
        revoked_at=revocation.created_at if revocation else None, revoked_why=revocation.reason if revocation else "",
        removed_at=_removed_since(session, row),
    )  # fmt: skip


def _pin(row: w.WaiverPinRow) -> Pin:
    applies = tuple(a for a in row.applies.split(",") if a)
    return Pin.model_validate({"level": row.level, "applies": applies, "demand": Demand.model_validate(row.demand)})


def _removed_since(session: Session, row: w.WaiverRow) -> datetime | None:
    """A system of that name that comes later is another one, and so are its hosts."""
    if row.system is None:
        return None
    removed = select(t.SystemStateRow.created_at).where(
        t.SystemStateRow.system == row.system,
        t.SystemStateRow.state == "removed",
        t.SystemStateRow.created_at > row.created_at,
    )
    return session.scalars(removed.order_by(t.SystemStateRow.id).limit(1)).first()
