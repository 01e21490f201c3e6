"""What DBOS expects of SQLite and an older one lacks: the time with a part of a second.

On Python 3.12 and newer the tables of DBOS say `unixepoch('subsec')`, whichever SQLite that Python was built with; one
before 3.42 (Debian 12 has 3.40) knows no 'subsec', answers NULL, and no run could be recorded.
"""

from __future__ import annotations

import sqlite3
import time
from typing import Any

from sqlalchemy import Engine, event

KNOWS_SUBSEC = (3, 42)


def unixepoch(*_words: str) -> int:
    """The time, in whole seconds, as DBOS has it on Python 3.11."""
    return int(time.time())


def help_out() -> None:
    """Give every SQLite connection of this process such a function, where SQLite's own is too old."""
    if sqlite3.sqlite_version_info >= KNOWS_SUBSEC or event.contains(Engine, "connect", _give):
        return
    event.listen(Engine, "connect", _give)


def _give(connection: Any, _record: Any) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.create_function("unixepoch", 1, unixepoch)
