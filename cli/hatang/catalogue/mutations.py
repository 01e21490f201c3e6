"""The mutations of every control (policies/mutations), and what is wrong with them that no schema sees."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from hatang.catalogue.loader import POLICIES, line_of, named_after_file, validated
from hatang.catalogue.tree import Tree
from hatang.catalogue.ways import way_of
from hatang.errors import InputError
from hatang.model.control import Control
from hatang.model.mutation import Mutation, Mutations, Where

MUTATIONS = POLICIES / "mutations"


@cache
def mutations(folder: Path | None = None) -> dict[str, Mutations]:
    """The mutations of every control that has some, by its id.

    Raises:
        InputError: a file is wrong.
    """
    return {m.control: m for m in map(load_mutations, sorted((folder or MUTATIONS).glob("*.yaml")))}


def load_mutations(file: Path) -> Mutations:
    """One file of mutations. Raises InputError."""
    return named_after_file(validated(Mutations, file), file, "control")


def unproven(tree: Tree, controls: Mapping[str, Control]) -> Iterator[InputError]:
    """Controls with a check that nobody tries to break, mutations that break nothing, and what they name in vain."""
    files = {file.stem: file for file in sorted(tree.mutations.glob("*.yaml"))}
    for control in controls.values():
        if control.checks and control.id not in files:
            file = tree.controls / f"{control.id}.yaml"
            yield InputError(
                f"{control.id} has checks, but no mutation shows that they notice anything",
                where=f"{file}:{line_of(file.read_text(encoding='utf-8'), ('checks',))} (checks)",
                do=f"write {tree.mutations / control.id}.yaml",
            )  # fmt: skip
    for file in files.values():
        try:
            found = load_mutations(file)
        except InputError as exc:
            yield exc
        else:
            yield from _Lint(file, found, controls).faults()


def functions(file: Path) -> dict[str, int]:
    """Functions of a module below policies/mutations, with their lines."""
    body = ast.parse(file.read_text(encoding="utf-8")).body
    return {n.name: n.lineno for n in body if isinstance(n, ast.FunctionDef) and not n.name.startswith("_")}


class _Lint:
    """Faults of one file."""

    def __init__(self, file: Path, found: Mutations, controls: Mapping[str, Control]) -> None:
        self.file, self.found, self.controls = file, found, controls
        self.text = file.read_text(encoding="utf-8")

    def _fault(self, what: str, do: str, *place: str | int) -> InputError:
        where = f"{self.file}:{line_of(self.text, place)} ({'.'.join(map(str, place))})"
        return InputError(what, where=where, do=do)

    def faults(self) -> Iterator[InputError]:
        """Those of the control, then those of each mutation."""
        control = self.controls.get(self.found.control)
        if control is None:
            yield self._fault(
                f"no control is called {self.found.control}", "correct the id, or add the control", "control"
            )
        elif not control.checks:
            yield self._fault(
                f"{control.id} has no check that could notice", f"add a check to {control.id}, or remove the file",
                "control",
            )  # fmt: skip
        for i, mutation in enumerate(self.found.mutations):
            if control is not None and control.checks:
                yield from self._place(control, i, mutation)
            yield from self._names(i, mutation)
        if control is not None:
            yield from self._untried(control)

    def _place(self, control: Control, i: int, mutation: Mutation) -> Iterator[InputError]:
        if not set(mutation.on.ways) & set(control.verified_by):
            yield self._fault(
                f"{control.id} is not verified on {mutation.on.value}",
                f"it is verified by {', '.join(control.verified_by)}; write one of these", "mutations", i, "on",
            )  # fmt: skip

    def _untried(self, control: Control) -> Iterator[InputError]:
        places = {m.on for m in self.found.mutations}
        for where in sorted({Where(way_of(check).value) for check in control.checks} - places):
            yield self._fault(
                f"{control.id} has a check on {where.value}, and nothing is broken there",
                f"add a mutation with `on: {where.value}`", "mutations",
            )  # fmt: skip

    def _names(self, i: int, mutation: Mutation) -> Iterator[InputError]:
        for j, other in enumerate(mutation.also):
            if other not in self.controls or not self.controls[other].checks:
                yield self._fault(
                    f"{other} is no control with a check", "remove it, or correct the id", "mutations", i, "also", j
                )
        if not mutation.call:
            return
        name, function = mutation.call.split("::")
        module = self.file.parent / name
        if not module.is_file() or function not in functions(module):
            yield self._fault(f"there is no {mutation.call}", f"write it in {module}", "mutations", i, "call")
