"""What moved between the plan that was approved and the plan that apply would carry out now."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hatang.provision.plan import AGENCY_IDS, NOT_MADE, Plan

SHOWN = 6


def agency_came_meanwhile(old: Plan, new: Plan) -> bool:
    """Whether all that differs is that the agency is there, which the old plan would have made just so.

    The first systems of an agency are often approved together, and each plan makes the agency; whichever is applied
    first does it. What is left of the others was approved: nothing else is done, and the ids are the cloud's.
    """
    came = all(old.config.get(k) == NOT_MADE and new.config.get(k) not in (None, NOT_MADE) for k in AGENCY_IDS)
    alike = replace(new, config={**new.config, **dict.fromkeys(AGENCY_IDS, NOT_MADE)})
    rest = (alike.stack, alike.config, alike.state_digest, alike.refresh, alike.unmanaged)
    if not came or rest != (old.stack, old.config, old.state_digest, old.refresh, old.unmanaged):
        return False
    # The state of the system's own stack is the same, so what is there by now belongs to the agency's.
    before, after = _by_name(old), _by_name(new)
    return before.keys() == after.keys() and all(
        was == after[name] or (was, after[name]) == ("create", "same") for name, was in before.items()
    )


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
