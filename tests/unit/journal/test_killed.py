"""SIGKILL at random moments while entries are written: the chain holds, nothing is missing, nothing is doubled."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from hatang.journal.journal import Journal
from hatang.journal.verify import Fault, compare_records, verify
from hatang.registry import Registry
from hatang.settings import Settings

ROOT = Path(__file__).resolve().parents[3]


def test_killed_while_entries_are_written(own: Settings) -> None:
    killed(own, 5)


@pytest.mark.long
def test_killed_while_entries_are_written_at_length(own: Settings) -> None:
    killed(own, 60)


def killed(own: Settings, rounds: int) -> None:
    """Two kills a round; then look."""
    seed = random.randrange(1 << 30)
    words = [str(own.state_dir), own.registry, str(rounds), str(seed)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.unit.journal.killed", *words], cwd=ROOT, capture_output=True, text=True,
        timeout=500,
    )  # fmt: skip
    assert done.returncode == 0, f"seed {seed}: {done.stderr}"
    told = json.loads(done.stdout)["told"]
    assert told >= rounds
    journal = Journal(own, Registry.open(own.registry))
    rows, records = journal.rows.with_records()
    before = verify(rows)
    compare_records(before, records)
    assert {f.fault for f in before.findings} <= {Fault.NOT_WRITTEN}, f"seed {seed}: {before.findings}"
    journal.catch_up()
    rows, records = journal.rows.with_records()
    found = verify(rows)
    compare_records(found, records)
    assert found.holds, f"seed {seed}: {found.findings}"
    acts = Counter(e.facts["name"] for e in found.entries if e.act == "test.act")
    assert set(acts.values()) == {1}, "none twice"
    assert sum(acts.values()) == sum(r.source == "act" for r in records) >= told, "none missing"
    assert len(found.entries) == len(rows) == rows[-1][0]
    signs = list(found.keys)[-1]
    assert (own.state_dir / "journal" / f"{signs}.pem").exists(), "the key that signs is there"
    journal.rotate()
    assert not {f.stem for f in (own.state_dir / "journal").glob("*.pem")} & set(found.keys), "old ones are gone"
