"""The checks of the registry, run on systems of registries as `hatang check` runs them."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hatang.audit.join import Scope
from hatang.audit.kept import facts
from hatang.audit.runner import _intervals, pytest_argv, system_files
from hatang.catalogue import load
from hatang.catalogue.ways import REGISTRY_PREFIX
from hatang.model.terms import Level
from hatang.registry import Registry
from hatang.settings import environment
from tests.unit.audit.long_in_use import SITE

SYSTEM = "lau-nam"  # in each registry


def look(registries: Sequence[Registry], place: Path) -> list[dict[str, str]]:
    """What the checks say of each one's system, in their order: by control `passed`, or the outcome with its reason.

    They are copies of one, and their systems have one name: each check comes to them in that order.
    """
    file, lines = place / "systems.json", place / "lines.jsonl"
    lines.unlink(missing_ok=True)
    file.write_text(json.dumps({
        "cloud": {"file": "", "name": ""}, "site": SITE.model_dump(mode="json"),
        "systems": [_entry(registry) for registry in registries],
    }))  # fmt: skip
    files = [f for f in system_files() if f.name.startswith(REGISTRY_PREFIX)]
    done = subprocess.run(
        [*pytest_argv(files, f"--systems={file}"), f"--result-lines={lines}"],
        env=environment(PYTHONDONTWRITEBYTECODE="1"), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stdout[-2000:] + done.stderr[-2000:]
    said: list[dict[str, str]] = [{} for _registry in registries]
    came: Counter[str] = Counter()
    for row in map(json.loads, lines.read_text(encoding="utf-8").splitlines()):
        passed = row["outcome"] == "passed"
        said[came[row["check"]]][row["control"]] = "passed" if passed else f"{row['outcome']}: {row['detail']}"
        came[row["check"]] += 1
    assert set(came.values()) == {len(registries)}, "each check came to each system once"
    return said


def _entry(registry: Registry) -> dict[str, Any]:
    """What the checks read of a system."""
    record = registry.system(SYSTEM)
    level = Level(record.spec.level)
    scope = Scope(SYSTEM, "system", SYSTEM, level, load().resolve(level, record.spec.sources))
    return {
        "spec": record.spec.model_dump(mode="json"), "agency": record.agency.model_dump(mode="json"),
        "allocation": record.allocation.model_dump(mode="json") if record.allocation else None,
        "values": {k: r.value for k, r in scope.values.items()}, "ids": {}, "agency_ids": {},
        "intervals": _intervals(scope), "kept": facts(registry, record),
    }  # fmt: skip
