"""Writes docs/reference/settings.md from hatang.settings.Settings; with --check, only says whether it is up to date."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatang.settings import FILE_NAME, PREFIX, Settings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "settings.md"
HEAD = f"""\
# Settings

Generated from `hatang.settings.Settings` by `scripts/generate/settings.py`; do not edit.

A setting is looked for in this order: option of the command, variable `{PREFIX}…`, the file `{FILE_NAME}` in the
state folder, default. A misspelt variable or key is an error, never ignored. Relative paths start at the
current folder.

| In {FILE_NAME} | Variable | Takes | Default | What it is |
|---|---|---|---|---|
"""
KINDS = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}


def kind(schema: dict[str, Any]) -> str:
    """What a setting takes, in words."""
    options = [o for o in schema.get("anyOf", [schema]) if o.get("type") != "null"]
    words = "path" if options[0].get("format") == "path" else KINDS[options[0]["type"]]
    return f"{words}, above 0" if options[0].get("exclusiveMinimum") == 0 else words


def page() -> str:
    """The whole page."""
    rows = []
    for name, schema in Settings.model_json_schema()["properties"].items():
        default = schema.get("default")
        shown = "" if default in (None, "") else f"`{default}`"
        rows.append(f"| `{name}` | `{PREFIX}{name.upper()}` | {kind(schema)} | {shown} | {schema['description']} |")
    return HEAD + "\n".join(rows) + "\n"


def main() -> int:
    """Write or compare; 1 when the page is stale."""
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(page())
        return 0
    if not PAGE.is_file() or PAGE.read_text() != page():
        print(f"{PAGE.name} is stale; renew it with: make goldens")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
