"""Costly proofs take turns: one of each group in a run, every one some day, all together with --long."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests import turns

TESTS = {
    "one-a": ("group", "a"), "one-b": ("group", "b"), "one-c": ("group", "c"), "with-a": ("group", "a"),
    "alone": ("other", "d"), "always": None,
}  # fmt: skip
REST = {"alone", "always"}


@dataclass
class Item:
    """As much of a collected test as the choice looks at."""

    name: str
    marks: dict[str, pytest.Mark] = field(default_factory=dict)

    def get_closest_marker(self, name: str) -> pytest.Mark | None:
        return self.marks.get(name)

    def add_marker(self, mark: pytest.MarkDecorator) -> None:
        self.marks[mark.name] = mark.mark


def items() -> list[Any]:
    """Freshly collected tests."""
    return [Item(n, {"turn": pytest.mark.turn(*turn).mark} if turn else {}) for n, turn in TESTS.items()]


def ran(seed: int, wanted: list[str]) -> set[str]:
    found = items()
    turns.skip_others(found, seed, wanted)
    assert all("--long" in i.marks["skip"].kwargs["reason"] for i in found if "skip" in i.marks)
    return {i.name for i in found if "skip" not in i.marks}


@pytest.mark.parametrize("seed", range(6))
def test_one_of_each_group_and_all_that_go_with_it(seed: int) -> None:
    found = ran(seed, [])
    assert found in ({"one-a", "with-a"} | REST, {"one-b"} | REST, {"one-c"} | REST)


def test_every_one_has_its_turn() -> None:
    names = {"a", "b", "c"}
    assert {next(iter(turns._choice(names, seed, []))) for seed in range(40)} == names


def test_those_that_are_asked_for() -> None:
    assert ran(1, ["a", "b"]) == {"one-a", "with-a", "one-b"} | REST


def test_a_name_that_no_test_has() -> None:
    with pytest.raises(pytest.UsageError, match="no test is called e"):
        turns.skip_others(items(), 1, ["a", "e"])
