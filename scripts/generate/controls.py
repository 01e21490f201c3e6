#!/usr/bin/env python3
"""docs/reference/controls.md and sources.md: the whole catalogue, from policies/. --check compares."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from collections import Counter
from collections.abc import Iterable

from scripts.generated import write_or_check

from hatang.audit.values import short
from hatang.catalogue import load
from hatang.catalogue.groups import GROUPS, group_of
from hatang.catalogue.mutations import mutations
from hatang.catalogue.proof import State, proof
from hatang.catalogue.resolver import resolve
from hatang.catalogue.sources import Source, sources
from hatang.catalogue.strictest import is_demanded
from hatang.commands.tables import markdown
from hatang.model.control import Control, VerifiedBy
from hatang.model.terms import Level

STORAGE = ("document_storage",)
INTRO = """# Controls

All {n} requirements, one file each in `policies/controls`. How the tables of requirements became these files, and what
the signs mean: [How the catalogue was made](../explanation/catalogue.md). This page is generated; do not edit it.
Nobody has compared a value with a signed or purchased original.

✓ demanded; ✓? demanded, no value named; — the source is silent. Marks: A full text of a public copy; B2 two readers;
B1 one reader.
"""
KINDS = """
## By level and way of verifying

How many controls are demanded at each level, by their main way of verifying. With a check: a test exists for it;
proven: it noticed every way of breaking it that is on file, on a real host, cloud or registry.

"""
STORED = """
The same where QCVN 12:2026/BCA applies too, that is for systems that store documents of Party and State bodies:

"""
PROOF = """
## Proof by mutation

`make prove` applies each of these controls to a real host, cloud or registry, sees its check pass, breaks it as a
careless or a hostile person would, sees the check fail and name this control and no unrelated one, repairs it with the
role or the stack (the registry: with a new record), and sees the check pass again. The mutations are in
`policies/mutations`, the record in `policies/proof.json`. Only a control whose mutations were all caught counts as
automated. *Changed* says that control, mutations or checks were changed since the proof, *not tried* that the proof is
older than the check.

"""
SOURCES = """# Sources

Laws, decrees, standards that the catalogue rests on, or that set a term: `policies/sources.yaml`. This page is
generated; do not edit it. A date that was not found is left open. `hatang control deadlines` shows what falls due for
the systems of a registry.

"""


def page() -> str:
    """The page of controls."""
    controls = list(load().controls.values())
    parts = [INTRO.format(n=len(controls)), KINDS, _by_level(controls, ()), STORED, _by_level(controls, STORAGE)]
    parts += [PROOF, _proof()]
    for key, group in GROUPS.items():
        chosen = [c for c in controls if group_of(c.id) == key]
        parts.append(f"\n## {group.en} ({group.vi})\n")
        parts += [_control(c) for c in chosen]
    return "".join(parts)


def _by_level(controls: Iterable[Control], applies: tuple[str, ...]) -> str:
    controls = list(controls)
    rows = []
    for kind in VerifiedBy:
        of_kind = [c for c in controls if c.kind is kind]
        rows.append([f"`{kind.value}`", *_demanded(of_kind, applies), *_all(of_kind)])
    rows.append(["all", *_demanded(controls, applies), *_all(controls)])
    headings = ["Verified", *(f"Level {int(lv)}" for lv in Level), "Controls", "With a check", "Proven"]
    return markdown(headings, rows)


def _demanded(controls: list[Control], applies: tuple[str, ...]) -> list[str]:
    return [str(sum(is_demanded(resolve(c, lv, applies).value) for c in controls)) for lv in Level]


def _all(controls: list[Control]) -> list[str]:
    proven = sum(proof().state(c.id) is State.PROVEN for c in controls)
    return [str(len(controls)), str(sum(c.is_automated for c in controls)), str(proven)]


def _proof() -> str:
    """Every mutation with its end, and what the proof was made with."""
    record = proof()
    made = ", ".join(f"{name} {v}" for name, v in record.versions.items())
    said = f"Last made as a whole on {record.date}, with {made}.\n\n" if record.date else "Not made yet.\n\n"
    again = [f"{c} ({kept['date']})" for c, kept in sorted(record.controls.items()) if "date" in kept]
    said += f"Proven again since: {', '.join(again)}.\n\n" if again else ""
    rows = [
        [control, record.state(control).value.replace("-", " "), m.name, m.by.value, m.on.value,
         record.controls.get(control, {}).get("mutations", {}).get(m.name, "not tried")]
        for control, found in sorted(mutations().items()) for m in found.mutations
    ]  # fmt: skip
    return said + markdown(["Control", "State", "Mutation", "By", "On", "End"], rows)


def _control(control: Control) -> str:
    words = control.explained_words()
    facts = [f"`{control.unit.value}`", control.strength.value, f"verified by {', '.join(control.verified_by)}"]
    state = proof().state(control.id)
    facts.append("not checked automatically" if state is State.NO_CHECK else f"{len(control.checks)} checks, {state}")
    lines = [f"\n### {control.id} {control.title.en}\n", f"{control.title.vi}. {'; '.join(facts)}.\n"]
    rows = [
        [f"{name} [{s.mark.value}]", s.clause, *(short(s.values.at(lv), words) for lv in Level)]
        for name, s in control.sources.items()
    ]
    lines.append(markdown(["Source", "Clause", *(f"L{int(lv)}" for lv in Level)], rows))
    said = [f"{name}{_levels(r.levels)}: {r.text.en}" for name, s in control.sources.items() for r in s.remarks]
    said += _more(control)
    lines.append("\n".join(f"- {x}" for x in said) + "\n" if said else "")
    return "\n".join(x for x in lines if x)


def _levels(levels: tuple[Level, ...]) -> str:
    return f" ({', '.join(f'L{int(lv)}' for lv in levels)})" if levels else ""


def _more(control: Control) -> list[str]:
    found = []
    if own := control.own_value:
        found.append(f"Our number, where the law gives none: {own.value} {own.unit.value}. {own.why.en}")
    if document := control.evidence:
        every = "as the value has it" if document.interval == "value" else f"{document.interval} months, ours"
        found.append(f"Document: {document.document.en} ({every}; {document.owner.value}).")
    if control.outside_reason:
        found.append(f"Outside: {control.outside_reason.en}")
    return found + ([f"Note: {control.note.en}"] if control.note else [])


def source_page() -> str:
    """The page of sources."""
    cited: Counter[str] = Counter(name for c in load().controls.values() for name in c.sources)
    rows = [[f"`{key}`", s.number, s.name.en, *_dates(s), _read(s), str(cited[key])] for key, s in sources().items()]
    text = SOURCES + markdown(["Key", "Number", "Name", "From", "Until", "Replaces", "Read", "Controls"], rows)
    due = [
        [d.day, s.number, d.clause, d.mark.value, d.what.en, _concerned(s, d.concerns, d.levels),
         d.condition.en if d.condition else ""]
        for s in sources().values() for d in s.deadlines
    ]  # fmt: skip
    headings = ["Day", "Source", "Clause", "Mark", "What", "Concerns", "Only"]
    return text + "\n## Deadlines\n\nA day without a year comes every year.\n\n" + markdown(headings, sorted(due))


def _dates(source: Source) -> list[str]:
    until = source.in_force_until or (f"replaced by `{source.replaced_by}`" if source.replaced_by else "")
    return [source.in_force or "not known", until, ", ".join(source.replaces)]


def _read(source: Source) -> str:
    marks = ", ".join(m.value for m in source.marks) or "no mark"
    return f"{source.read.how}, {source.read.readers} readers, {marks}. {source.read.note.en}"


def _concerned(source: Source, concerns: str, levels: tuple[Level, ...]) -> str:
    if concerns == "site":
        return "the site"
    which = f"systems of level {', '.join(str(int(lv)) for lv in levels)}" if levels else "systems"
    return f"{which} that store documents" if source.applies_to else which


if __name__ == "__main__":
    sys.exit(write_or_check({"docs/reference/controls.md": page(), "docs/reference/sources.md": source_page()}))
