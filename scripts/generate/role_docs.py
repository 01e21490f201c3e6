"""Writes roles/<role>/README.md from argument_specs and task tags; with --check, only says which are stale."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from scripts.generated import write_or_check  # noqa: E402

from hatang.catalogue import load  # noqa: E402

NOTE = "Generated from `meta/argument_specs.yml` and task tags by `scripts/generate/role_docs.py`; do not edit."


def page(role: Path) -> str:
    """The README of one role."""
    specs: dict[str, Any] = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text())["argument_specs"]
    spec = next(iter(specs.values()))
    parts = [f"# {role.name}: {spec['short_description'][0].lower()}{spec['short_description'][1:]}", NOTE]
    parts += [" ".join(text.split()) for text in spec.get("description", [])]
    if found := tags(role):
        controls = load().controls
        parts += ["## Controls", table(("Control", "What it asks for"), [(c, controls[c].title.en) for c in found])]
    if options := spec["options"]:
        rows = [(f"`{n}`", kind(o), origin(o), o["description"]) for n, o in sorted(options.items())]
        parts += ["## Variables", table(("Variable", "Takes", "Default", "What it is"), rows)]  # type: ignore[arg-type]
    if len(specs) > 1:
        parts += ["## Entry points", ", ".join(f"`{name}`" for name in specs) + " (`tasks_from`)."]
    return "\n\n".join(parts) + "\n"


def tags(role: Path) -> list[str]:
    """Ids of the controls that tasks of the role carry."""
    found: set[str] = set()
    for file in sorted((role / "tasks").glob("*.yml")):
        for task in yaml.safe_load(file.read_text()) or []:
            found |= set(task.get("tags", []))
    return sorted(found - {"always"})


def kind(option: dict[str, Any]) -> str:
    """What a variable takes."""
    return f"list of {option['elements']}" if option["type"] == "list" else str(option["type"])


def origin(option: dict[str, Any]) -> str:
    """Its default, or that the caller gives it."""
    return "required" if option.get("required") else f"`{option['default']}`"


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def main() -> int:
    """Write or compare; 1 when a page is stale."""
    roles = sorted(p.parents[1] for p in (ROOT / "roles").glob("*/meta/argument_specs.yml"))
    return write_or_check({f"roles/{r.name}/README.md": page(r) for r in roles})


if __name__ == "__main__":
    sys.exit(main())
