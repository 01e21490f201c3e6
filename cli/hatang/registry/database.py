"""Opens the registry's database and brings it to the newest schema; safe when several processes do so at once."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError

from hatang.errors import RefusedError, RegistryError, SettingsError
from hatang.registry.turns import turn

HEAD = "0013"  # the newest migration; a test compares it with the files
MIGRATIONS = Path(__file__).parent / "migrations"
PG_LOCK = 7_741_331  # any number that only hatang uses: advisory lock of the migration
WAIT_S = 60  # longest wait for another process that writes
CONNECT_S = 10  # longest wait for a database server
READS = "hatang_reads"  # execution option of a connection that only reads
SECRET = ("password", "sslpassword")  # options of libpq that may stand behind the `?` of a URL


def connect(url: str) -> Engine:
    """An engine for the URL; SQLite gets foreign keys, a write-ahead log and immediate transactions.

    A password may stand in the URL; better in the file that PGPASSFILE names (libpq reads it).

    Raises:
        SettingsError: the URL is of no kind that the registry knows. The error never shows a password.
    """
    parsed = _parsed(url)
    if parsed.get_backend_name() == "sqlite":
        if parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        engine = create_engine(parsed, connect_args={"timeout": WAIT_S})
        event.listen(engine, "connect", _sqlite_connection)
        event.listen(engine, "begin", _sqlite_begin)
        return engine
    ours = {"connect_timeout": CONNECT_S, "application_name": "hatang"}
    return create_engine(
        parsed.set(drivername="postgresql+psycopg"),
        connect_args={k: v for k, v in ours.items() if k not in parsed.query},
        pool_pre_ping=True,  # a run lasts longer than some restarts of the server
    )


def _parsed(url: str) -> URL:
    fault = ""
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() not in ("sqlite", "postgresql"):
            fault = f"{parsed.get_backend_name()} is not supported"
        elif "@" in (parsed.host or ""):
            fault = "a password with @ in it is written with %40"
    except (ArgumentError, ValueError):  # their texts quote parts of the URL, so perhaps of a password
        fault = "it has not the form of a URL"
    if fault:
        raise SettingsError(
            f"the registry's URL is not usable: {fault}",
            where="HATANG_REGISTRY_URL",
            do="write sqlite:///FILE or postgresql://USER@HOST/DATABASE",
        ) from None
    return parsed


def shown(url: URL | str) -> str:
    """The URL of a database for people to read: without any password."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        return "not a URL"
    kept = {k: v for k, v in parsed.query.items() if k not in SECRET}
    return parsed.set(query=kept).render_as_string(hide_password=True)


def unusable(url: URL, exc: DBAPIError) -> RegistryError:
    """The error for a database that does not answer, or does not let us do what we must."""
    said = (str(exc.orig).strip().splitlines() or [type(exc).__name__])[0]
    for secret in (url.password, *(url.query.get(k) for k in SECRET)):
        said = said.replace(str(secret), "***") if secret else said
    return RegistryError(
        f"the registry's database is not usable: {said}",
        where=shown(url),
        do="see that it runs and lets this user in (docs/how-to/registry-on-postgresql.md), then run the command again",
    )


def _sqlite_connection(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver's own BEGIN comes too late and is deferred
    _with_log(connection)
    for line in ("PRAGMA foreign_keys=ON", "PRAGMA synchronous=NORMAL"):
        connection.execute(line)


def _with_log(connection: sqlite3.Connection) -> None:
    """Have changes written to a log first. Where several come to a new file at once, SQLite refuses without waiting."""
    end = time.monotonic() + WAIT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as exc:
            if "locked" not in str(exc) or time.monotonic() > end:
                raise
            time.sleep(0.02)


def _sqlite_begin(connection: Connection) -> None:
    """A writer has its place from the first statement on; readers wait for nobody and see one state all the same."""
    reads = connection.get_execution_options().get(READS)
    connection.exec_driver_sql("BEGIN DEFERRED" if reads else "BEGIN IMMEDIATE")


def migrate(engine: Engine) -> None:
    """Bring the schema to `HEAD`; nothing to do when it is there.

    Raises:
        RefusedError: the database was made by a newer hatang.
        RegistryError: the database does not answer, or the user may not make tables.
    """
    try:
        if version(engine) != HEAD:
            with _alone(engine):
                _upgrade(engine)
    except DBAPIError as exc:
        raise unusable(engine.url, exc) from exc


def _upgrade(engine: Engine) -> None:
    found = version(engine)
    if found == HEAD:
        return
    if found is not None and found > HEAD:
        raise RefusedError(
            f"the registry has schema {found}; this hatang knows {HEAD}",
            where=shown(engine.url),
            do="use the hatang that made it, or a newer one",
        )
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def version(engine: Engine) -> str | None:
    """The schema that the database has; None: it is empty."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return str(found) if found else None


@contextmanager
def _alone(engine: Engine) -> Iterator[None]:
    if engine.dialect.name == "sqlite":
        with turn(engine, WAIT_S):
            yield
        return
    with engine.begin() as connection:
        connection.execute(text("SELECT set_config('lock_timeout', :wait, true)"), {"wait": f"{WAIT_S}s"})
        connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": PG_LOCK})
        yield
