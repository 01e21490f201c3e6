"""Every registry control is broken as its mutations say: its check passes, fails and names it, and passes again.

Each is done to a copy of the same registry; the checks run once for all, as `hatang check` runs them.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hatang.audit.join import Scope
from hatang.audit.runner import _intervals
from hatang.catalogue import load
from hatang.catalogue.mutations import mutations
from hatang.catalogue.ways import REGISTRY_PREFIX
from hatang.model.mutation import Mutation, Where
from hatang.model.terms import Level
from hatang.policies.mutations.place import Undo
from hatang.registry import Registry
from tests.integration.audit.registry_place import SYSTEM, look
from tests.prove.proving import function
from tests.unit.audit.long_in_use import prepare

AUTOMATED = {c.id: c for c in load().controls.values() if any(k.startswith(REGISTRY_PREFIX) for k in c.checks)}


@dataclass
class Case:
    """One mutation and the registry that it is done to."""

    control: str
    mutation: Mutation
    registry: Registry
    undo: Undo = lambda: None
    seen: list[dict[str, str]] = field(default_factory=list)  # before, broken, repaired: control → what was said


MUTATIONS = [(c, m) for c, found in mutations().items() for m in found.mutations if m.on is Where.REGISTRY]


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> list[Case]:
    """All mutations, done and undone, with what the checks said at each time."""
    place = tmp_path_factory.mktemp("mutations")
    whole = Registry.open(f"sqlite:///{place}/whole.db")
    prepare(whole, SYSTEM)
    whole._engine.dispose()
    made = []
    for i, (control, mutation) in enumerate(MUTATIONS):
        shutil.copy(place / "whole.db", place / f"{i}.db")
        made.append(Case(control, mutation, Registry.open(f"sqlite:///{place}/{i}.db")))
    (before,) = look([made[0].registry], place)  # all are alike
    for case in made:
        case.seen.append(before)
        case.undo = function(case.mutation)(case.registry, SYSTEM)
    _look(made, place)
    for case in made:
        case.undo()
    _look(made, place)
    return made


def _look(cases: list[Case], place: Path) -> None:
    """Run the checks of the registry for every case."""
    said = look([c.registry for c in cases], place)
    for case, seen in zip(cases, said, strict=True):
        case.seen.append(seen)


def test_each_automated_control_has_two_ways_of_breaking_it() -> None:
    by: dict[str, set[str]] = {}
    for control, mutation in MUTATIONS:
        by.setdefault(control, set()).add(mutation.by.value)
    assert {c: {"careless", "hostile"} for c in AUTOMATED} == {c: by.get(c, set()) for c in AUTOMATED}
    assert len(AUTOMATED) >= 25


def test_all_pass_before(cases: list[Case]) -> None:
    for case in cases:
        assert case.seen[0] == dict.fromkeys(AUTOMATED, "passed"), f"{case.control} {case.mutation.name}"


def test_each_is_caught_and_nothing_else_is_blamed(cases: list[Case]) -> None:
    faults = []
    for case in cases:
        failed = {c for c, outcome in case.seen[1].items() if outcome != "passed"}
        wanted = {case.control, *case.mutation.also}
        if failed != wanted or not case.seen[1][case.control].startswith("failed"):
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
