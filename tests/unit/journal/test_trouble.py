"""When the journal cannot be written: a clear error, nothing lost, and nothing built upon what is not its own."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import event, text

from hatang.errors import RegistryError
from hatang.journal import dsse
from hatang.journal.journal import Journal
from hatang.journal.verify import compare_records, verify
from hatang.registry import Registry
from hatang.registry.pending import has_pending
from hatang.settings import Settings
from tests.unit.journal.conftest import SYSTEM, rows
from tests.unit.journal.forging import forged, with_keyid


def test_key_that_is_gone_or_locked_stops_the_writing_and_loses_nothing(
    own: Settings, registry: Registry, journal: Journal
) -> None:
    registry.record_check_run(SYSTEM, {"counts": {}})
    file = next((own.state_dir / "journal").iterdir())
    kept = file.read_bytes()
    assert b"ENCRYPTED" in kept
    assert file.stat().st_mode & 0o777 == 0o600
    file.unlink()
    with pytest.raises(RegistryError, match="not here"):
        journal.catch_up()
    file.write_bytes(kept)
    (own.state_dir / "passphrase").write_text("another")
    with pytest.raises(RegistryError, match="cannot be opened"):
        journal.catch_up()
    assert has_pending(registry)


@contextmanager
def no_room() -> Iterator[None]:
    """Nothing can be written into any file: a full disk, as far as this process can tell."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_disk_without_room_loses_nothing(own: Settings, registry: Registry) -> None:
    """First for the key, then for the entries."""
    journal = Journal(own, registry)
    (own.state_dir / "passphrase").write_text("a passphrase")
    with pytest.raises(RegistryError, match="no key of the journal can be kept"), no_room():
        journal.catch_up()
    assert rows(journal) == []
    journal.catch_up()
    if registry._engine.dialect.name == "sqlite":  # another process writes the files of PostgreSQL
        registry.record_check_run(SYSTEM, {"counts": {}})
        with pytest.raises(RegistryError, match="the registry's database is not usable"), no_room():
            journal.catch_up()
        assert has_pending(registry)
    first = rows(journal)
    with pytest.raises(RegistryError), no_room():
        journal.rotate()
    assert rows(journal) == first
    journal.catch_up()
    found = verify(rows(journal))
    compare_records(found, journal.rows.with_records()[1])
    assert found.holds


def test_who_may_only_read_is_told(registry: Registry, journal: Journal) -> None:
    if registry._engine.dialect.name == "sqlite":
        statement = "PRAGMA query_only = true"
    else:
        statement = "SET default_transaction_read_only = true"

    def read_only(connection: Any, *_: Any) -> None:
        connection.cursor().execute(statement)
        connection.commit()

    registry.record_check_run(SYSTEM, {"counts": {}})
    event.listen(registry._engine, "checkout", read_only)
    with pytest.raises(RegistryError, match="the registry's database is not usable"):
        journal.catch_up()
    event.remove(registry._engine, "checkout", read_only)
    registry._engine.dispose()
    assert journal.catch_up() == 1


def test_a_name_of_a_key_is_no_path(own: Settings, registry: Registry, journal: Journal) -> None:
    """Somebody with the database alone must not make hatang read or remove a file of theirs."""
    stranger = Ed25519PrivateKey.generate()
    (own.state_dir / "other.pem").write_text("not a key of the journal")
    last = rows(journal)[-1]
    with registry._engine.begin() as connection:
        row = with_keyid(forged(last, stranger, number=last[0] + 1), "../other")
        values = {"n": last[0] + 1, "k": "key/../other", "e": row[1]}
        connection.execute(text("INSERT INTO journal (number, key, envelope) VALUES (:n, :k, :e)"), values)
    registry.record_check_run(SYSTEM, {"counts": {}})
    with pytest.raises(RegistryError, match="not here"):
        journal.catch_up()
    journal._keys().forget(journal.rows.keys())
    assert (own.state_dir / "other.pem").exists()


def test_what_stands_behind_the_last_entry_is_not_built_upon(registry: Registry, journal: Journal) -> None:
    last = rows(journal)[-1]
    keyid = dsse.parse(last[1]).signatures[0].keyid
    row = with_keyid(forged(last, Ed25519PrivateKey.generate(), number=last[0] + 1), keyid)
    with registry._engine.begin() as connection:
        values = {"n": last[0] + 1, "k": "x", "e": row[1]}
        connection.execute(text("INSERT INTO journal (number, key, envelope) VALUES (:n, :k, :e)"), values)
    registry.record_check_run(SYSTEM, {"counts": {}})
    with pytest.raises(RegistryError, match="is not signed by its key"):
        journal.catch_up()
