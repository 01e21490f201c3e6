"""Ways in which what people put on record goes wrong: forgotten for too long, made for something else, failed, taken back.

Each is a function of the open registry and the system's name that does it and returns what puts it right again. The
system must have been in use for longer than any interval, with a record of each control: only then is anything due.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from hatang.model.review import Review, ReviewEntry, ReviewScope
from hatang.model.waiver import civil_day
from hatang.registry import Registry
from hatang.registry.reviews import Reviews
from hatang.registry.tables import now

Undo = Callable[[], None]
Mutation = Callable[[Registry, str], Undo]
TOO_OLD = timedelta(days=400)  # longer than any interval of the catalogue
PERSON = "Nguyễn Thị Ví Dụ"


def too_old(control: str) -> Mutation:
    """Nobody did it again: the only record is of long ago."""
    return _replaced(control, lambda r: {"day": civil_day(now()) - TOO_OLD})


def elsewhere(control: str) -> Mutation:
    """It was done, but for another agency."""
    return _replaced(control, lambda r: {"scope_kind": ReviewScope.AGENCY, "scope": "H99.99"})


def failed(control: str) -> Mutation:
    """It was done, and did not succeed."""
    return _replaced(control, lambda r: {"succeeded": False})


def host_left_out(control: str) -> Mutation:
    """The document forgets a server."""
    return _replaced(control, lambda r: {"covers": r.covers[1:]})


def withdrawn(control: str) -> Mutation:
    """Somebody takes the record back."""
    return _replaced(control, None)


def _replaced(control: str, change: Callable[[Review], dict[str, object]] | None) -> Mutation:
    """All records of the control withdrawn; the newest made anew with a change."""

    def mutate(registry: Registry, system: str) -> Undo:
        reviews = Reviews(registry)
        there = [r for r in reviews.of_system(system) if r.control == control]
        last = there[-1]
        for review in there:
            reviews.withdraw(review.id, PERSON, "mutation of the proof")
        if change is not None:
            reviews.record(_entry(last, f"instead of {last.id}", **change(last)))
        return lambda: _again(reviews, last)

    return mutate


def _again(reviews: Reviews, last: Review) -> None:
    for review in reviews.reviews():
        if review.control == last.control and review.stands:
            reviews.withdraw(review.id, PERSON, "repair of the proof")
    reviews.record(_entry(last, f"again, for {last.id}"))


def _entry(review: Review, note: str, **changes: object) -> ReviewEntry:
    data = {k: getattr(review, k) for k in ReviewEntry.model_fields}
    return ReviewEntry.model_validate(data | {"note": note} | changes)


acc_03_too_old = too_old("ACC-03")
acc_03_elsewhere = elsewhere("ACC-03")
acc_12_too_old = too_old("ACC-12")
acc_12_elsewhere = elsewhere("ACC-12")
ast_02_too_old = too_old("AST-02")
ast_02_elsewhere = elsewhere("AST-02")
ast_03_too_old = too_old("AST-03")
ast_03_elsewhere = elsewhere("AST-03")
ast_04_too_old = too_old("AST-04")
ast_04_elsewhere = elsewhere("AST-04")
bkp_08_too_old = too_old("BKP-08")
bkp_08_elsewhere = elsewhere("BKP-08")
bkp_12_too_old = too_old("BKP-12")
bkp_12_elsewhere = elsewhere("BKP-12")
cfg_04_too_old = too_old("CFG-04")
cfg_04_elsewhere = elsewhere("CFG-04")
cfg_12_too_old = too_old("CFG-12")
cfg_12_elsewhere = elsewhere("CFG-12")
cfg_14_too_old = too_old("CFG-14")
cfg_14_elsewhere = elsewhere("CFG-14")
cfg_15_too_old = too_old("CFG-15")
cfg_15_elsewhere = elsewhere("CFG-15")
dat_10_too_old = too_old("DAT-10")
dat_10_elsewhere = elsewhere("DAT-10")
dev_03_too_old = too_old("DEV-03")
dev_03_elsewhere = elsewhere("DEV-03")
inc_01_too_old = too_old("INC-01")
inc_01_elsewhere = elsewhere("INC-01")
log_12_too_old = too_old("LOG-12")
log_12_elsewhere = elsewhere("LOG-12")
log_19_too_old = too_old("LOG-19")
log_19_elsewhere = elsewhere("LOG-19")
mon_06_too_old = too_old("MON-06")
mon_06_elsewhere = elsewhere("MON-06")
net_18_too_old = too_old("NET-18")
net_18_elsewhere = elsewhere("NET-18")
sac_15_too_old = too_old("SAC-15")
sac_15_elsewhere = elsewhere("SAC-15")
vul_01_too_old = too_old("VUL-01")
vul_01_elsewhere = elsewhere("VUL-01")
vul_02_too_old = too_old("VUL-02")
vul_02_elsewhere = elsewhere("VUL-02")
bkp_08_failed = failed("BKP-08")
cfg_01_withdrawn = withdrawn("CFG-01")
cfg_01_elsewhere = elsewhere("CFG-01")
dat_14_withdrawn = withdrawn("DAT-14")
dat_14_elsewhere = elsewhere("DAT-14")
hst_04_withdrawn = withdrawn("HST-04")
hst_04_elsewhere = elsewhere("HST-04")
bkp_01_host_left_out = host_left_out("BKP-01")
bkp_01_withdrawn = withdrawn("BKP-01")
net_20_failed = failed("NET-20")
net_20_elsewhere = elsewhere("NET-20")
