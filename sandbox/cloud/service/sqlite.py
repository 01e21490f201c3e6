"""Make SQLite safe and quick under threaded OpenStack services.

SQLite refuses at once ("database is locked") to turn a reading transaction into a writing one when another writer has
committed in between. oslo.db begins every transaction as a reader. So: transactions which are declared as writers
take BEGIN IMMEDIATE, one at a time behind a per-process lock (SQLite's own busy handler sleeps and is unfair); declared
readers run beside them on their own snapshot (write-ahead logging). Each database belongs to exactly one process.

Services which never declare (Barbican, Octavia) are treated as writers: install(undeclared="writer"). Neutron keeps
undeclared sessions open for long (context.session), so there they stay deferred: install(undeclared="reader").
"""

from __future__ import annotations

import logging
import threading
import time
import traceback
import weakref
from typing import ClassVar

import sqlalchemy
from oslo_db import exception
from oslo_db.sqlalchemy import enginefacade, engines, exc_filters
from sqlalchemy import exc as sqla_exc

LOG = logging.getLogger(__name__)
MODE = "hatang_mode"  # execution option: "reader" or "writer"
WAIT = 60.0


class WriterLock:
    """The queue of writers of one database. Released when COMMIT or ROLLBACK has really run."""

    _all: ClassVar[dict[str, WriterLock]] = {}

    @classmethod
    def of(cls, database: str) -> WriterLock:
        """The one lock per file: Nova opens a cell database through several engines."""
        return cls._all.setdefault(database, cls(database))

    def __init__(self, name: str) -> None:
        self.name = name
        self._lock = threading.Lock()
        self._thread = 0
        self._connection = 0

    def mine(self) -> bool:
        """True when this thread already writes through another connection: waiting would be a self-deadlock."""
        return self._thread == threading.get_ident()

    def acquire(self, connection: object) -> None:
        start = time.monotonic()
        if not self._lock.acquire(timeout=WAIT):
            LOG.error("%s: writer lock not free after %.0f s", self.name, WAIT)
            raise exception.DBDeadlock(f"no writer's turn on {self.name}")
        self._thread, self._connection = threading.get_ident(), id(connection)
        waited = time.monotonic() - start
        if waited > 5:
            LOG.warning("%s: waited %.1f s for the writer lock", self.name, waited)

    def release(self, connection: object) -> None:
        if self._connection == id(connection):
            self._thread = self._connection = 0
            self._lock.release()


def install(undeclared: str = "reader") -> None:
    """Patch oslo.db. Must run before the service creates its first engine."""
    assert undeclared in ("reader", "writer")
    _report_locked_as_deadlock()
    _pool_connections()
    _begin_by_mode(undeclared)
    _mark_declared_mode()


def _report_locked_as_deadlock() -> None:
    """The services retry DBDeadlock by themselves; oslo.db knows only MySQL's and PostgreSQL's wording of it."""

    @exc_filters.filters("sqlite", sqla_exc.OperationalError, r".*database is locked.*")
    def _locked(error, match, engine_name, is_disconnect):
        LOG.warning("database is locked: %s", "".join(traceback.format_stack(limit=12)))
        raise exception.DBDeadlock(error)


def _pool_connections() -> None:
    """oslo.db opens and closes a SQLite connection (and checkpoints) per transaction; keep a pool instead."""

    @engines._init_connection_args.dispatch_for("sqlite")
    def _pool(url, engine_args, kw):
        if engine_args.get("poolclass") is sqlalchemy.pool.NullPool:
            engine_args.update(
                poolclass=sqlalchemy.pool.QueuePool,
                pool_size=20,
                max_overflow=100,
                pool_recycle=-1,
                pool_pre_ping=False,
            )
            engine_args["connect_args"]["check_same_thread"] = False


def _begin_by_mode(undeclared: str) -> None:
    @engines._init_events.dispatch_for("sqlite")
    def _events(engine, **kw):
        lock = WriterLock.of(str(engine.url.database))
        dialect = engine.dialect
        do_commit, do_rollback = dialect.do_commit, dialect.do_rollback

        def commit(connection) -> None:
            raw = getattr(connection, "dbapi_connection", connection)
            do_commit(connection)  # when COMMIT fails, SQLAlchemy rolls back: released there
            lock.release(raw)

        def rollback(connection) -> None:
            raw = getattr(connection, "dbapi_connection", connection)
            try:
                do_rollback(connection)
            finally:
                lock.release(raw)

        dialect.do_commit, dialect.do_rollback = commit, rollback

        @sqlalchemy.event.listens_for(engine, "connect")
        def _connect(dbapi_connection, record) -> None:
            dbapi_connection.execute(f"PRAGMA busy_timeout={int(WAIT * 1000)}")
            dbapi_connection.execute("PRAGMA cache_size=-16000")

        @sqlalchemy.event.listens_for(engine, "close")
        def _close(dbapi_connection, record) -> None:
            lock.release(dbapi_connection)

        plain = [f for f in engine.dispatch.begin if f.__name__ == "_sqlite_emit_begin"]
        assert len(plain) == 1, "oslo.db no longer emits BEGIN as expected"
        sqlalchemy.event.remove(engine, "begin", plain[0])

        @sqlalchemy.event.listens_for(engine, "begin")
        def _begin(conn) -> None:
            if "in_transaction" in conn.info:
                return
            mode = conn.get_execution_options().get(MODE, undeclared)
            if mode == "writer" and not lock.mine():
                raw = conn.connection.dbapi_connection
                lock.acquire(raw)
                try:
                    conn.exec_driver_sql("BEGIN IMMEDIATE")
                except BaseException:
                    lock.release(raw)
                    raise
            else:
                conn.exec_driver_sql("BEGIN")
            conn.info["in_transaction"] = True


def _mark_declared_mode() -> None:
    """Tell the begin hook what enginefacade's caller declared."""
    factory = enginefacade._AbstractTransactionFactory
    create_session, create_connection = factory._create_session, factory._create_connection
    views: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()

    def view(engine, mode: str):
        if engine.dialect.name != "sqlite":
            return engine
        per_engine = views.setdefault(engine, {})
        if mode not in per_engine:
            per_engine[mode] = engine.execution_options(**{MODE: mode})  # same pool, other options
        return per_engine[mode]

    def name(mode: object) -> str:
        return "writer" if mode is enginefacade._WRITER else "reader"

    def session(self, mode, bind=None):
        made = create_session(self, mode, bind)
        if bind is None and made.bind is not None:
            made.bind = view(made.bind, name(mode))
        return made

    def connection(self, mode):
        return create_connection(self, mode).execution_options(**{MODE: name(mode)})

    factory._create_session, factory._create_connection = session, connection
