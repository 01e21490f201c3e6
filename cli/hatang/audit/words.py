"""The words of reports, in the language in use: states, provenance marks, values, sources, what was found."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from hatang.audit.join import BESIDE
from hatang.audit.results import CheckRun, Result
from hatang.audit.values import shown
from hatang.audit.waived import beside, told
from hatang.locale import _, language
from hatang.model.terms import ResultState

if TYPE_CHECKING:
    from hatang.model.base import Text
    from hatang.model.control import Control


def states() -> dict[str, str]:
    """The word for each state (design.md, section 6)."""
    return {
        "met": _("met"),
        "partly": _("partly"),
        "not-met": _("NOT MET"),
        "not-checked": _("NOT CHECKED"),
        "not-automated": _("not checked automatically"),
        "not-applicable": _("not applicable"),
        "waived": _("waived"),
    }


def tallied() -> dict[str, str]:
    """The word for each state where results are counted: there too, what is met says how little that proves."""
    return states() | {"met": _("met (values not compared with originals)")}


def meanings() -> dict[str, str]:
    """What each state means."""
    return {
        "met": _("Every check passed. The value itself was not compared with a signed original: see the mark."),
        "partly": _("Every check passed, but they prove only a part; the remark says what is left."),
        "not-met": _("A check found something else than is demanded."),
        "not-checked": _("The host could not be reached, a check broke or gave no result. Never a pass."),
        "not-automated": _(
            "No check exists, it cannot be made on this kind of host, or what it looks for is not due yet. "
            "A person must look."
        ),
        "not-applicable": _("No applicable source demands it at this level."),
        "waived": _("Not met, and an approved waiver accepts that until its last day. Never counts as met."),
    }


def marks() -> dict[str, str]:
    """What stands behind "met" and "partly": nobody has compared a value with its signed original."""
    return {
        "A": _(" — not compared with the signed text"),
        "B2": _(" (secondary source)"),
        "B1": _(" — NOT VERIFIED"),
        "own": _(" — hatang's own choice, no source"),
    }


def mark_meanings() -> dict[str, str]:
    """How a value with this mark was read."""
    return {
        "A": _("full text read from a public copy; not compared with the signed text"),
        "B2": _("secondary source: paraphrased alike by at least two readers, who may both be wrong"),
        "B1": _("secondary source: paraphrased by one reader; not verified"),
        "own": _("the law names no value: hatang's own choice"),
    }


def judged(result: Result) -> str:
    """What was found, in words, with what the mark means; beside it the waiver, in force or ended."""
    found = result.true_state or result.state.value
    return beside(stated(found, result.mark), result.waiver, result.state is ResultState.WAIVED)


def stated(state: str, mark: str) -> str:
    """The state in words; what is met by a value that nobody verified says so. A mark that is not known is no mark."""
    if state not in ("met", "partly"):
        return states()[state]
    return states()[state] + marks().get(mark, _(" — provenance unknown, NOT VERIFIED"))


def marked(mark: str) -> str:
    """A provenance mark with its meaning; empty where nothing is demanded."""
    if not mark:
        return ""
    return f"{mark}: " + mark_meanings().get(mark, _("provenance unknown, not verified"))


def demanded(result: Result) -> str:
    """The value demanded; where the law gives no number, ours, said to be ours."""
    control = _control(result)
    text = shown(result.value, result.unit, control.explained_words() if control else None)
    if not result.own_value:
        return text
    number, _space, unit = result.own_value.partition(" ")
    own = shown(number, unit)
    return _("{text} ({own}: hatang's number, the law gives none)").format(text=text, own=own)


def _control(result: Result) -> Control | None:
    """The control of a result; None: a report of another version names one that is gone."""
    from hatang.catalogue import load

    return load().controls.get(result.control)


def cited(result: Result) -> str:
    """The source that decided, with clause and mark."""
    return f"{result.source} {result.clause}".strip() + (f" [{result.mark}]" if result.mark else "")


def source_numbers(result: Result) -> str:
    """The deciding sources by the numbers that they are cited by."""
    from hatang.catalogue.sources import sources

    known = sources()
    return " + ".join(known[s].number if s in known else s for s in result.source.split(" + "))


def titles() -> dict[str, str]:
    """Title of each control."""
    from hatang.catalogue import load

    return {c.id: c.title.in_(language()) for c in load().controls.values()}


def notes() -> dict[str, str]:
    """The note of each control that has one."""
    from hatang.catalogue import load

    return {c.id: c.note.in_(language()) for c in load().controls.values() if c.note}


def explained(result: Result) -> tuple[str, str]:
    """What was found and which waiver there is, and the language: what a check itself says is English."""
    remark, lang = _found(result)
    return told(remark, result.waiver), lang if remark else language()


def _found(result: Result) -> tuple[str, str]:
    if result.state is ResultState.NOT_APPLICABLE:
        return meanings()["not-applicable"], language()
    control = _control(result) if result.state is ResultState.PARTLY else None
    if control and control.note:
        said = _beside_note(result, control.note)
        return control.note.in_(language()) + (BESIDE + (_translated(said) or said) if said else ""), language()
    if text := _translated(result.detail):
        return text, language()
    return result.detail, "en"


def _beside_note(result: Result, note: Text) -> str:
    """What the checks of a control that is proven in part say beside its note; empty: nothing."""
    beginning = f"{note.en}{BESIDE}"
    return result.detail.removeprefix(beginning) if result.detail.startswith(beginning) else ""


def _translated(detail: str) -> str:
    """What begins in one of hatang's own ways, in the language in use; empty: it does not."""
    for beginning, words in _beginnings().items():
        if detail.startswith(beginning):
            return words + detail.removeprefix(beginning)
    return ""


def _beginnings() -> dict[str, str]:
    """How hatang begins what it says itself about a check (join.py, kept.py here and in policies/checks)."""
    return {
        "not reached: ": _("not reached: "),
        "the check could not tell: ": _("the check could not tell: "),
        "the check gave no result: ": _("the check gave no result: "),
        "on record, and nobody checked what it says: ": _(
            "on record, and nobody checked what it says (day, person, document; next due): "
        ),
        "overdue; last on record: ": _("overdue; last on record (day, person, document; was due): "),
        "nothing on record; due since: ": _("nothing on record; due since: "),
        "did not succeed: ": _("did not succeed (day, person, document): "),
        "not due yet, nothing on record; first due: ": _("not due yet, nothing on record; first due: "),
        "the document on record does not cover: ": _("the document on record does not cover: "),
    }


def sources_read(run: CheckRun) -> list[tuple[str, str, str]]:
    """Number, name and what was read, of each source that decided a value of this run."""
    from hatang.catalogue.sources import sources

    used: Collection[str] = {s for r in run.results for s in r.source.split(" + ") if s}
    return [(s.number, s.name.in_(language()), s.read.note.in_(language())) for k, s in sources().items() if k in used]


def title() -> str:
    """The title of a report."""
    return _("Compliance check of hosts and systems")


def not_compared() -> str:
    """The sentence that no report goes without."""
    return _(
        "Nobody has compared any value in this report with a signed or purchased original of its source. "
        "A mark beside each value says how it was read."
    )


def kind_of(kind: str) -> str:
    """host or system, in words."""
    return _("host") if kind == "host" else _("system")
