"""How what people put on record is changed for a mutation: withdrawn, and perhaps made anew with a difference.

Rows of records are never changed, so that is also all that a person can do. The system must have been in use for longer
than any interval, with a record of the control: only then is anything due.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from hatang.model.review import Review, ReviewEntry, ReviewScope
from hatang.model.waiver import civil_day
from hatang.policies.mutations.place import Undo
from hatang.registry import Registry
from hatang.registry.reviews import Reviews
from hatang.registry.tables import now

TOO_OLD = timedelta(days=400)  # longer than any interval of the catalogue
ELSEWHERE = "H99.99"  # an agency that does not exist
PERSON = "Nguyễn Thị Ví Dụ"


def aged(registry: Registry, system: str, control: str) -> Undo:
    """Nobody did it again: the only record is of long ago."""
    return _replaced(registry, system, control, lambda r: {"day": civil_day(now()) - TOO_OLD})


def displaced(registry: Registry, system: str, control: str) -> Undo:
    """It was done, but for another agency."""
    return _replaced(registry, system, control, lambda r: {"scope_kind": ReviewScope.AGENCY, "scope": ELSEWHERE})


def failed(registry: Registry, system: str, control: str) -> Undo:
    """It was done, and did not succeed."""
    return _replaced(registry, system, control, lambda r: {"succeeded": False})


def shortened(registry: Registry, system: str, control: str) -> Undo:
    """The document forgets a server."""
    return _replaced(registry, system, control, lambda r: {"covers": r.covers[1:]})


def altered(registry: Registry, system: str, control: str, **changes: object) -> Undo:
    """The record says something else."""
    return _replaced(registry, system, control, lambda r: changes)


def withdrawn(registry: Registry, system: str, control: str) -> Undo:
    """Somebody takes the record back."""
    return _replaced(registry, system, control, None)


def _replaced(
    registry: Registry, system: str, control: str, change: Callable[[Review], dict[str, object]] | None
) -> Undo:
    """All records of the control withdrawn; the newest made anew with a change."""
    reviews = Reviews(registry)
    there = [r for r in reviews.of_system(system) if r.control == control]
    last = there[-1]
    for review in there:
        reviews.withdraw(review.id, PERSON, "mutation of the proof")
    if change is not None:
        reviews.record(_entry(last, f"instead of {last.id}", **change(last)))
    return lambda: _again(reviews, last)


def _again(reviews: Reviews, last: Review) -> None:
    for review in reviews.reviews():
        if review.control == last.control and review.stands:
            reviews.withdraw(review.id, PERSON, "repair of the proof")
    reviews.record(_entry(last, f"again, for {last.id}"))


def _entry(review: Review, note: str, **changes: object) -> ReviewEntry:
    data = {k: getattr(review, k) for k in ReviewEntry.model_fields}
    return ReviewEntry.model_validate(data | {"note": note} | changes)
