"""Reviews, drills and documents as the registry keeps them: recorded, perhaps withdrawn, never changed.

What a record is worth today is no matter of the registry: it depends on the catalogue (hatang.audit.kept).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from hatang.errors import InputError, RefusedError, UnknownNameError
from hatang.model.review import EARLIEST, Review, ReviewEntry, ReviewScope, plain
from hatang.model.waiver import civil_day, person_key
from hatang.registry import review_tables as r
from hatang.registry import tables as t
from hatang.registry.store import Registry
from hatang.registry.unknown import unknown


class Reviews:
    """What people put on record at a site."""

    def __init__(self, registry: Registry) -> None:
        self._reading, self._writing = registry._reading, registry._writing

    def record(self, entry: ReviewEntry, at: datetime | None = None) -> Review:
        """Keep one record. Raises like `record_all`."""
        return self.record_all([entry], at)[0]

    def record_all(self, entries: Sequence[ReviewEntry], at: datetime | None = None) -> list[Review]:
        """Keep records, all or none; the same content again is the same record.

        Args:
            at: the moment; now.

        Raises:
            InputError: a day is in the future, or before 2000.
            RefusedError: one of these very records was withdrawn, or its system was removed since.
        """
        at = at or t.now()
        today = civil_day(at)
        for entry in entries:
            if entry.day > today:
                raise InputError(
                    f"{entry.day} is in the future", where="--day", do=f"record what was done, up to {today}"
                )
            if entry.day < EARLIEST:
                raise InputError(
                    f"{entry.day} is before {EARLIEST}", where="--day", do="write the year of the review or document"
                )
        with self._writing() as session:
            return [_keep(session, entry, at) for entry in entries]

    def withdraw(self, review_id: str, by: str, reason: str, at: datetime | None = None) -> Review:
        """Take a wrong record back; the same person's second time is the first.

        Raises:
            InputError: person or reason is missing, or holds control characters.
            RefusedError: another person withdrew it already.
            UnknownNameError: no such record.
        """
        by, reason = by.strip(), reason.strip()
        for text, option in ((by, "--by"), (reason, "--reason")):
            if len(text) < 3:
                raise InputError("this is too short to tell anything", where=option, do="write at least 3 characters")
            try:
                plain(text)
            except ValueError as exc:
                raise InputError(str(exc), where=option, do="write it on one line, in plain characters") from exc
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
            if found := _reviews(session, r.ReviewRow.id == review_id):
                return found[0]
            known = session.scalars(select(r.ReviewRow.id))
            raise unknown("record", review_id, known, "hatang review records shows all")

    def reviews(self) -> list[Review]:
        """All records, oldest first, withdrawn ones too."""
        with self._reading() as session:
            return _reviews(session)

    def of_system(self, system: str) -> list[Review]:
        """Records that count for a system: its own, its agency's, the site's. Raises UnknownNameError."""
        with self._reading() as session:
            row = session.get(t.SystemRow, system)
            if row is None:
                raise UnknownNameError(f"no system is called {system}", where="registry", do="hatang system list")
            agency = and_(r.ReviewRow.scope_kind == "agency", r.ReviewRow.scope == row.agency_code)
            site = r.ReviewRow.scope_kind == "site"
            found = _reviews(session, or_(r.ReviewRow.system == system, agency, site))
        return [x for x in found if x.stands]


def _keep(session: Session, entry: ReviewEntry, at: datetime) -> Review:
    key = entry.digest[:12]
    if session.get(r.ReviewRow, key) is None:
        session.add(_row(key, entry, at))
        session.flush()
    found = _reviews(session, r.ReviewRow.id == key)[0]
    if not found.stands:
        fate = "withdrawn" if found.withdrawn_at else "made before the system was removed"
        raise RefusedError(
            f"the same record of {entry.control} is there and was {fate}",
            where=f"registry, record {key}",
            do="say in --note what is different now",
        )
    return found


def _row(key: str, entry: ReviewEntry, at: datetime) -> r.ReviewRow:
    return r.ReviewRow(
        id=key, control=entry.control, scope_kind=entry.scope_kind.value, scope=entry.scope,
        system=entry.scope if entry.scope_kind is ReviewScope.SYSTEM else None, day=entry.day, recorded_by=entry.by,
        document=entry.document, sha256=entry.sha256, note=entry.note, succeeded=entry.succeeded,
        covers=sorted(set(entry.covers)), created_at=at,
    )  # fmt: skip


def _reviews(session: Session, which: ColumnElement[bool] | None = None) -> list[Review]:
    """These records, or all of them, oldest first, with what came of them."""
    query = select(r.ReviewRow)
    rows = session.scalars(query if which is None else query.where(which)).all()
    if not rows:
        return []
    gone = select(r.ReviewWithdrawalRow)
    if which is not None:
        gone = gone.where(r.ReviewWithdrawalRow.review_id.in_([row.id for row in rows]))
    withdrawn = {w.review_id: w for w in session.scalars(gone)}
    removed: dict[str, list[datetime]] = {}
    for state in session.scalars(select(t.SystemStateRow).where(t.SystemStateRow.state == "removed")):
        removed.setdefault(state.system, []).append(state.created_at)
    found = [_review(row, withdrawn.get(row.id), removed.get(row.system or "", ())) for row in rows]
    return sorted(found, key=lambda x: (x.day, x.recorded_at, x.id))


def _review(row: r.ReviewRow, gone: r.ReviewWithdrawalRow | None, removed: Iterable[datetime]) -> Review:
    """A record. A system of its name that comes after a removal is another one."""
    return Review(
        id=row.id, control=row.control, scope_kind=ReviewScope(row.scope_kind), scope=row.scope, system=row.system,
        day=row.day, by=row.recorded_by, document=row.document, sha256=row.sha256, note=row.note,
        succeeded=row.succeeded, covers=tuple(row.covers), recorded_at=row.created_at,
        withdrawn_by=gone.withdrawn_by if gone else "", withdrawn_at=gone.created_at if gone else None,
        withdrawn_why=gone.reason if gone else "",
        removed_at=min((at for at in removed if at > row.created_at), default=None),
    )  # fmt: skip
