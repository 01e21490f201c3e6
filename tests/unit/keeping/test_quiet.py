"""Nothing is saved while something works in the state folder, and nothing begins meanwhile unseen."""

from __future__ import annotations

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from hatang import settings
from hatang.errors import BusyError, RefusedError
from hatang.keeping.quiet import quiet
from hatang.workflow.lock import exclusive, locked
from tests.unit.keeping.conftest import Place


@contextmanager
def engine(state: Path) -> Iterator[None]:
    """The lock of a stack as the engine's runs hold it."""
    with (state / "lock" / "stack-hatang-system-mot-cua.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def test_who_works_is_named_and_nothing_is_saved(place: Place) -> None:
    own = settings.load(state_dir=place.state)
    worker = place.state / "lock" / "worker.lock"
    with exclusive(own, "mot-cua"), exclusive(own, "site-example"), locked(worker), engine(place.state):
        said = place.save(code=3)
    assert "a run on mot-cua (pid " in said
    assert "the landing of site example (pid " in said
    assert "a worker (pid " in said
    assert "the engine on stack hatang-system-mot-cua" in said
    assert list(place.backup.parent.iterdir()) == []
    place.save()


def test_nobody_begins_meanwhile(place: Place) -> None:
    own = settings.load(state_dir=place.state)
    with quiet(own):
        with pytest.raises(BusyError), exclusive(own, "mot-cua"):
            pass
        with (
            closing(sqlite3.connect(place.state / "registry.db", timeout=0)) as other,
            pytest.raises(sqlite3.OperationalError, match="locked"),
        ):
            other.execute("BEGIN IMMEDIATE")
    with exclusive(own, "mot-cua"):
        pass
    with pytest.raises(RefusedError, match="a run on moi"), quiet(own), exclusive(own, "moi"):
        pass
