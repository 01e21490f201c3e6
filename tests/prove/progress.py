"""What a whole proof has done so far: one line per mutation, so that a proof that was cut off goes on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from hatang.catalogue.proof import digest
from tests.prove.choice import Chosen
from tests.prove.outcome import Outcome, Verdict

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / ".hatang" / "prove.jsonl"


class Progress:
    """Mutations that were caught and whose control has not changed since; others are done again."""

    def __init__(self, file: Path = FILE) -> None:
        self.file = file
        self.seconds: dict[tuple[str, str], float] = {}
        for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else ():
            try:
                row = json.loads(line)
            except json.JSONDecodeError:
                continue  # cut off while it was written
            if row["verdict"] == Verdict.CAUGHT and row["digest"] == digest(row["control"]):
                self.seconds[row["control"], row["mutation"]] = row["seconds"]

    def left(self, chosen: Sequence[Chosen]) -> list[Chosen]:
        """Those that are still to be done."""
        return [(c, m) for c, m in chosen if (c, m.name) not in self.seconds]

    def done(self, chosen: Sequence[Chosen]) -> list[Outcome]:
        """Those that need not be done again."""
        return [
            Outcome(c, m, Verdict.CAUGHT, seconds=self.seconds[c, m.name])
            for c, m in chosen
            if (c, m.name) in self.seconds
        ]

    def note(self, outcome: Outcome) -> None:
        """Keep how one ended."""
        row = {
            "control": outcome.control, "mutation": outcome.mutation.name, "verdict": outcome.verdict.value,
            "digest": digest(outcome.control), "seconds": round(outcome.seconds, 1),
        }  # fmt: skip
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a", encoding="utf-8") as opened:
            opened.write(json.dumps(row) + "\n")

    def clear(self) -> None:
        """Begin anew next time."""
        self.file.unlink(missing_ok=True)
