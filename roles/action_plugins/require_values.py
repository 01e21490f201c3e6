"""Holds the variables of every role of the play against its `tasks/validate.yml`, before anything is touched.

Each assertion as a task of its own costs a process for each host, and comes when other roles have been at work already.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

ALL = {"all", "tagged", "untagged"}  # words of `--tags` that name no control
ASSERT = "ansible.builtin.assert"


class ActionModule(ActionBase):
    """Needs no host: what it reads are files of roles and variables."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Fail with every value that is refused; tags are looked at as they would be on the assertions."""
        done = super().run(tmp, task_vars)
        variables = task_vars or {}
        if self._task.args:
            raise AnsibleActionFail("require_values takes no arguments: it looks at the roles of the play")
        asked = set(variables.get("ansible_run_tags") or ALL)
        roles = [*variables["ansible_play_role_names"], *variables["ansible_dependent_role_names"]]
        refused = [text for role in dict.fromkeys(roles) for text in self._refused(role, asked)]
        if refused:
            return {**done, "failed": True, "msg": "; ".join(refused)}
        return {**done, "changed": False}

    def _refused(self, role: str, asked: set[str]) -> Iterator[str]:
        file = Path(self._loader.get_basedir(), role, "tasks", "validate.yml")
        if not file.is_file():
            return
        for task in self._loader.load_from_file(str(file), trusted_as_template=True):
            if set(task) != {"name", ASSERT, "tags"}:
                raise AnsibleActionFail(f"{file}: tasks here are {ASSERT} with name and tags, and nothing else")
            what = task[ASSERT]
            conditions = what["that"] if isinstance(what["that"], list) else [what["that"]]
            if not asked & {*ALL, *task["tags"]}:
                continue
            if not all(self._templar.evaluate_conditional(condition) for condition in conditions):
                yield f"{role}: {self._templar.template(what['fail_msg'])}"
