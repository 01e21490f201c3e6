"""The registry's schema: made once in each process of the tests, by its own migrations, and copied from then on.

A fifth of a second for each of some thousand registries otherwise. What is copied is looked at as any database that is
opened: it has the newest schema, so there is nothing left to do. Databases that hold something are migrated as always.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Lock

import pytest
from sqlalchemy import Engine, inspect

from hatang.registry import database


class SchemaOnce:
    """Stands where the migrations begin."""

    def __init__(self, folder: Path) -> None:
        self.made = folder / "registry.db"
        self.migrate = database._upgrade
        self.making = Lock()  # whoever comes meanwhile would copy half of it

    def upgrade(self, engine: Engine) -> None:
        """Copy into an empty file, then go on as without it."""
        if engine.dialect.name == "sqlite" and not inspect(engine).get_table_names():
            with self.making:
                if not self.made.exists():
                    own = database.connect(f"sqlite:///{self.made}")
                    self.migrate(own)
                    own.dispose()
            with closing(sqlite3.connect(self.made)) as source, closing(engine.raw_connection()) as target:
                assert isinstance(target.driver_connection, sqlite3.Connection)
                source.backup(target.driver_connection)
        self.migrate(engine)


@pytest.fixture(scope="session", autouse=True)
def schema_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """For all tests of this process; the commands that they start know nothing of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "_upgrade", SchemaOnce(tmp_path_factory.mktemp("schema")).upgrade)
        yield
