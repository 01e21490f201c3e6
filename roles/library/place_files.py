"""Places many files on a host in one task: contents, owner, mode, each one whole or not at all."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: place_files
short_description: Places many files in one task
description:
  - Does for a list of files what C(ansible.builtin.template), C(copy) and C(file) do for one each, with the same
    outcome. Each task of Ansible costs its own process; a role that writes ten files needs one of them this way.
  - All contents are validated before the first file is written. Each file is replaced by renaming, so it is whole.
  - A link at C(dest) is replaced by the file, and what it leads to is left alone.
options:
  files:
    description: what is placed, in this order
    type: list
    elements: dict
    required: true
    suboptions:
      dest: {description: absolute path, type: path, required: true}
      state:
        description: >-
          C(file) has the content that is given; C(kept) is made empty where it is missing, and its content left alone;
          C(directory) is a folder; C(absent) is no file or link
        choices: [file, kept, directory, absent]
        default: file
      src: {description: name of a template (.j2) or file of the role; or use content, type: str}
      content: {description: what stands in it; or use src, type: str}
      when: {description: false leaves this entry out, type: bool, default: true}
      controls:
        description: ids of the controls it serves; left out when C(--tags) names others
        type: list
        elements: str
      validate: {description: "command that must end with 0; %s is the file that is tried", type: str}
      owner: {description: its owner, type: str, default: root}
      group: {description: its group, type: str, default: root}
      mode: {description: "its mode; demanded but for C(absent)", type: raw}
author: hatang
"""
EXAMPLES = r"""
- name: LOG-02, LOG-13 | Place the settings of the log service
  place_files:
    files:
      - {dest: /etc/rsyslog.conf, src: rsyslog.conf.j2, mode: "0644", controls: [LOG-02, LOG-13]}
      - {dest: /etc/rsyslog.d/50-hatang-files.conf, src: files.conf.j2, mode: "0644", controls: [LOG-13]}
  notify: Restart rsyslog
  tags: [LOG-02, LOG-13]
"""
RETURN = r"""
changed_files: {description: "paths written, removed, or given another owner or mode", type: list, returned: always}
"""
ENTRY: dict[str, dict[str, Any]] = {
    "dest": {"type": "path", "required": True},
    "state": {"choices": ["file", "kept", "directory", "absent"], "default": "file"},
    "content": {"type": "str"},
    "validate": {"type": "str"},
    "owner": {"type": "str", "default": "root"},
    "group": {"type": "str", "default": "root"},
    "mode": {"type": "raw"},
}


class Place:
    """Where one entry belongs."""

    def __init__(self, module: AnsibleModule, entry: dict[str, Any]) -> None:
        self.module = module
        self.entry = entry
        self.path = Path(entry["dest"])
        self.state = entry["state"]
        self.differs = False  # whether it has another content
        self.fresh = ""  # a file with the new one, until it is placed
        self.before: bytes | None = None

    def prepare(self, folders: set[Path]) -> None:
        """Look at what is there; write and try elsewhere what is to stand there. `folders`: made by entries before."""
        if not self.path.is_absolute():
            self.fail("is no absolute path")
        if self.state != "absent" and self.entry["mode"] is None:
            self.fail("has no mode")
        if self.state == "directory":
            if os.path.lexists(self.path) and not self.path.is_dir():
                self.fail("is to be a folder, and something else is there")
            folders.add(self.path)
            return
        if self.path.is_dir() and not self.path.is_symlink():
            self.fail("is to be a file, and a folder is there")
        if self.state != "absent" and not (self.path.parent.is_dir() or self.path.parent in folders):
            self.fail(f"cannot be written: there is no folder {self.path.parent}")
        if self.state == "file":
            self.before = self.path.read_bytes() if self.path.is_file() and not self.path.is_symlink() else None
            self.differs = self.before != self.content
            if self.differs and not self.module.check_mode:  # a trial may need what earlier tasks would have brought
                self.write()

    @property
    def content(self) -> bytes:
        """What is to stand in the file."""
        return (self.entry["content"] or "").encode()

    def write(self) -> None:
        """The new content, in a folder of this run, tried."""
        fresh = Path(self.module.tmpdir, f"{id(self)}-{self.path.name}")  # a folder that root alone enters
        fresh.touch(mode=0o600, exist_ok=False)
        fresh.write_bytes(self.content)
        self.fresh = str(fresh)
        if command := self.entry["validate"]:
            if "%s" not in command:
                self.fail(f"has a validate without %s: {command}")
            code, out, err = self.module.run_command([w.replace("%s", self.fresh) for w in shlex.split(command)])
            if code:
                self.fail("would not be valid", rc=code, stdout=out, stderr=err)

    def settle(self) -> bool:
        """Bring it about; whether anything changed."""
        if self.state == "absent":
            return self.remove()
        changed = self.differs
        if self.fresh:
            self.module.atomic_move(self.fresh, str(self.path))
        elif self.state in ("kept", "directory"):
            changed = self.make()
        wanted = {**dict.fromkeys(("seuser", "serole", "setype", "selevel", "attributes")), **self.entry}
        arguments = self.module.load_file_common_arguments(wanted, path=str(self.path))
        return bool(self.module.set_fs_attributes_if_different(arguments, changed))

    def make(self) -> bool:
        """The folder or the empty file, where it is missing."""
        missing = not os.path.lexists(self.path) or (self.state == "kept" and self.path.is_symlink())
        if missing and not self.module.check_mode:
            if self.state == "directory":
                self.path.mkdir(parents=True)
            else:
                self.path.unlink(missing_ok=True)
                self.path.touch(mode=0o600, exist_ok=False)
        return missing

    def remove(self) -> bool:
        """No file there."""
        if not os.path.lexists(self.path):
            return False
        if not self.module.check_mode:
            self.path.unlink()
        return True

    def difference(self) -> dict[str, str]:
        """Before and after for `--diff`; not of what others may not read."""
        if self.state == "file" and not self.open_to_all:
            return {"before_header": str(self.path), "before": "(not shown)\n", "after": "(not shown, changed)\n"}
        before = (self.before or b"").decode(errors="replace")
        after = self.content.decode() if self.state == "file" else ""
        return {"before_header": str(self.path), "after_header": str(self.path), "before": before, "after": after}

    @property
    def open_to_all(self) -> bool:
        """Whether its mode, in digits, lets everybody read it."""
        mode = str(self.entry["mode"])
        return mode.isdigit() and mode[-1] in "4567"

    def fail(self, text: str, **more: Any) -> None:
        """End the task, naming the file."""
        self.module.fail_json(msg=f"{self.path} {text}", **more)


class Discreet(AnsibleModule):
    """Says in the host's log which files it was called for, and not what stands in them.

    `no_log=True` here would not do: the controller's word about the task replaces it. `no_log` of the argument would
    hide every path and mode in what the task answers.
    """

    def log(self, msg: str, log_args: dict[str, Any] | None = None) -> None:
        """A line of the host's log; how the module was called comes with `log_args`."""
        if log_args is not None:
            msg, log_args = "Invoked for " + ", ".join(str(e["dest"]) for e in self.params["files"]), {}
        super().log(msg, log_args=log_args)


def main() -> None:
    """Prepare all, then bring all about."""
    module = Discreet(
        argument_spec={"files": {"type": "list", "elements": "dict", "options": ENTRY, "required": True}},
        supports_check_mode=True,
    )
    places = [Place(module, entry) for entry in module.params["files"]]
    folders: set[Path] = set()
    for place in places:
        place.prepare(folders)
    changed = [place for place in places if place.settle()]
    differences = [place.difference() for place in changed] if module._diff else []
    module.exit_json(changed=bool(changed), changed_files=[str(p.path) for p in changed], diff=differences)


if __name__ == "__main__":
    main()
