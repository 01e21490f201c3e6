"""What no control claims: checks, variables that a role requires, tasks and their tags."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hatang.catalogue.tree import Tree
from hatang.errors import InputError
from hatang.model.control import Control

ANY_RUN = {"always", "never"}  # tags of Ansible itself


def orphans(tree: Tree, controls: Mapping[str, Control]) -> Iterator[InputError]:
    """All of them, each with file, line and remedy."""
    yield from _checks(tree, controls)
    yield from _variables(tree, controls)
    yield from _tasks(tree, controls)


def _checks(tree: Tree, controls: Mapping[str, Control]) -> Iterator[InputError]:
    claimed = {c for control in controls.values() for c in control.checks}
    for check, (named, line) in tree.tests.items():
        if check not in claimed:
            file, name = check.split("::")
            yield InputError(
                f"no control claims the check {name}", where=f"{tree.checks / file}:{line}",
                do=f"add {check} to the checks of {named or 'a control'}",
            )  # fmt: skip


def _variables(tree: Tree, controls: Mapping[str, Control]) -> Iterator[InputError]:
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


def _tasks(tree: Tree, controls: Mapping[str, Control]) -> Iterator[InputError]:
    said = set()
    for task in tree.tasks:
        where = f"{task.file}:{task.line}"
        if not task.tags:
            yield InputError(
                f"a task of role {task.role} carries no tag, so no control claims it", where=where,
                do="tag it with the control that it brings about, or with always",
            )  # fmt: skip
        for tag in sorted(task.tags - ANY_RUN):
            if (task.role, tag) in said:
                continue
            said.add((task.role, tag))
            if tag not in controls:
                yield InputError(
                    f"a task of role {task.role} carries the tag {tag}, which is no control", where=where,
                    do="correct the tag, or add the control",
                )  # fmt: skip
            elif not controls[tag].implemented_by.role:
                yield InputError(
                    f"a task of role {task.role} carries the tag {tag}, but no role brings {tag} about", where=where,
                    do=f"name the role in implemented_by of {tag}, or correct the tag",
                )  # fmt: skip
