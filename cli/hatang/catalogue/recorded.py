"""Which controls are judged by what people put on record, and at what interval.

A check of a record lives in one of RECORD_FILES; what hatang knows by itself is checked in the other test_registry_
files, and cannot be put on record by hand.
"""

from __future__ import annotations

from hatang.catalogue.ways import REGISTRY_PREFIX
from hatang.model.control import Control, Resolved, VerifiedBy
from hatang.model.review import Interval, interval_of

RECORD_FILES = ("test_registry_reviews.py", "test_registry_documents.py")
BY_PERSONS = (VerifiedBy.REGISTRY, VerifiedBy.EVIDENCE)


def is_record_check(check: str) -> bool:
    """Whether a check, file::function, judges what people put on record."""
    return check.split("::", 1)[0] in RECORD_FILES


def is_recorded(control: Control) -> bool:
    """Whether a record about this control means anything."""
    if not any(way in control.verified_by for way in BY_PERSONS):
        return False
    own = [c for c in control.checks if c.startswith(REGISTRY_PREFIX)]
    return not own or any(is_record_check(c) for c in own)


def interval(control: Control, resolved: Resolved) -> Interval | None:
    """After how long a record must be renewed, at the level that was resolved; None: it need not be."""
    if control.evidence and isinstance(control.evidence.interval, int):
        return Interval(months=control.evidence.interval)
    return interval_of(resolved.value, resolved.unit.value, resolved.own_value)


def from_start(control: Control, resolved: Resolved) -> bool:
    """Whether it must be there when a system comes into use: documents; a periodic review has its first interval."""
    return control.evidence is not None or interval(control, resolved) is None
