"""Runs are read while another process only just makes DBOS's tables, and after one was killed at it."""

from __future__ import annotations

import shutil
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from hatang import settings as settings_module
from hatang.errors import RegistryError
from hatang.settings import Settings
from hatang.workflow import durable, jobs

WHOLE, HERE = "ca-bang", "dang-lam"
PARTLY = "CREATE TABLE workflow_status (workflow_uuid TEXT PRIMARY KEY)"  # its other columns come later, one by one


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with all tables, made by DBOS itself."""
    settings = settings_module.load(state_dir=tmp_path_factory.mktemp("whole"))
    with durable.session(settings, WHOLE):
        pass
    return _file(settings, WHOLE)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a state folder in which nothing ran."""
    return settings_module.load(state_dir=tmp_path)


def _file(settings: Settings, system: str) -> Path:
    return Path(durable.database(settings, system).removeprefix("sqlite:///"))


def _partly(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(PARTLY)
        connection.commit()


def _whole_after(seconds: float, file: Path, whole: Path) -> threading.Timer:
    """What is only partly there is whole after so long."""
    _partly(file)
    new = Path(shutil.copy(whole, file.with_suffix(".whole")))
    timer = threading.Timer(seconds, lambda: new.replace(file))
    timer.start()
    return timer


def test_one_that_was_killed_at_the_beginning_has_left_no_runs(settings: Settings) -> None:
    _file(settings, HERE).touch()
    assert durable.history(settings, HERE) == []


def test_tables_that_are_being_made_are_waited_for(settings: Settings, whole: Path) -> None:
    begun = time.monotonic()
    ready = _whole_after(0.7, _file(settings, HERE), whole)
    assert durable.history(settings, HERE) == []
    assert time.monotonic() - begun >= 0.7
    ready.join()


def test_tables_that_never_come_are_told(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable, "BEING_MADE_S", 0.3)
    _partly(_file(settings, HERE))
    with pytest.raises(RegistryError, match=r"no such (table|column)"):
        durable.history(settings, HERE)


def test_what_is_no_database_is_told_at_once(settings: Settings) -> None:
    _file(settings, HERE).write_text("something else" * 100)
    begun = time.monotonic()
    with pytest.raises(RegistryError, match="not a database"):
        durable.history(settings, HERE)
    assert time.monotonic() - begun < durable.BEING_MADE_S / 2


def test_jobs_too(settings: Settings, whole: Path) -> None:
    file = Path(jobs.database(settings).removeprefix("sqlite:///"))
    file.touch()
    assert jobs.latest(settings, HERE) is None
    ready = _whole_after(0.5, file, whole)
    assert jobs.latest(settings, HERE) is None
    ready.join()
