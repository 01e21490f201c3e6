"""Consoles: everything that listens at a keyboard or a serial line asks who is there."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import pytest

from hatang.policies.checks.expected import Ask
from hatang.policies.checks.test_account_lock import failures

FOLDERS = "/etc/systemd/system /run/systemd/system /usr/lib/systemd/system /usr/local/lib/systemd/system"
LINES = (
    "grep -rHE --include='*.service' --include='*.conf' '^(ExecStart=.|StandardInput=tty|Environment=.*SULOGIN_FORCE)'"
    f" {FOLDERS} 2>/dev/null"
)
UNIT = re.compile(r"/([^/@]+@?)[^/]*\.service(\.d)?(/|$)")
# Programs that ask for a login before they let anybody do anything, and options of agetty that make it ask for none.
ASKING = re.compile(r"^[-@:+!]*(/\S*/)?(agetty|systemd-sulogin-shell|sulogin|systemd-firstboot)(\s|$)")
NOT_ASKING = re.compile(r"\s(--autologin|--skip-login|--login-program|-\w*[anl])\b")
QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")


@dataclass
class Console:
    """A service, and what its files and drop-ins say of it."""

    runs: list[str] = field(default_factory=list)  # commands
    is_console: bool = False  # reads from a terminal
    is_forced: bool = False  # sulogin lets in without a password

    @property
    def asks(self) -> bool:
        """Whether every command asks for a login."""
        return not self.is_forced and all(
            ASKING.search(r) and not NOT_ASKING.search(QUOTED.sub("", r)) for r in self.runs
        )


def consoles(ask: Ask) -> dict[str, Console]:
    """Services that read from a terminal, by name; all instances of a template are one."""
    found: dict[str, Console] = {}
    for row in ask(LINES, (0, 1, 2)).splitlines():
        file, _, line = row.partition(":")
        if not (unit := UNIT.search(file)):
            continue
        console = found.setdefault(f"{unit[1]}.service", Console())
        if line.startswith("ExecStart="):
            console.runs.append(line.removeprefix("ExecStart="))
        elif line.startswith("StandardInput=tty"):
            console.is_console = True
        else:
            console.is_forced = True
    return {name: c for name, c in found.items() if c.is_console}


@pytest.mark.control("SAC-02")
def test_every_way_in_asks(value: Any, ask: Ask) -> None:
    """No console gives a shell without a login, and no console takes a wrong password."""
    known = consoles(ask)
    assert any(c.asks for c in known.values()), "no console was found that asks for a login"
    silent = sorted(name for name, c in known.items() if not c.asks)
    open_ = []
    for name in silent:
        state = ask(f"systemctl is-enabled '{name}' 2>&1; systemctl is-active '{name}'", (0, 1, 2, 3, 4)).split()
        if "@" in name or not {"disabled", "masked", "masked-runtime"} & set(state) or "active" in state:
            open_.append(name)
    assert not open_, f"consoles that ask for no login: {', '.join(open_)}"
    assert not failures(ask)["login"].granted, "consoles let a wrong password in"
