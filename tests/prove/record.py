"""The record of a whole proof: policies/proof.json, from which the page of controls is made."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hatang.catalogue.proof import PROOF, digest
from hatang.sandbox.hosts import image
from tests.prove.outcome import Outcome


def write(outcomes: Iterable[Outcome], file: Path = PROOF) -> None:
    """Write the record, sorted, so that two records can be compared line by line."""
    rows = sorted(outcomes, key=lambda o: (o.control, o.mutation.name))
    controls: dict[str, Any] = {}
    for row in rows:
        entry = controls.setdefault(row.control, {"digest": digest(row.control), "mutations": {}})
        entry["mutations"][row.mutation.name] = row.verdict.value
    content = {
        "schema": "hatang.proof/1",
        "date": datetime.now(UTC).date().isoformat(),
        "versions": versions(),
        "controls": controls,
    }
    file.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def versions() -> dict[str, str]:
    """What the proof was made with."""
    found = {name: version(name) for name in ("ansible-core", "pytest-testinfra", "pulumi", "openstacksdk")}
    return {"hatang": version("hatang"), "python": platform.python_version(), "host image": image.name(), **found}
