"""How the registry is read and written, alike on SQLite and PostgreSQL: readers see one state, writers come one by one.

SQLite has one writer at a time anyway. On PostgreSQL an advisory lock does the same: a writer then sees all that was
written before it, so that what it looks up (a free block, a free name, a quota) still holds when it commits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import URL, Engine, text
from sqlalchemy.exc import DataError, InternalError, OperationalError
from sqlalchemy.orm import Session

from hatang.errors import InputError
from hatang.registry.database import READS, WAIT_S, unusable
from hatang.registry.turns import turn

WRITERS = 7_741_332  # any number that only hatang uses: advisory lock of the writer
# A writer whose machine is gone must not keep the others out until TCP notices.
ALONE = text(
    "SELECT set_config('lock_timeout', :wait, true), set_config('idle_in_transaction_session_timeout', :wait, true)"
)

BEAT_WAIT_S = 4  # longest wait of a beat, which stands in nobody's way

Fence = Callable[[Session], None]
_fences: list[tuple[URL, Fence]] = []


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session that sees one state of the registry, however many statements it takes.

    Raises:
        RegistryError: the database does not answer.
    """
    on_postgresql = engine.dialect.name == "postgresql"
    engine = engine.execution_options(**{"isolation_level": "REPEATABLE READ"} if on_postgresql else {READS: True})
    with _answering(engine), Session(engine, expire_on_commit=False) as session:
        yield session


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """The only session that writes; what it did is kept at the end of the block, or nothing of it after an error.

    Raises:
        RegistryError: the database does not answer, or another writer does not come to an end.
        InputError: a value is too long for its column, or no text.
    """
    with _answering(engine), turn(engine, WAIT_S), Session(engine, expire_on_commit=False) as session, session.begin():
        if engine.dialect.name == "postgresql":
            session.execute(ALONE, {"wait": f"{WAIT_S}s"})
            session.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": WRITERS})
        for url, fence in list(_fences):
            if url == engine.url:
                fence(session)
        yield session


@contextmanager
def beating(engine: Engine) -> Iterator[Session]:
    """A short transaction on rows that are the caller's own; it waits for no other writer.

    Raises:
        RegistryError: the database does not answer.
    """
    with _answering(engine), turn(engine, WAIT_S), Session(engine, expire_on_commit=False) as session, session.begin():
        if engine.dialect.name == "postgresql":
            session.execute(ALONE, {"wait": f"{BEAT_WAIT_S}s"})
        yield session


@contextmanager
def fenced(url: URL, fence: Fence) -> Iterator[None]:
    """Inside the block every writing transaction on this database first asks `fence`, which raises to forbid it."""
    entry = (url, fence)
    _fences.append(entry)
    try:
        yield
    finally:
        _fences.remove(entry)


def clock(session: Session) -> datetime:
    """The time by the clock that all machines share: the server's. On SQLite there is one machine, and its own."""
    if session.get_bind().dialect.name != "postgresql":
        return datetime.now(UTC)
    found: datetime = session.execute(text("SELECT clock_timestamp()")).scalar_one()
    return found.astimezone(UTC)


@contextmanager
def _answering(engine: Engine) -> Iterator[None]:
    try:
        yield
    except (OperationalError, InternalError) as exc:  # internal: it ended a transaction that stood still for too long
        raise unusable(engine.url, exc) from exc
    except DataError as exc:
        raise InputError(
            f"the registry cannot keep a value: {str(exc.orig).splitlines()[0]}",
            where="registry",
            do="shorten it, or take control characters out",
        ) from exc
