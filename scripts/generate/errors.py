#!/usr/bin/env python3
"""docs/reference/errors.md: codes, exit codes and meanings, from the classes. --check compares."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.generated import write_or_check

from hatang.errors import HatangError

INTRO = """# Errors

Every error says what is wrong, where, and what to do. Codes are stable. This page is generated from `hatang.errors`.

| Code | Class | Exit code | Meaning |
|---|---|---|---|
"""


def classes(root: type[HatangError] = HatangError) -> list[type[HatangError]]:
    """The root and all classes below it."""
    return [root, *(c for sub in root.__subclasses__() for c in classes(sub))]


def page() -> str:
    """The page."""
    rows = []
    for kind in sorted(classes(), key=lambda c: c.code):
        meaning = " ".join((kind.__doc__ or "").split())
        rows.append(f"| {kind.code} | `{kind.__name__}` | {kind.exit_code} | {meaning} |\n")
    return INTRO + "".join(rows)


if __name__ == "__main__":
    sys.exit(write_or_check({"docs/reference/errors.md": page()}))
