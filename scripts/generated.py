"""Generated pages: written, or with --check compared with what is there."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def write_or_check(pages: dict[str, str]) -> int:
    """Write the pages (path from the root of the clone → text); with `--check`, name the stale ones and return 1."""
    stale = []
    for name, text in pages.items():
        file = ROOT / name
        if file.is_file() and file.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if "--check" not in sys.argv[1:]:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    if "--check" in sys.argv[1:] and stale:
        print(f"stale: {', '.join(stale)}; run: make goldens", file=sys.stderr)
        return 1
    return 0
