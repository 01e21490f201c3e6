"""PAM stacks as PAM walks them (pam.d(5)): which modules are called, in which order, with which arguments.

Reading one file is not enough: a jump over a line, or a line in another file, switches a module off.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

READ = "grep -rHvE '^[[:space:]]*(#|$)' /etc/pam.d"
WORDS = {
    "required": {"success": "ok", "new_authtok_reqd": "ok", "ignore": "ignore", "default": "bad"},
    "requisite": {"success": "ok", "new_authtok_reqd": "ok", "ignore": "ignore", "default": "die"},
    "sufficient": {"success": "done", "new_authtok_reqd": "done", "default": "ignore"},
    "optional": {"success": "ok", "new_authtok_reqd": "ok", "default": "ignore"},
}
LINE = re.compile(r"^-?(\w+)\s+(\[[^]]*\]|\S+)\s+(\S+)\s*(.*)$")


@dataclass(frozen=True)
class Line:
    """One line of a stack."""

    control: str
    module: str
    args: tuple[str, ...]

    def arg(self, name: str) -> str | None:
        """Value of `name=value`, or None."""
        return next((a.split("=", 1)[1] for a in self.args if a.startswith(f"{name}=")), None)

    def action(self, result: str) -> str:
        """What PAM does after this module gave `result`."""
        table = WORDS.get(self.control)
        if table is None:
            table = dict(pair.split("=", 1) for pair in self.control.strip("[]").split())
        return table.get(result, table.get("default", "bad"))


@dataclass(frozen=True)
class Walk:
    """What happened on one way through a stack."""

    called: tuple[Line, ...]
    granted: bool

    def find(self, module: str, *args: str) -> Line | None:
        """The first called line of a module, with these words among its arguments."""
        return next((c for c in self.called if c.module == module and set(args) <= set(c.args)), None)


class Stacks:
    """All services of a host, from the output of `READ`."""

    def __init__(self, text: str) -> None:
        self.files: dict[str, list[str]] = {}
        for row in text.replace("\\\n", " ").splitlines():
            file, _, line = row.partition(":")
            self.files.setdefault(file.rsplit("/", 1)[-1], []).append(line.strip())

    def lines(self, service: str, phase: str) -> list[Line]:
        """The lines of one phase (auth, account, password, session) with what they include."""
        found: list[Line] = []
        for text in self.files.get(service, []):
            words = text.split()
            if words[0] == "@include":
                found += self.lines(words[1], phase)
            elif (match := LINE.match(text)) and match[1] == phase:
                if match[2] in ("include", "substack"):
                    found += self.lines(match[3], phase)
                else:
                    module = match[3].rsplit("/", 1)[-1].removesuffix(".so")
                    found.append(Line(match[2], module, tuple(match[4].split())))
        return found

    def walk(self, service: str, phase: str, result: Callable[[Line], str]) -> Walk:
        """Go through a stack as PAM would, when each module gives `result(line)`."""
        lines = self.lines(service, phase)
        called: list[Line] = []
        failed = granted = False
        i = 0
        while i < len(lines):
            line = lines[i]
            called.append(line)
            action = line.action(result(line))
            i += 1
            if action.isdigit():
                i += int(action)
            elif action in ("bad", "die"):
                failed = True
            elif action in ("ok", "done"):
                granted = True
            if action == "die" or (action == "done" and not failed):
                break
        return Walk(tuple(called), granted and not failed)
