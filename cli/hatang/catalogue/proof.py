"""What was proven of the checks, and whether it still is what was proven: policies/proof.json.

A control counts as proven when every mutation of it was caught, and neither the control, its mutations nor its checks
changed since.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from hatang.catalogue.loader import POLICIES, load
from hatang.catalogue.mutations import mutations

PROOF = POLICIES / "proof.json"
CAUGHT = "caught"


class State(StrEnum):
    """What the record says of a control."""

    PROVEN = "proven"
    CHANGED = "changed"  # proven once; control, mutations or checks changed since
    NOT_CAUGHT = "not-caught"  # a mutation was not caught
    NOT_TRIED = "not-tried"
    NO_CHECK = "no-check"


@dataclass(frozen=True)
class Proof:
    """One record: `controls` by id, each {digest, mutations: {name: verdict}}."""

    date: str
    versions: Mapping[str, str]
    controls: Mapping[str, Mapping[str, Any]]

    def state(self, control: str) -> State:
        """What is known of a control's checks."""
        if not load().controls[control].checks:
            return State.NO_CHECK
        kept = self.controls.get(control)
        if kept is None:
            return State.NOT_TRIED
        if set(kept["mutations"].values()) != {CAUGHT}:
            return State.NOT_CAUGHT
        tried = set(kept["mutations"]) == {m.name for m in mutations()[control].mutations}
        return State.PROVEN if tried and kept["digest"] == digest(control) else State.CHANGED


def proof(file: Path = PROOF) -> Proof:
    """The record; an empty one where none was made."""
    if not file.exists():
        return Proof("", {}, {})
    content = json.loads(file.read_text(encoding="utf-8"))
    return Proof(content["date"], content["versions"], content["controls"])


@cache
def digest(control: str) -> str:
    """SHA-256, shortened, of all that the proof of a control rests on: control, mutations, files of its checks."""
    found = load().controls[control]
    files = {POLICIES / "controls" / f"{control}.yaml", POLICIES / "mutations" / f"{control}.yaml"}
    files |= {POLICIES / "checks" / check.split("::")[0] for check in found.checks}
    if kept := mutations().get(control):
        files |= {POLICIES / "mutations" / m.call.split("::")[0] for m in kept.mutations if m.call}
    whole = hashlib.sha256()
    for file in sorted(files):
        whole.update(file.name.encode() + b"\0" + (file.read_bytes() if file.exists() else b"") + b"\0")
    return whole.hexdigest()[:16]
