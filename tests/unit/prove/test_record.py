"""Controls that were proven again take their place in the record of the whole proof; half of one does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hatang.catalogue.mutations import mutations
from tests.prove import record
from tests.prove.outcome import Outcome, Verdict

CONTROL, OTHER = "AUT-03", "AUT-13"


def outcomes(*controls: str) -> list[Outcome]:
    """All mutations of these controls, caught."""
    return [Outcome(c, m, Verdict.CAUGHT, seconds=1.0) for c in controls for m in mutations()[c].mutations]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A record of two controls, one of them of before it was changed."""
    made = tmp_path / "proof.json"
    record.write(outcomes(CONTROL, OTHER), made)
    content = json.loads(made.read_text())
    content["controls"][CONTROL]["digest"] = "0" * 16
    made.write_text(json.dumps(content))
    return made


def test_what_was_proven_again_is_renewed_and_nothing_else(file: Path) -> None:
    before = json.loads(file.read_text())
    record.renew(outcomes(CONTROL), file)
    after = json.loads(file.read_text())
    assert after["controls"][CONTROL]["digest"] != "0" * 16
    assert {"date", "versions"} <= after["controls"][CONTROL].keys()
    assert after["controls"][OTHER] == before["controls"][OTHER]
    assert after["date"] == before["date"]


def test_half_a_control_is_not_taken(file: Path) -> None:
    before = file.read_text()
    with pytest.raises(ValueError, match="not tried"):
        record.renew(outcomes(CONTROL)[1:], file)
    assert file.read_text() == before


def test_without_a_whole_proof_there_is_nothing_to_renew(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="make prove"):
        record.renew(outcomes(CONTROL), tmp_path / "proof.json")
