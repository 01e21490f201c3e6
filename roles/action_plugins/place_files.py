"""What stands in the files of `place_files`, worked out here: templates filled, files of the role read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.template import trust_as_template

ALL = {"all", "tagged", "untagged"}  # words of `--tags` that name no control


class ActionModule(ActionBase):
    """Contents travel as arguments: one message to the host, however many files."""

    _supports_check_mode = True

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Fill templates, read files, hand all of it to the module."""
        super().run(tmp, task_vars)
        given, variables = self._task.args.get("files"), task_vars or {}
        if not isinstance(given, list) or not all(isinstance(entry, dict) for entry in given):
            raise AnsibleActionFail("files is a list of entries with dest, mode and src or content")
        if unknown := set(self._task.args) - {"files"}:
            raise AnsibleActionFail(f"place_files takes files alone, not {', '.join(sorted(unknown))}")
        asked = set(variables.get("ansible_run_tags") or ALL)
        files = [self._filled(dict(entry), variables) for entry in given if self._wanted(entry, asked)]
        if not files:
            return {"changed": False, "skipped": True, "skip_reason": "no file of this task is asked for"}
        done: dict[str, Any] = self._execute_module(
            module_name="place_files", module_args={"files": files}, task_vars=variables
        )
        done.pop("invocation", None)  # whole contents, which nobody reads in a log
        return done

    def _filled(self, entry: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        source, state = entry.pop("src", None), entry.get("state", "file")
        entry.pop("when", None)
        entry.pop("controls", None)
        if (source is not None) + (entry.get("content") is not None) > 1:
            raise AnsibleActionFail(f"{entry.get('dest')}: give src or content, not both")
        if state != "file":
            entry.pop("content", None)
        elif source is not None:
            entry["content"] = self._read(str(source), str(entry.get("dest")), variables)
        elif entry.get("content") is None:
            raise AnsibleActionFail(f"{entry.get('dest')}: give src or content")
        return entry

    def _read(self, source: str, dest: str, variables: dict[str, Any]) -> str:
        template = source.endswith(".j2")
        file = self._find_needle("templates" if template else "files", source)
        text = str(self._loader.get_text_file_contents(file))
        if not template:
            return text
        folders = [*variables.get("ansible_search_path", []), str(Path(file).parent)]
        search = [place for folder in folders for place in (f"{folder}/templates", folder)]
        templar = self._templar.copy_with_new_env(searchpath=search, available_variables=variables)
        try:
            filled = templar.template(trust_as_template(text), escape_backslashes=False)
        except Exception as exc:
            raise AnsibleActionFail(f"{dest}: template {source} cannot be filled: {exc}") from exc
        return "" if filled is None else str(filled)

    def _wanted(self, entry: dict[str, Any], asked: set[str]) -> bool:
        """Whether one of its controls is asked for, and its condition holds."""
        controls = set(entry.get("controls") or ())
        if controls and not asked & ALL and not asked & controls:
            return False
        return bool(self._templar.evaluate_conditional(entry.get("when", True)))
