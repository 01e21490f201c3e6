"""Checks of the whole tree that no linter has: lengths, addresses in locks, paths of one machine."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LONGEST_MODULE = 400
LONGEST_FUNCTION = 60
LONGEST_PAGE = {"README.md": 120, "README.vi.md": 120}
LONGEST_ADR = 60
# A home folder, a work folder, or an index or proxy setting: none belongs to a tree that others clone.
MACHINE = re.compile(
    r"(?<![\w.])/(home/[a-z]|root/\.|work/|farm/|Users/)|--(extra-)?index-url|PIP_INDEX_URL=|UV_INDEX_URL=|GOPROXY="
)
ADDRESS = re.compile(r"\w+://|--(index|extra-index|find-links)")
# Pages of the sandbox's hosts name the home of their login; this file names what it looks for.
ALLOWED = {
    "scripts/tree.py",
    "sandbox/hosts/image.py",
    "sandbox/hosts/machines.py",
    "sandbox/hosts/seed.py",
    "tests/integration/hosts/test_harden.py",
    "tests/integration/sandbox/hosts/test_network.py",
}


def tracked() -> list[Path]:
    """Files under version control that are here."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    found = [ROOT / name for name in done.stdout.split("\0") if name]
    return [file for file in found if file.is_file() and not file.is_symlink()]


def faults(files: list[Path]) -> Iterator[str]:
    """Everything that is wrong, one line each."""
    for file in files:
        name = str(file.relative_to(ROOT))
        try:
            text = file.read_text()
        except UnicodeDecodeError:
            continue
        lines = text.splitlines()
        if file.suffix == ".py":
            yield from python_faults(name, text, len(lines))
        if file.parent == ROOT / "locks":
            yield from (
                f"{name}:{n}: a lock names an address" for n, line in enumerate(lines, 1) if ADDRESS.search(line)
            )
        longest = LONGEST_PAGE.get(name) or (LONGEST_ADR if name.startswith("docs/adr/") else None)
        if longest and len(lines) > longest:
            yield f"{name}: {len(lines)} lines; {longest} at most"
        if name not in ALLOWED and file.suffix not in (".sum", ".mod"):
            yield from (f"{name}:{n}: belongs to one machine: {line.strip()[:80]}"
                        for n, line in enumerate(lines, 1) if MACHINE.search(line))  # fmt: skip


def python_faults(name: str, text: str, length: int) -> Iterator[str]:
    """A module or a function that is too long."""
    if length > LONGEST_MODULE:
        yield f"{name}: {length} lines; {LONGEST_MODULE} at most"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            span = (node.end_lineno or node.lineno) - node.lineno + 1
            if span > LONGEST_FUNCTION and "/migrations/" not in name:  # a migration is one list of changes
                yield f"{name}:{node.lineno}: function {node.name} has {span} lines; {LONGEST_FUNCTION} at most"


def main() -> int:
    """Print faults; 1 when there is one."""
    found = list(faults(tracked()))
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
