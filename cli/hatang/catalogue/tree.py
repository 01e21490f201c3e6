"""The folders that a catalogue is joined with, and what stands in them: checks, role variables, tasks, stacks."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from hatang.catalogue.loader import CONTROLS

PACKAGE = Path(__file__).resolve().parents[1]
ROLES, STACKS = (PACKAGE / "roles").resolve(), (PACKAGE / "stacks").resolve()
# These only lead to other tasks, which carry tags of their own.
LEADING = ("import_tasks", "include_tasks", "import_role", "include_role", "meta")


class Task(NamedTuple):
    """One task of a role, with the tags of the blocks around it."""

    role: str
    file: Path
    line: int
    tags: frozenset[str]


@dataclass(frozen=True)
class Tree:
    """The folders that a catalogue is joined with."""

    controls: Path = CONTROLS
    sources: Path = CONTROLS.parent / "sources.yaml"
    checks: Path = CONTROLS.parent / "checks"
    mutations: Path = CONTROLS.parent / "mutations"
    roles: Path = ROLES
    stacks: Path = STACKS

    @property
    def tests(self) -> dict[str, tuple[str, int]]:
        """Each check as file::function: the control that its marker names, and its line."""
        return _tests_in(self.checks)

    @property
    def options(self) -> dict[str, dict[str, Any]]:
        """Variables of each role, from its argument_specs."""
        return _options_in(self.roles)

    @property
    def tasks(self) -> tuple[Task, ...]:
        """All tasks of all roles."""
        return _tasks_in(self.roles)

    @cached_property
    def tags(self) -> dict[str, set[str]]:
        """Tags of the tasks of each role."""
        found: dict[str, set[str]] = {}
        for task in self.tasks:
            found.setdefault(task.role, set()).update(task.tags)
        return found


@cache
def _tests_in(checks: Path) -> dict[str, tuple[str, int]]:
    found = {}
    for file in sorted(checks.glob("test_*.py")):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                found[f"{file.name}::{node.name}"] = (_marker(node), node.lineno)
    return found


@cache
def _options_in(roles: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for file in sorted(roles.glob("*/meta/argument_specs.yml")):
        for entry in yaml.safe_load(file.read_text())["argument_specs"].values():
            found.setdefault(file.parents[1].name, {}).update(entry.get("options") or {})
    return found


@cache
def _tasks_in(roles: Path) -> tuple[Task, ...]:
    found: list[Task] = []
    for file in sorted(roles.glob("*/tasks/*.yml")):
        node = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        if isinstance(node, yaml.SequenceNode):
            found += _tasks(node, file.parents[1].name, file, frozenset())
    return tuple(found)


def _marker(node: ast.FunctionDef) -> str:
    for call in node.decorator_list:
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "pytest.mark.control" and call.args:
            return str(ast.literal_eval(call.args[0]))
    return ""


def _tasks(nodes: yaml.SequenceNode, role: str, file: Path, around: frozenset[str]) -> Iterator[Task]:
    for node in nodes.value:
        fields = {key.value: value for key, value in node.value}
        tags = around | _words(fields.get("tags"))
        parts = [fields[part] for part in ("block", "rescue", "always") if part in fields]
        for part in parts:
            yield from _tasks(part, role, file, tags)
        leads = any(name.rsplit(".", 1)[-1] in LEADING for name in fields)
        if not parts and not (leads and not tags):
            yield Task(role, file, node.start_mark.line + 1, tags)


def _words(node: yaml.Node | None) -> frozenset[str]:
    if isinstance(node, yaml.SequenceNode):
        return frozenset(str(item.value) for item in node.value)
    return frozenset() if node is None else frozenset([str(node.value)])
