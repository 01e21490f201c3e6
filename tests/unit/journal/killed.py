"""Processes that do things and write entries, each killed at a random moment.

python -m tests.unit.journal.killed STATE URL ROUNDS SEED. One process loads everything and forks; in each round two
children work on one journal, the first is killed, then the second. Prints JSON: how many acts each child had told of.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

from hatang import settings
from hatang.journal.journal import Journal
from hatang.registry import Registry
from hatang.registry.acts import note
from tests.unit.registry.test_registry import REQUEST

LATEST_S = 0.25  # a child lives no longer than this after it has begun


def main(state: Path, url: str, rounds: int, seed: int) -> int:
    """Fork and kill; 1 when a child failed by itself."""
    chance, told = random.Random(seed), 0
    Registry.open(url).submit(REQUEST, "")
    Registry.latest = None  # no connection of this process goes into a child
    for number in range(rounds):
        children = [_child(state, url, f"{number}-{i}", chance.random()) for i in range(2)]
        for _, reader in children:
            assert os.read(reader, 1) == b"b", "it has begun"
        for pid, _ in children:
            time.sleep(chance.random() * LATEST_S)
            os.kill(pid, signal.SIGKILL)
        for pid, reader in children:
            if os.waitpid(pid, 0)[1] != signal.SIGKILL:
                return 1
            while some := os.read(reader, 65536):
                told += some.count(b".")
            os.close(reader)
    print(json.dumps({"told": told}))
    return 0


def _child(state: Path, url: str, name: str, seed: float) -> tuple[int, int]:
    reader, writer = os.pipe()
    if (pid := os.fork()) == 0:
        os.close(reader)
        try:
            _work(state, url, name, seed, writer)
        finally:
            os._exit(1)
    os.close(writer)
    return pid, reader


def _work(state: Path, url: str, name: str, seed: float, writer: int) -> None:
    """Do something, say so, write entries; now and then change the key."""
    registry, chance = Registry.open(url), random.Random(seed)
    journal = Journal(settings.load(state_dir=state, registry_url=url), registry)
    os.write(writer, b"b")
    for step in range(10_000):
        note(registry, "test.act", {"name": f"{name}-{step}"})
        os.write(writer, b".")  # from now on it must be in the journal
        if chance.random() < 0.1:
            journal.rotate()
        elif chance.random() < 0.7:
            journal.catch_up()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
