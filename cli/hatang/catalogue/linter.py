"""Faults of the catalogue that no schema sees: names that lead nowhere, and things that no control claims.

Catalogue, role variables, task tags and checks are joined by id in both directions.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from hatang.catalogue.loader import CONTROLS, line_of, load_control
from hatang.catalogue.sources import sources
from hatang.errors import InputError
from hatang.model.control import Combine, Control

PACKAGE = Path(__file__).resolve().parents[1]
ROLES, STACKS = (PACKAGE / "roles").resolve(), (PACKAGE / "stacks").resolve()
YES_NO = "yes/no"
PLACES = ("value", "own", "bastion")


@dataclass(frozen=True)
class Tree:
    """The folders that a catalogue is joined with."""

    controls: Path = CONTROLS
    sources: Path = CONTROLS.parent / "sources.yaml"
    checks: Path = CONTROLS.parent / "checks"
    roles: Path = ROLES
    stacks: Path = STACKS

    @cached_property
    def tests(self) -> dict[str, tuple[str, int]]:
        """Each check as file::function: the control that its marker names, and its line."""
        found = {}
        for file in sorted(self.checks.glob("test_*.py")):
            for node in ast.parse(file.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                    found[f"{file.name}::{node.name}"] = (_marker(node), node.lineno)
        return found

    @cached_property
    def options(self) -> dict[str, dict[str, Any]]:
        """Variables of each role, from its argument_specs."""
        found: dict[str, dict[str, Any]] = {}
        for file in sorted(self.roles.glob("*/meta/argument_specs.yml")):
            for entry in yaml.safe_load(file.read_text())["argument_specs"].values():
                found.setdefault(file.parents[1].name, {}).update(entry.get("options") or {})
        return found

    @cached_property
    def tags(self) -> dict[str, set[str]]:
        """Tags of the tasks of each role."""
        found: dict[str, set[str]] = {}
        for file in sorted(self.roles.glob("*/tasks/*.yml")):
            for task in _tasks(yaml.safe_load(file.read_text()) or []):
                tags = task.get("tags") or []
                found.setdefault(file.parents[1].name, set()).update([tags] if isinstance(tags, str) else tags)
        return found


def _marker(node: ast.FunctionDef) -> str:
    for call in node.decorator_list:
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "pytest.mark.control" and call.args:
            return str(ast.literal_eval(call.args[0]))
    return ""


def _tasks(tasks: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for task in tasks:
        yield task
        for part in ("block", "rescue", "always"):
            yield from _tasks(task.get(part) or [])


def faults(tree: Tree | None = None) -> list[InputError]:
    """All faults, each with file, line and remedy."""
    tree = tree or Tree()
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
    return found + list(_orphans(tree, controls))


class _Lint:
    """Faults of one control."""

    def __init__(self, tree: Tree, file: Path, control: Control) -> None:
        self.tree, self.file, self.control = tree, file, control
        self.text = file.read_text(encoding="utf-8")

    def faults(self) -> list[InputError]:
        """Those of its sources, its unit, its checks and its implementation."""
        return [*self._sources(), *self._unit(), *self._checks(), *self._role(), *self._stack()]

    def _fault(self, what: str, do: str, *place: str) -> InputError:
        return InputError(what, where=f"{self.file}:{line_of(self.text, place)} ({'.'.join(place)})", do=do)

    def _sources(self) -> Iterator[InputError]:
        known = sources(self.tree.sources)
        for name, values in self.control.sources.items():
            if name not in known:
                yield self._fault(
                    f"no source is called {name}", f"use one of {', '.join(known)}, or add it to sources.yaml",
                    "sources", name,
                )  # fmt: skip
            elif values.mark not in known[name].marks:
                marks = ", ".join(m.value for m in known[name].marks)
                yield self._fault(
                    f"mark {values.mark.value} does not go with {name}", f"that source carries {marks}",
                    "sources", name, "mark",
                )  # fmt: skip
            elif values.applies_to != known[name].applies_to:
                yield self._fault(
                    f"{name} applies to {known[name].applies_to or 'all systems'}, not to {values.applies_to or 'all'}",
                    "write applies_to as in sources.yaml", "sources", name,
                )  # fmt: skip
            if not values.values.written():
                yield self._fault(f"{name} is silent at every level", "remove the source", "sources", name, "values")

    def _unit(self) -> Iterator[InputError]:
        if (self.control.unit == YES_NO) != (self.control.combine is Combine.ANY):
            yield self._fault(
                f"unit {self.control.unit} does not go with `combine: {self.control.combine.value}`",
                f"`{YES_NO}` goes with `any`; other values need their own unit", "unit",
            )  # fmt: skip

    def _checks(self) -> Iterator[InputError]:
        for check in self.control.checks:
            if check not in self.tree.tests:
                yield self._fault(f"no check is called {check}", f"write it in {self.tree.checks}", "checks")
            elif (named := self.tree.tests[check][0]) != self.control.id:
                yield self._fault(
                    f"check {check} is marked with {named or 'no control'}",
                    f'mark it @pytest.mark.control("{self.control.id}")', "checks",
                )  # fmt: skip

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


def _orphans(tree: Tree, controls: dict[str, Control]) -> Iterator[InputError]:
    """Checks, required role variables and task tags that no control claims."""
    claimed = {c for control in controls.values() for c in control.checks}
    for check, (named, line) in tree.tests.items():
        if check not in claimed:
            file, name = check.split("::")
            yield InputError(
                f"no control claims the check {name}", where=f"{tree.checks / file}:{line}",
                do=f"add {check} to the checks of {named or 'a control'}",
            )  # fmt: skip
    variables = {v for control in controls.values() for v in control.implemented_by.variables}
    serving = {control.implemented_by.role for control in controls.values()}
    for role, options in tree.options.items():
        if role not in serving:  # such as the guard against lock-outs: the run itself sets what it needs
            continue
        for variable, option in options.items():
            if option.get("required") and variable not in variables:
                yield InputError(
                    f"no control sets {variable}, which role {role} requires",
                    where=f"{tree.roles / role / 'meta' / 'argument_specs.yml'}",
                    do="name it in implemented_by of a control, or give it a default",
                )
    for role, tags in tree.tags.items():
        for tag in sorted(tags - set(controls) - {"always", "never"}):
            yield InputError(
                f"a task of role {role} carries the tag {tag}, which is no control",
                where=f"{tree.roles / role / 'tasks'}",
                do="correct the tag, or add the control",
            )
