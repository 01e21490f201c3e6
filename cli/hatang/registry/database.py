"""Opens the registry's database and brings it to the newest schema; safe when several processes do so at once."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text

from hatang.errors import RefusedError, SettingsError

HEAD = "0002"  # the newest migration; a test compares it with the files
MIGRATIONS = Path(__file__).parent / "migrations"
PG_LOCK = 7_741_331  # any number that only hatang uses: advisory lock of the migration


def connect(url: str) -> Engine:
    """An engine for the URL; SQLite gets foreign keys, a write-ahead log and immediate transactions.

    Raises:
        SettingsError: the URL is of no kind that the registry knows.
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() not in ("sqlite", "postgresql"):
            raise ValueError(f"{parsed.get_backend_name()} is not supported")
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.get_backend_name() == "sqlite" and parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        engine = create_engine(parsed, connect_args={"timeout": 60} if parsed.get_backend_name() == "sqlite" else {})
    except Exception as exc:
        raise SettingsError(
            f"the registry's URL is not usable: {exc}",
            where="HATANG_REGISTRY_URL",
            do="write sqlite:///FILE or postgresql://USER@HOST/DATABASE",
        ) from exc
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _sqlite_connection)
        event.listen(engine, "begin", _sqlite_begin)
    return engine


def _sqlite_connection(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver's own BEGIN comes too late and is deferred
    for line in ("PRAGMA journal_mode=WAL", "PRAGMA foreign_keys=ON", "PRAGMA synchronous=NORMAL"):
        connection.execute(line)


def _sqlite_begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def migrate(engine: Engine) -> None:
    """Bring the schema to `HEAD`; nothing to do when it is there.

    Raises:
        RefusedError: the database was made by a newer hatang.
    """
    if _version(engine) == HEAD:
        return
    with _alone(engine):
        found = _version(engine)
        if found == HEAD:
            return
        if found is not None and found > HEAD:
            raise RefusedError(
                f"the registry has schema {found}; this hatang knows {HEAD}",
                where=str(engine.url.render_as_string(hide_password=True)),
                do="use the hatang that made it, or a newer one",
            )
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def _version(engine: Engine) -> str | None:
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return str(found) if found else None


@contextmanager
def _alone(engine: Engine) -> Iterator[None]:
    if engine.dialect.name == "sqlite":
        file = engine.url.database
        if not file or file == ":memory:":
            yield
            return
        with Path(file + ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        return
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:n)"), {"n": PG_LOCK})
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:n)"), {"n": PG_LOCK})
