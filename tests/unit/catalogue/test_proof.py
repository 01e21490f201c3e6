"""What the record of the proof says of a control."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hatang.catalogue.mutations import mutations
from hatang.catalogue.proof import State, digest, proof

CONTROL = "AUT-13"
NAMES = [m.name for m in mutations()[CONTROL].mutations]


def record(place: Path, **more: Any) -> Path:
    """A record that proves one control, or as `more` has it."""
    entry = {"digest": digest(CONTROL), "mutations": dict.fromkeys(NAMES, "caught"), **more}
    file = place / "proof.json"
    file.write_text(json.dumps({"date": "2026-11-25", "versions": {}, "controls": {CONTROL: entry}}))
    return file


@pytest.mark.parametrize(
    ("more", "state"),
    [
        ({}, State.PROVEN),
        ({"digest": "0" * 16}, State.CHANGED),
        ({"mutations": {**dict.fromkeys(NAMES, "caught"), NAMES[0]: "missed"}}, State.NOT_CAUGHT),
        ({"mutations": {NAMES[0]: "caught"}}, State.CHANGED),
        ({"mutations": {}}, State.NOT_CAUGHT),
    ],
)
def test_state(tmp_path: Path, more: dict[str, Any], state: State) -> None:
    assert proof(record(tmp_path, **more)).state(CONTROL) is state


def test_control_that_is_not_in_the_record(tmp_path: Path) -> None:
    found = proof(record(tmp_path))
    assert found.state("AUT-14") is State.NOT_TRIED
    assert found.state("EML-01") is State.NO_CHECK


def test_no_record_proves_nothing(tmp_path: Path) -> None:
    assert proof(tmp_path / "none.json").state(CONTROL) is State.NOT_TRIED
