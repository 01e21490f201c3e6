"""Every registry control is broken as its mutations say: its check passes, fails and names it, and passes again.

One system per mutation, each in a registry of its own; the checks run once for all, as `hatang check` runs them.
"""

from __future__ import annotations

import importlib
import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hatang.audit.join import Scope
from hatang.audit.kept import facts
from hatang.audit.runner import _intervals, pytest_argv, system_files
from hatang.catalogue import load
from hatang.catalogue.mutations import mutations
from hatang.catalogue.recorded import REGISTRY_PREFIX
from hatang.model.mutation import Mutation, Where
from hatang.model.terms import Level
from hatang.policies.mutations.place import Undo
from hatang.registry import Registry
from hatang.settings import environment
from tests.unit.audit.long_in_use import SITE, prepare

AUTOMATED = {c.id: c for c in load().controls.values() if any(k.startswith(REGISTRY_PREFIX) for k in c.checks)}


@dataclass
class Case:
    """One mutation and the system that it is done to."""

    control: str
    mutation: Mutation
    system: str
    registry: Registry
    undo: Undo = lambda: None
    seen: list[dict[str, str]] = field(default_factory=list)  # before, broken, repaired: control → outcome


def function(call: str) -> Callable[[Registry, str], Undo]:
    """The function that `call` names."""
    file, name = call.split("::")
    found: Callable[[Registry, str], Undo] = getattr(
        importlib.import_module(f"hatang.policies.mutations.{file.removesuffix('.py')}"), name
    )
    return found


MUTATIONS = [(c, m) for c, found in mutations().items() for m in found.mutations if m.on is Where.REGISTRY]


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> list[Case]:
    """All mutations, done and undone, with what the checks said at each time."""
    place = tmp_path_factory.mktemp("mutations")
    Registry.open(f"sqlite:///{place}/empty.db")._engine.dispose()
    made = []
    for i, (control, mutation) in enumerate(MUTATIONS):
        shutil.copy(place / "empty.db", place / f"{i}.db")
        registry = Registry.open(f"sqlite:///{place}/{i}.db")
        prepare(registry, f"system-{i}")
        made.append(Case(control, mutation, f"system-{i}", registry))
    look(made, place)
    for case in made:
        case.undo = function(case.mutation.call)(case.registry, case.system)
    look(made, place)
    for case in made:
        case.undo()
    look(made, place)
    return made


def look(cases: list[Case], place: Path) -> None:
    """Run the checks of the registry for every case."""
    file, lines = place / "systems.json", place / "lines.jsonl"
    lines.unlink(missing_ok=True)
    file.write_text(json.dumps({
        "cloud": {"file": "", "name": ""}, "site": SITE.model_dump(mode="json"),
        "systems": [entry(c.registry, c.system) for c in cases],
    }))  # fmt: skip
    files = [f for f in system_files() if f.name.startswith(REGISTRY_PREFIX)]
    done = subprocess.run(
        [*pytest_argv(files, f"--systems={file}"), f"--result-lines={lines}"],
        env=environment(PYTHONDONTWRITEBYTECODE="1"), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stdout[-2000:] + done.stderr[-2000:]
    rows = [json.loads(x) for x in lines.read_text(encoding="utf-8").splitlines()]
    for case in cases:
        case.seen.append({r["control"]: r["outcome"] for r in rows if r["scope"] == case.system})


def entry(registry: Registry, name: str) -> dict[str, Any]:
    """What the checks read of a system."""
    record = registry.system(name)
    level = Level(record.spec.level)
    scope = Scope(name, "system", name, level, load().resolve(level, record.spec.sources))
    return {
        "spec": record.spec.model_dump(mode="json"), "agency": record.agency.model_dump(mode="json"),
        "allocation": record.allocation.model_dump(mode="json") if record.allocation else None,
        "values": {k: r.value for k, r in scope.values.items()}, "ids": {}, "agency_ids": {},
        "intervals": _intervals(scope), "kept": facts(registry, record),
    }  # fmt: skip


def test_each_automated_control_has_two_ways_of_breaking_it() -> None:
    by: dict[str, set[str]] = {}
    for control, mutation in MUTATIONS:
        by.setdefault(control, set()).add(mutation.by.value)
    assert {c: {"careless", "hostile"} for c in AUTOMATED} == {c: by.get(c, set()) for c in AUTOMATED}
    assert len(AUTOMATED) >= 25


def test_all_pass_before(cases: list[Case]) -> None:
    for case in cases:
        assert case.seen[0] == dict.fromkeys(AUTOMATED, "passed"), case.system


def test_each_is_caught_and_nothing_else_is_blamed(cases: list[Case]) -> None:
    faults = []
    for case in cases:
        failed = {c for c, outcome in case.seen[1].items() if outcome != "passed"}
        wanted = {case.control, *case.mutation.also}
        if failed != wanted or case.seen[1][case.control] != "failed":
            faults.append(f"{case.control} {case.mutation.name}: {sorted(failed)} instead of {sorted(wanted)}")
    assert not faults, "\n".join(faults)


def test_all_pass_again(cases: list[Case]) -> None:
    for case in cases:
        assert case.seen[2] == case.seen[0], f"{case.control} {case.mutation.name}"


def test_intervals_are_known_for_every_periodic_control() -> None:
    for level in Level:
        values = load().resolve(level, ("document_storage",))
        scope = Scope("s", "system", "s", level, values)
        known = _intervals(scope)
        for control in AUTOMATED.values():
            if control.checks[0].startswith("test_registry_reviews.py") and values[control.id].value is not None:
                assert sum(known[control.id].values()) > 0, f"{control.id} at level {int(level)}"
