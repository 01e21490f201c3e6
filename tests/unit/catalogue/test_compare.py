"""What differs between levels and between sources, and the names of sources."""

from __future__ import annotations

from typing import Any

import pytest

from hatang.catalogue import load
from hatang.catalogue.compare import between_levels, between_sources, source_key
from hatang.catalogue.groups import GROUPS, group_of
from hatang.catalogue.resolver import resolve
from hatang.catalogue.sources import sources
from hatang.errors import InputError, UnknownNameError
from hatang.model.terms import Level

TABLE, REGULATION = "tcvn14423_2026", "qcvn12_2026"


def controls() -> list[Any]:
    return list(load().controls.values())


def test_levels_3_and_4() -> None:
    found = {d.control.id: d for d in between_levels(controls(), Level.L3, Level.L4)}
    assert (found["ACC-03"].one.value, found["ACC-03"].other.value, found["ACC-03"].change) == (6, 3, "stricter")
    assert (found["LOG-10"].one.value, found["LOG-10"].other.value, found["LOG-10"].change) == (3, 6, "stricter")
    assert found["SAC-11"].change == "added"
    assert found["SAC-06"].change == "added"
    assert found["BKP-08"].change == "stricter"
    assert found["LOG-02"].change == "stricter"
    assert "AUT-03" not in found


def test_the_other_way_round() -> None:
    opposite = {"added": "dropped", "dropped": "added", "stricter": "looser", "looser": "stricter", "other": "other"}
    there = {d.control.id: d.change for d in between_levels(controls(), Level.L2, Level.L3)}
    back = {d.control.id: d.change for d in between_levels(controls(), Level.L3, Level.L2)}
    assert back == {c: opposite[change] for c, change in there.items()}
    assert there["SAC-06"] == "dropped"  # level 3 is no superset of level 2
    assert there["DAT-02"] == "other"


@pytest.mark.parametrize("storage", [(), ("document_storage",)])
def test_exactly_what_differs_is_shown(storage: tuple[str, ...]) -> None:
    for one in Level:
        for other in Level:
            shown = {d.control.id for d in between_levels(controls(), one, other, storage)}
            differing = {c.id for c in controls() if resolve(c, one, storage).value != resolve(c, other, storage).value}
            assert shown == differing


def test_sources() -> None:
    found = {d.control.id: d for d in between_sources(controls(), TABLE, REGULATION)}
    assert found["AUT-03"].stricter == TABLE
    assert found["CFG-08"].stricter == REGULATION
    assert found["ACC-03"].stricter == "mixed"  # stricter at levels 1 to 3, looser at 5
    assert found["NET-11"].other is None
    assert "AUT-04" not in found
    at_3 = {d.control.id: d.stricter for d in between_sources(controls(), TABLE, REGULATION, [Level.L3])}
    assert at_3["ACC-03"] == REGULATION
    assert "LOG-10" not in {d.control.id for d in between_sources(controls(), TABLE, REGULATION, [Level.L5])}


def test_beginning_of_a_key_is_enough() -> None:
    assert source_key("tcvn14423", controls(), sources()) == TABLE  # the edition of 2025 is cited by no control
    assert source_key("qcvn12", controls(), sources()) == REGULATION
    assert source_key("tcvn14423_2025", controls(), sources()) == "tcvn14423_2025"
    with pytest.raises(InputError, match="nd331_2026, nd333_2026"):
        source_key("nd33", controls(), sources())
    with pytest.raises(UnknownNameError, match="did you mean"):
        source_key("qvcn12_2026", controls(), sources())


def test_every_control_is_in_a_group_and_every_group_has_some() -> None:
    assert {group_of(c.id) for c in controls()} == set(GROUPS)
    with pytest.raises(KeyError):
        group_of("XYZ-01")
