"""One control as plain data, without the models: half of the time of `hatang control show` would be loading them.

The files were checked by the linter. A file that does not have the shape is read again through the model, which names
the fault. A test holds what is returned here against the models, for every control and level.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import yaml

from hatang.catalogue.strictest import Says, decide, takes_own

CONTROLS = (Path(__file__).resolve().parents[1] / "policies" / "controls").resolve()
ABSENT: dict[str, Any] = {
    "order": [], "words": {}, "evidence": None, "outside_reason": None, "checks": [], "partial_at": [],
    "own_value": None, "note": None, "verified_against_original": False,
}  # fmt: skip
NOTHING: dict[str, Any] = {"role": "", "variables": {}, "stack": "", "absent": {}}


def row(
    control_id: str, level: int | None = None, applies: Collection[str] = (), folder: Path = CONTROLS
) -> dict[str, Any]:
    """The control's fields; with a level, also `resolved`.

    Raises:
        UnknownNameError: there is no such control.
        InputError: its file is wrong.
    """
    file = folder / f"{control_id}.yaml"
    try:
        raw = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        return _filled(raw, level, applies)
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError):
        from hatang.catalogue.loader import show_control

        show_control(control_id, folder)  # raises, naming file, line and remedy
        raise


def _filled(raw: dict[str, Any], level: int | None, applies: Collection[str]) -> dict[str, Any]:
    found = {**ABSENT, **raw, "implemented_by": {**NOTHING, **raw.get("implemented_by", {})}}
    found["sources"] = {name: _source(s) for name, s in raw["sources"].items()}
    if level is None:
        return found
    considered = [
        Says(name, s["values"][f"L{level}"], s["mark"], s["clause"])
        for name, s in found["sources"].items()
        if not s["applies_to"] or s["applies_to"] in applies
    ]
    decided = decide(raw["combine"], found["order"], considered)
    found["resolved"] = {
        "control": raw["id"],
        "value": list(decided.value) if isinstance(decided.value, tuple) else decided.value,
        "unit": raw["unit"],
        "source": decided.source,
        "mark": decided.mark or None,
        "clause": decided.clause,
        "strength": raw["strength"],
        "considered": [c._asdict() for c in considered],
        "own_value": found["own_value"] if takes_own(decided.value) else None,
    }
    return found


def _source(raw: dict[str, Any]) -> dict[str, Any]:
    remarks = [{"levels": [], **r} for r in raw.get("remarks", [])]
    return {"applies_to": "", **raw, "remarks": remarks}
