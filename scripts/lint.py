"""`make lint`: every linter at once, a summary at the end. `python -m scripts.lint NAME …` runs only those named."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from scripts import type_cache

ROOT = Path(__file__).resolve().parents[1]
BIN = ROOT / ".venv" / "bin"
TIMEOUT_S = 300


@dataclass(frozen=True)
class Linter:
    """One linter: its name and the commands that must all end with 0."""

    name: str
    commands: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Found:
    """What one linter said."""

    name: str
    ok: bool
    seconds: float
    text: str


def linters() -> list[Linter]:
    """All linters, the slowest first."""
    python = str(BIN / "python")
    generators = sorted(str(p) for p in (ROOT / "scripts" / "generate").glob("*.py"))
    found = [
        # Tests and scripts import the package by its name, so one run of mypy sees each module once.
        Linter("mypy", [[str(BIN / "mypy"), "-p", "hatang", "-p", "tests", "-p", "scripts"]]),
        Linter(
            "ruff",
            [[str(BIN / "ruff"), "check", "--quiet", "."], [str(BIN / "ruff"), "format", "--check", "--quiet", "."]],
        ),
        Linter("import-linter", [[str(BIN / "lint-imports"), "--no-cache"]]),
        Linter("yamllint", [[str(BIN / "yamllint"), "--strict", *yaml_folders()]]),
        Linter("generated", [[python, generator, "--check"] for generator in generators]),
        Linter("tree", [[python, "-m", "scripts.tree"]]),
    ]
    ansible = [str(BIN / "ansible-lint"), "--offline", "--strict", "-q", "--nocolor", *plays_and_roles()]
    return [Linter("ansible-lint", [ansible]), *found]


def plays_and_roles() -> list[str]:
    """Playbooks, which lead to the roles that they import, and the other roles: by itself each role starts Ansible."""
    roles = ROOT / "roles"
    plays = sorted(roles.glob("*.yml"))
    named = set(re.findall(r"(?:name|role): (\w+)", "".join(p.read_text(encoding="utf-8") for p in plays)))
    others = sorted(p.parent for p in roles.glob("*/tasks") if p.parent.name not in named)
    return [str(p.relative_to(ROOT)) for p in (*plays, *others)]


def yaml_folders() -> list[str]:
    """Top-level places with YAML of ours."""
    return [f for f in ("inventories", "policies", "roles", "stacks", "sandbox") if any((ROOT / f).rglob("*.y*ml"))]


def run(linter: Linter) -> Found:
    """Run one linter's commands, all of them even when one fails."""
    begun, ok, text = time.monotonic(), True, ""
    env = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}", "ANSIBLE_FORCE_COLOR": "0"}
    env |= {"ANSIBLE_CONFIG": str(ROOT / "roles" / "ansible.cfg")}  # our own modules stand beside it
    env |= {"PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    for command in linter.commands:
        try:
            done = subprocess.run(
                command, cwd=ROOT, env=env, text=True, timeout=TIMEOUT_S, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as exc:
            ok, text = False, f"{text}{exc}\n"
            continue
        if done.returncode:
            ok, text = False, f"{text}$ {' '.join(command)}\n{done.stdout}"
    return Found(linter.name, ok, time.monotonic() - begun, text)


def main(names: Sequence[str]) -> int:
    """Run them; print what failed, then one line for each. 1 when one failed."""
    chosen = [x for x in linters() if not names or x.name in names]
    if unknown := set(names) - {x.name for x in linters()}:
        print(f"no such linter: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    is_new = any(x.name == "mypy" for x in chosen) and type_cache.bring()
    with ThreadPoolExecutor(max_workers=2) as pool:
        found = list(pool.map(run, chosen))
    if is_new and any(one.name == "mypy" and one.ok for one in found):
        with suppress(OSError):  # another clone does the same just now, or there is no room
            type_cache.keep()
    for one in found:
        if not one.ok:
            print(f"--- {one.name}\n{one.text}")
    for one in found:
        print(f"{'ok    ' if one.ok else 'FAILED'} {one.name:14} {one.seconds:5.1f} s")
    return 0 if all(one.ok for one in found) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
