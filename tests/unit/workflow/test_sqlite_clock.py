"""Runs are recorded on any Python from 3.11 on, also with the SQLite of Debian 12."""

from __future__ import annotations

import time
from pathlib import Path

from sqlalchemy import create_engine, text

from hatang.workflow import durable

SINCE_3_12 = "(unixepoch('subsec') * 1000)"  # what the tables of DBOS have as a default there


def test_the_time_that_newer_pythons_ask_for_is_told(tmp_path: Path) -> None:
    assert durable.KINDS
    before = int(time.time()) * 1000
    engine = create_engine(f"sqlite:///{tmp_path / 'a.db'}")
    with engine.begin() as connection:
        connection.execute(text(f"CREATE TABLE a (id INTEGER, at INTEGER NOT NULL DEFAULT {SINCE_3_12})"))
        connection.execute(text("INSERT INTO a (id) VALUES (1)"))
        at = connection.execute(text("SELECT at FROM a")).scalar_one()
    assert before <= at <= time.time() * 1000 + 1
