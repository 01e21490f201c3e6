"""A whole proof that was cut off goes on with what is left."""

from __future__ import annotations

import json
from pathlib import Path

from hatang.model.mutation import Where
from tests.prove.choice import at
from tests.prove.outcome import Outcome, Verdict
from tests.prove.progress import Progress

CHOSEN = at(Where.REGISTRY)[:3]


def test_what_was_caught_is_not_done_again(tmp_path: Path) -> None:
    file = tmp_path / "state" / "prove.jsonl"
    begun = Progress(file)
    assert begun.left(CHOSEN) == CHOSEN
    begun.note(Outcome(*CHOSEN[0], Verdict.CAUGHT, seconds=2.04))
    begun.note(Outcome(*CHOSEN[1], Verdict.MISSED))
    goes_on = Progress(file)
    assert goes_on.left(CHOSEN) == CHOSEN[1:], "what was not caught is done again"
    assert [(o.control, o.mutation, o.caught, o.seconds) for o in goes_on.done(CHOSEN)] == [(*CHOSEN[0], True, 2.0)]
    goes_on.clear()
    assert Progress(file).left(CHOSEN) == CHOSEN


def test_what_changed_since_and_a_line_cut_off_count_for_nothing(tmp_path: Path) -> None:
    file = tmp_path / "prove.jsonl"
    Progress(file).note(Outcome(*CHOSEN[0], Verdict.CAUGHT))
    row = json.loads(file.read_text()) | {"digest": "0" * 16}
    file.write_text(json.dumps(row) + "\n" + '{"control": "A')
    assert Progress(file).left(CHOSEN) == CHOSEN
