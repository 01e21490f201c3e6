"""Reviews, drills and documents as the registry keeps them: recorded, perhaps withdrawn, never changed.

What a record is worth today is no matter of the registry: it depends on the catalogue (hatang.audit.kept).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from hatang.errors import InputError, RefusedError, UnknownNameError
from hatang.model.review import Review, ReviewEntry, ReviewScope
from hatang.model.waiver import civil_day, person_key
from hatang.registry import review_tables as r
from hatang.registry import tables as t
from hatang.registry.store import Registry
from hatang.suggestions import did_you_mean


class Reviews:
    """What people put on record at a site."""

    def __init__(self, registry: Registry) -> None:
        self._reading, self._writing = registry._reading, registry._writing

    def record(self, entry: ReviewEntry, at: datetime | None = None) -> Review:
        """Keep a record; the same content again is the same record.

        Args:
            at: the moment; now.

        Raises:
            InputError: its day is in the future.
            RefusedError: this very record was withdrawn, or its system was removed since.
        """
        at = at or t.now()
        if entry.day > (today := civil_day(at)):
            raise InputError(
                f"{entry.day} is in the future", where="--day", do=f"record what was done, up to {today}"
            )
        key = entry.digest[:12]
        with self._writing() as session:
            if session.get(r.ReviewRow, key) is None:
                session.add(_row(key, entry, at))
                session.flush()
            found = _review(session, session.get_one(r.ReviewRow, key))
        if not found.stands:
            fate = "withdrawn" if found.withdrawn_at else "made before the system was removed"
            raise RefusedError(
                f"the same record is there and was {fate}",
                where=f"registry, record {key}",
                do="say in --note what is different now",
            )
        return found

    def withdraw(self, review_id: str, by: str, reason: str, at: datetime | None = None) -> Review:
        """Take a wrong record back; the same person's second time is the first.

        Raises:
            InputError: person or reason is missing.
            RefusedError: another person withdrew it already.
            UnknownNameError: no such record.
        """
        by, reason = by.strip(), reason.strip()
        for text, option in ((by, "--by"), (reason, "--reason")):
            if len(text) < 3:
                raise InputError("this is too short to tell anything", where=option, do="write at least 3 characters")
        self.review(review_id)
        with self._writing() as session:
            if session.get(r.ReviewWithdrawalRow, review_id) is None:
                session.add(
                    r.ReviewWithdrawalRow(
                        review_id=review_id, withdrawn_by=by, reason=reason, created_at=at or t.now()
                    )
                )  # fmt: skip
        found = self.review(review_id)
        if person_key(by) != person_key(found.withdrawn_by):
            raise RefusedError(
                f"record {review_id} was withdrawn by {found.withdrawn_by} already",
                where=f"registry, record {review_id}",
                do=f"read it: hatang review show {review_id}",
            )
        return found

    def review(self, review_id: str) -> Review:
        """One record. Raises UnknownNameError."""
        with self._reading() as session:
            row = session.get(r.ReviewRow, review_id)
            if row is None:
                known = sorted(session.scalars(select(r.ReviewRow.id)))
                do = did_you_mean(review_id, known, "hatang review records shows all")
                raise UnknownNameError(f"no record is called {review_id}", where="registry", do=do)
            return _review(session, row)

    def reviews(self) -> list[Review]:
        """All records, oldest first, withdrawn ones too."""
        with self._reading() as session:
            rows = sorted(session.scalars(select(r.ReviewRow)), key=lambda x: (x.day, x.created_at, x.id))
            return [_review(session, row) for row in rows]

    def of_system(self, system: str) -> list[Review]:
        """Records that count for a system: its own, its agency's, the site's. Raises UnknownNameError."""
        with self._reading() as session:
            row = session.get(t.SystemRow, system)
            if row is None:
                raise UnknownNameError(f"no system is called {system}", where="registry", do="hatang system list")
            agency = row.agency_code
        return [x for x in self.reviews() if x.stands and _covers(x, system, agency)]


def _covers(review: Review, system: str, agency: str) -> bool:
    if review.scope_kind is ReviewScope.SYSTEM:
        return review.system == system
    return review.scope_kind is ReviewScope.SITE or review.scope == agency


def _row(key: str, entry: ReviewEntry, at: datetime) -> r.ReviewRow:
    return r.ReviewRow(
        id=key, control=entry.control, scope_kind=entry.scope_kind.value, scope=entry.scope,
        system=entry.scope if entry.scope_kind is ReviewScope.SYSTEM else None, day=entry.day, recorded_by=entry.by,
        document=entry.document, sha256=entry.sha256, note=entry.note, succeeded=entry.succeeded,
        covers=sorted(set(entry.covers)), created_at=at,
    )  # fmt: skip


def _review(session: Session, row: r.ReviewRow) -> Review:
    gone = session.get(r.ReviewWithdrawalRow, row.id)
    return Review(
        id=row.id, control=row.control, scope_kind=ReviewScope(row.scope_kind), scope=row.scope, system=row.system,
        day=row.day, by=row.recorded_by, document=row.document, sha256=row.sha256, note=row.note,
        succeeded=row.succeeded, covers=tuple(row.covers), recorded_at=row.created_at,
        withdrawn_by=gone.withdrawn_by if gone else "", withdrawn_at=gone.created_at if gone else None,
        withdrawn_why=gone.reason if gone else "", removed_at=_removed_since(session, row),
    )  # fmt: skip


def _removed_since(session: Session, row: r.ReviewRow) -> datetime | None:
    """A system of that name that comes later is another one."""
    if row.system is None:
        return None
    removed = select(t.SystemStateRow.created_at).where(
        t.SystemStateRow.system == row.system,
        t.SystemStateRow.state == "removed",
        t.SystemStateRow.created_at > row.created_at,
    )
    return session.scalars(removed.order_by(t.SystemStateRow.id).limit(1)).first()
