"""The record of the proof: policies/proof.json, from which the page of controls is made."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hatang.catalogue.mutations import mutations
from hatang.catalogue.proof import PROOF, digest
from hatang.sandbox.hosts import image
from tests.prove.outcome import Outcome


def write(outcomes: Iterable[Outcome], file: Path = PROOF) -> None:
    """Write the record, sorted, so that two records can be compared line by line."""
    content = {
        "schema": "hatang.proof/1",
        "date": datetime.now(UTC).date().isoformat(),
        "versions": versions(),
        "controls": _entries(outcomes),
    }
    _save(content, file)


def renew(outcomes: Iterable[Outcome], file: Path = PROOF) -> None:
    """Put controls that were proven again, with all their mutations, in place of what the record says of them.

    Raises:
        ValueError: a mutation of one of them was not tried, or there is no record of a whole proof.
    """
    if not file.exists():
        raise ValueError("there is no record of a whole proof yet; run `make prove` first")
    content = json.loads(file.read_text(encoding="utf-8"))
    for control, entry in _entries(outcomes).items():
        if missing := {m.name for m in mutations()[control].mutations} - set(entry["mutations"]):
            raise ValueError(f"{control}: not tried: {', '.join(sorted(missing))}")
        content["controls"][control] = {**entry, "date": datetime.now(UTC).date().isoformat(), "versions": versions()}
    _save(content, file)


def _entries(outcomes: Iterable[Outcome]) -> dict[str, Any]:
    controls: dict[str, Any] = {}
    for row in sorted(outcomes, key=lambda o: (o.control, o.mutation.name)):
        entry = controls.setdefault(row.control, {"digest": digest(row.control), "mutations": {}})
        entry["mutations"][row.mutation.name] = row.verdict.value
    return controls


def _save(content: dict[str, Any], file: Path) -> None:
    ordered = {**content, "controls": dict(sorted(content["controls"].items()))}
    file.write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def versions() -> dict[str, str]:
    """What the proof was made with."""
    found = {name: version(name) for name in ("ansible-core", "pytest-testinfra", "pulumi", "openstacksdk")}
    return {"hatang": version("hatang"), "python": platform.python_version(), "host image": image.name(), **found}
