"""Whose turn it is to write to SQLite: nobody starves, nobody waits for ever, and a lock ends with its process."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from hatang.errors import RegistryError
from hatang.registry import Registry, database
from hatang.registry.sessions import writing
from hatang.registry.turns import turn
from tests.unit.registry.test_registry import named

HOLDS = """
import sys, time
from hatang.registry.turns import turn
from sqlalchemy import create_engine
with turn(create_engine(sys.argv[1]), 5):
    print("here", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return create_engine(f"sqlite:///{tmp_path}/registry.db")


def test_who_writes_all_the_time_lets_the_others_in(tmp_path: Path) -> None:
    engine = database.connect(f"sqlite:///{tmp_path}/registry.db")
    database.migrate(engine)
    counts, end = [0] * 6, time.monotonic() + 3

    def write(number: int) -> None:
        while time.monotonic() < end:
            with writing(engine) as session:
                session.execute(text("SELECT 1"))  # it writes from its first statement on
                time.sleep(0.05)
            counts[number] += 1

    threads = [threading.Thread(target=write, args=[n]) for n in range(len(counts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Without a turn one wrote all the time, and each other once, in the end.
    assert min(counts) * 8 >= max(counts), f"turns of each in three seconds: {counts}"


def test_who_has_just_written_comes_behind_who_waits(engine: Engine) -> None:
    order, waits = [], threading.Event()

    def other() -> None:
        waits.set()
        with turn(engine, 5):
            order.append("other")

    with turn(engine, 5):
        thread = threading.Thread(target=other)
        thread.start()
        waits.wait()
        time.sleep(0.3)  # now it stands in line
    for _again in range(3):  # at once, with no pause in which the other could wake
        with turn(engine, 5):
            order.append("own")
    thread.join()
    assert order == ["other", "own", "own", "own"]


def test_a_writer_that_does_not_end_is_told_and_who_gave_up_stands_in_nobodys_way(
    engine: Engine, tmp_path: Path
) -> None:
    with (tmp_path / "registry.db.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(RegistryError, match=r"did not come to an end in 0.2 s") as caught, turn(engine, 0.2):
            pass
        assert "registry.db.lock" in caught.value.do
    with turn(engine, 5):
        pass


def test_the_lock_of_a_killed_process_is_gone(engine: Engine) -> None:
    holds = subprocess.Popen([sys.executable, "-c", HOLDS, str(engine.url)], stdout=subprocess.PIPE, text=True)
    assert holds.stdout
    assert holds.stdout.readline() == "here\n"
    holds.kill()
    holds.wait()
    with turn(engine, 5):
        pass


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    Registry.open(f"sqlite:///{tmp_path}/registry.db")
    (tmp_path / "registry.db.lock").unlink()
    (tmp_path / "registry.db.lock").mkdir()  # root may write anywhere, but not open a folder as a file
    with pytest.raises(RegistryError, match="is not usable") as caught:
        Registry.open(f"sqlite:///{tmp_path}/registry.db").submit(named("mot"), "mot")
    assert caught.value.where == f"{tmp_path}/registry.db"


def test_the_lock_files_are_their_owners_alone(engine: Engine, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with turn(engine, 1):
            modes = {f.name: f.stat().st_mode & 0o777 for f in tmp_path.glob("*.lock")}
            assert modes == {"registry.db.lock": 0o600, "registry.db.next.lock": 0o600}
    finally:
        os.umask(before)
