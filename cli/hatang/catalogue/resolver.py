"""The value in force: the strictest of the applicable sources wins, and the others are shown beside it."""

from __future__ import annotations

from collections.abc import Collection

from hatang.catalogue.strictest import Says, decide, takes_own
from hatang.model.control import Considered, Control, Mark, Resolved
from hatang.model.terms import Level


def resolve(control: Control, level: Level, applies: Collection[str] = ()) -> Resolved:
    """What a control demands at a level; the rule is that of `strictest.decide`.

    Args:
        applies: kinds of system that narrow sources apply to, e.g. {"document_storage"}.
    """
    considered = tuple(
        Considered(source=name, value=s.values.at(level), mark=s.mark, clause=s.clause)
        for name, s in control.sources.items()
        if not s.applies_to or s.applies_to in applies
    )
    said = [Says(c.source, c.value, c.mark.value, c.clause) for c in considered]
    decided = decide(control.combine.value, control.order, said)
    return Resolved(
        control=control.id,
        value=decided.value,
        unit=control.unit,
        source=decided.source,
        mark=Mark(decided.mark) if decided.mark else None,
        clause=decided.clause,
        strength=control.strength,
        considered=considered,
        own_value=control.own_value if takes_own(decided.value) else None,
    )
