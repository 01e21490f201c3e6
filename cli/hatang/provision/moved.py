"""What moved between the plan that was approved and the plan that apply would carry out now."""

from __future__ import annotations

from typing import Any

from hatang.provision.plan import Plan

SHOWN = 6


def moved(old: Plan, new: Plan) -> list[str]:
    """Each difference in words; empty: the plans are the same."""
    found = [f"{what} differs" for what in _paths("", old.intended(), new.intended())]
    before, after = _by_name(old), _by_name(new)
    for name in sorted(before.keys() | after.keys()):
        was, now = before.get(name, "nothing"), after.get(name, "nothing")
        if was != now:
            found.append(f"{name}: {was} was approved, now {now}")
    if not found and old.state_digest != new.state_digest:
        found.append("what the engine knows of the cloud")
    if not found and old.digest != new.digest:
        found.append("ids that the cloud gave, of the agency or of what was found there")
    return [*found[:SHOWN], *([f"and {len(found) - SHOWN} more"] if len(found) > SHOWN else [])]


def _by_name(plan: Plan) -> dict[str, str]:
    return {f"{r['type']} {r['name']}": _told(r) for r in plan.as_rows()}


def _told(row: dict[str, Any]) -> str:
    changed = ", ".join(row["changed"])
    return f"{row['operation']} ({changed})" if changed else str(row["operation"])


def _paths(path: str, old: Any, new: Any) -> list[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        keys = sorted(old.keys() | new.keys())
        return [p for k in keys for p in _paths(f"{path}.{k}" if path else str(k), old.get(k), new.get(k))]
    return [] if old == new else [path]
