"""Putting a review, drill or document on record, where a control demands it and a record means something to it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from pathlib import Path

from pydantic import ValidationError

from hatang import digests
from hatang.catalogue import load
from hatang.catalogue.recorded import is_recorded
from hatang.catalogue.resolver import resolve
from hatang.catalogue.strictest import is_demanded
from hatang.errors import InputError, InputErrors
from hatang.model.control import Control
from hatang.model.review import SITE, Review, ReviewEntry, ReviewScope
from hatang.registry import Registry, SystemRecord
from hatang.registry.reviews import Reviews

OPTIONS = {"by": "--by", "document": "--document", "note": "--note"}
REMEDIES = {
    "by": "give the person's name, 3 to 200 characters",
    "document": "give the file a name of at most 200 plain characters",
    "note": "write at most 2,000 characters on one line",
}


def record(
    registry: Registry, controls: Sequence[str], kind: ReviewScope, scope: str, *, day: date, by: str, document: Path,
    note: str = "", succeeded: bool = True, covers: Collection[str] = (), at: datetime | None = None,
) -> list[Review]:  # fmt: skip
    """Put on record what a person did, for one control or several that one document covers: for all of them or none.

    The file itself is not kept, its name and SHA-256 are.

    Args:
        scope: name of the system or code of the agency; for the site nothing.
        covers: hosts that the document names.

    Raises:
        UnknownNameError: there is no such control, system, agency or host.
        InputError, InputErrors: a record means nothing to a control, nothing is demanded there, or a text is wrong.
        RefusedError: the same record was withdrawn before.
    """
    wanted = [load().control(name) for name in dict.fromkeys(controls)]
    systems = _systems(registry, kind, scope)
    for control in wanted:
        _require_meaning(control, systems, f"{control.id}, {kind.value} {scope}".rstrip())
    known = {h.name for s in systems for h in registry.hosts(s.spec.name)}
    if strange := sorted(set(covers) - known):
        raise InputError(
            f"no host there is called {', '.join(strange)}", where="--covers", do="hatang host list shows all"
        )
    named, sha256 = tuple(sorted(set(covers))), digest(document)  # read once: all records are of the same bytes
    try:
        entries = [
            ReviewEntry(
                control=control.id, scope_kind=kind, scope=scope or SITE, day=day, by=by, document=document.name,
                sha256=sha256, note=note, succeeded=succeeded, covers=named,
            )
            for control in wanted
        ]  # fmt: skip
    except ValidationError as exc:
        raise InputErrors([_fault(str(e["loc"][0]), e["msg"]) for e in exc.errors()]) from exc
    return Reviews(registry).record_all(entries, at)


def _require_meaning(control: Control, systems: Sequence[SystemRecord], where: str) -> None:
    """Raises InputError: no record says anything about this control, or nothing is demanded there."""
    if not is_recorded(control):
        raise InputError(
            f"{control.id} is judged without any record: verified by {', '.join(w.value for w in control.verified_by)}",
            where=control.id, do=f"hatang control show {control.id}",
        )  # fmt: skip
    if not systems:
        raise InputError("no system is in use there", where=where, do="hatang system list shows all")
    if not any(_demands(control, s) for s in systems):
        raise InputError(f"{control.id} demands nothing there", where=where, do=f"hatang control show {control.id}")


def digest(file: Path) -> str:
    """SHA-256 of a file. Raises InputError: it cannot be read, or is empty."""
    try:
        found, size = digests.of_file(file), file.stat().st_size
    except OSError as exc:
        raise InputError(
            f"this file cannot be read: {exc.strerror}", where=str(file), do="name a file that is there"
        ) from exc
    if not size:
        raise InputError("this file is empty", where=str(file), do="name the document itself")
    return found


def _systems(registry: Registry, kind: ReviewScope, scope: str) -> list[SystemRecord]:
    """The systems that a record would count for, without removed ones. Raises UnknownNameError."""
    if kind is ReviewScope.SYSTEM:
        found = [registry.system(scope)]
    elif kind is ReviewScope.AGENCY:
        registry.agency(scope)
        found = [r for r in registry.systems() if r.agency.code == scope]
    else:
        found = registry.systems()
    return [r for r in found if r.state != "removed"]


def _demands(control: Control, record: SystemRecord) -> bool:
    return is_demanded(resolve(control, record.spec.level, record.spec.sources).value)


def _fault(field: str, message: str) -> InputError:
    message = message.removeprefix("Value error, ")
    return InputError(
        f"{field}: {message[0].lower()}{message[1:]}", where=OPTIONS.get(field, field),
        do=REMEDIES.get(field, "correct it"),
    )  # fmt: skip
