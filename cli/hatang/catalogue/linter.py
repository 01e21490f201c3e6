"""Faults of the catalogue that no schema sees: names that lead nowhere, values that nobody explains, orphans.

Catalogue, role variables, task tags and checks are joined by id in both directions.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hatang.catalogue.groups import GROUPS, group_of
from hatang.catalogue.loader import line_of, load_control
from hatang.catalogue.mutations import unproven
from hatang.catalogue.orphans import orphans
from hatang.catalogue.sources import sources
from hatang.catalogue.strictest import SURENESS, takes_own
from hatang.catalogue.tree import Tree
from hatang.catalogue.ways import way_of
from hatang.errors import InputError
from hatang.model.control import Combine, Control, SourceValues, Unit
from hatang.model.terms import UNSTATED

PLACES = ("value", "own", "bastion", "software")


def faults(tree: Tree | None = None) -> list[InputError]:
    """All faults, each with file, line and remedy."""
    tree = tree or Tree()
    try:
        sources(tree.sources)
    except InputError as exc:
        return [exc]  # what the controls say of their sources cannot be judged
    found: list[InputError] = []
    controls: dict[str, Control] = {}
    for file in sorted(tree.controls.glob("*.yaml")):
        try:
            control = load_control(file)
        except InputError as exc:
            found.append(exc)
            continue
        controls[control.id] = control
        found += _Lint(tree, file, control).faults()
    return found + list(orphans(tree, controls)) + list(unproven(tree, controls))


class _Lint:
    """Faults of one control."""

    def __init__(self, tree: Tree, file: Path, control: Control) -> None:
        self.tree, self.file, self.control = tree, file, control
        self.text = file.read_text(encoding="utf-8")

    def faults(self) -> list[InputError]:
        """Those of its id, sources, values, checks and implementation."""
        parts = (self._id, self._sources, self._unit, self._words, self._own, self._checks, self._role, self._stack)
        return [fault for part in parts for fault in part()]

    def _fault(self, what: str, do: str, *place: str) -> InputError:
        return InputError(what, where=f"{self.file}:{line_of(self.text, place)} ({'.'.join(place)})", do=do)

    def _id(self) -> Iterator[InputError]:
        try:
            group_of(self.control.id)
        except KeyError:
            letters = ", ".join(x for g in GROUPS.values() for x in g.letters)
            yield self._fault(
                f"{self.control.id} belongs to no group", f"begin it with one of {letters}, or add a group", "id"
            )

    def _sources(self) -> Iterator[InputError]:
        known = sources(self.tree.sources)
        for name, values in self.control.sources.items():
            if name not in known:
                yield self._fault(
                    f"no source is called {name}", f"use one of {', '.join(known)}, or add it to sources.yaml",
                    "sources", name,
                )  # fmt: skip
            elif values.mark not in known[name].marks:
                marks = ", ".join(m.value for m in known[name].marks) or "none: it was not read well enough"
                yield self._fault(
                    f"mark {values.mark.value} does not go with {name}", f"that source carries {marks}",
                    "sources", name, "mark",
                )  # fmt: skip
            elif values.mark.value not in SURENESS:
                yield self._fault(
                    f"a value of mark {values.mark.value} may decide nothing", "read the source, or remove the value",
                    "sources", name, "mark",
                )  # fmt: skip
            elif values.applies_to != known[name].applies_to:
                yield self._fault(
                    f"{name} applies to {known[name].applies_to or 'all systems'}, not to {values.applies_to or 'all'}",
                    "write applies_to as in sources.yaml", "sources", name,
                )  # fmt: skip
            yield from self._silent(name, values)

    def _silent(self, name: str, values: SourceValues) -> Iterator[InputError]:
        if not values.values.written() and not values.remarks:
            yield self._fault(
                f"{name} is silent at every level", "remove the source, or say in `remarks` why it is cited",
                "sources", name, "values",
            )  # fmt: skip

    def _unit(self) -> Iterator[InputError]:
        rule = self.control.combine
        if (self.control.unit is Unit.YES_NO) != (rule is Combine.ANY):
            yield self._fault(
                f"unit {self.control.unit.value} does not go with `combine: {rule.value}`",
                f"`{Unit.YES_NO.value}` goes with `any`; other values need their own unit", "unit",
            )  # fmt: skip
        if bool(self.control.order) != (rule is Combine.ORDERED):
            yield self._fault(
                f"`order` does not go with `combine: {rule.value}`", "`order` goes with `ordered`, and only with that",
                "combine",
            )  # fmt: skip

    def _words(self) -> Iterator[InputError]:
        used = self.control.used_words() | set(self.control.order)
        for word in sorted(used - set(self.control.words)):
            yield self._fault(
                f"nobody explains the value {word}", "explain it under `words`, in both languages", "words"
            )
        for word in sorted(set(self.control.words) - used):
            yield self._fault(f"`words` explains {word}, which is no value here", "remove it", "words", word)

    def _own(self) -> Iterator[InputError]:
        values = [v for s in self.control.sources.values() for v in s.values.written().values()]
        if self.control.own_value and not any(takes_own(v) for v in values):
            yield self._fault(
                "there is a number of ours, but every source names its own", "remove own_value", "own_value"
            )
        taken = "value" in self.control.implemented_by.variables.values()
        if taken and UNSTATED in values and not self.control.own_value:
            yield self._fault(
                f"a variable takes the value, and a source says {UNSTATED}", "give the number under own_value",
                "implemented_by", "variables",
            )  # fmt: skip

    def _checks(self) -> Iterator[InputError]:
        for check in self.control.checks:
            way = way_of(check)
            if check not in self.tree.tests:
                yield self._fault(f"no check is called {check}", f"write it in {self.tree.checks}", "checks")
            elif (named := self.tree.tests[check][0]) != self.control.id:
                yield self._fault(
                    f"check {check} is marked with {named or 'no control'}",
                    f'mark it @pytest.mark.control("{self.control.id}")', "checks",
                )  # fmt: skip
            elif way not in self.control.verified_by:
                yield self._fault(
                    f"check {check} would never count: verified_by lacks {way.value}", f"add {way.value}", "verified_by"
                )

    def _role(self) -> Iterator[InputError]:
        role = self.control.implemented_by.role
        if not role:
            return
        if role not in self.tree.options:
            yield self._fault(f"no role is called {role}", f"add it to {self.tree.roles}", "implemented_by", "role")
            return
        for variable, origin in self.control.implemented_by.variables.items():
            if variable not in self.tree.options[role]:
                yield self._fault(
                    f"role {role} has no variable {variable}", "add it to the role's meta/argument_specs.yml",
                    "implemented_by", "variables",
                )  # fmt: skip
            if origin not in PLACES and not origin.startswith("site."):
                yield self._fault(
                    f"{variable} takes {origin}, which is nothing", f"write {', '.join(PLACES)} or site.<name>",
                    "implemented_by", "variables",
                )  # fmt: skip
        if self.control.id not in self.tree.tags.get(role, set()):
            yield self._fault(
                f"no task of role {role} carries the tag {self.control.id}", "tag the task that brings it about",
                "implemented_by", "role",
            )  # fmt: skip

    def _stack(self) -> Iterator[InputError]:
        stack = self.control.implemented_by.stack
        if stack and not (self.tree.stacks / stack / "program.py").is_file():
            yield self._fault(f"no stack is called {stack}", f"add it to {self.tree.stacks}", "implemented_by", "stack")
