"""The journal on a real registry: everything is written once, and whatever is changed afterwards is named."""

from __future__ import annotations

import base64
import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from hatang.errors import InputError
from hatang.journal import anchors, dsse, entry, files
from hatang.journal.journal import Journal
from hatang.journal.verify import Fault, Verified, compare_records, verify
from hatang.registry import Registry
from hatang.registry.acts import note
from hatang.registry.journal import JournalRows
from hatang.registry.pending import has_pending
from hatang.registry.tables import CheckRunRow
from hatang.settings import Settings
from tests.unit.journal.conftest import SYSTEM, rows
from tests.unit.journal.forging import Rows, forged


def faults(found: Verified) -> list[tuple[int, Fault]]:
    """Where what is wrong."""
    return [(f.number, f.fault) for f in found.findings]


def test_every_record_has_one_entry_and_all_hold(journal: Journal) -> None:
    found = verify(rows(journal))
    compare_records(found, journal.rows.with_records()[1])
    assert found.holds
    assert [e.number for e in found.entries] == list(range(1, len(found.entries) + 1))
    acts = [e.act for e in found.entries]
    assert acts[0] == entry.KEY
    assert acts.count("system.check") == 4
    assert acts.count("request.submit") == 1
    assert found.entries[-1].facts["counts"] == {"met": 3}


def test_nothing_is_written_twice(journal: Journal) -> None:
    before = rows(journal)
    assert journal.catch_up() == 0
    assert rows(journal) == before


def test_entries_are_in_toto_statements_in_dsse_envelopes(journal: Journal) -> None:
    envelope = json.loads(rows(journal)[1][1])
    statement = json.loads(base64.b64decode(envelope["payload"]))
    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert all(len(s["digest"]["sha256"]) == 64 for s in statement["subject"])


def test_whole_journal_written_anew_is_found_by_the_anchor(own: Settings, registry: Registry, journal: Journal) -> None:
    found = verify(rows(journal))
    anchor = anchors.make(len(found.entries), found.last_digest, next(iter(found.keys)))
    assert verify(rows(journal), [anchor]).holds
    assert faults(verify(rows(journal)[:-1], [anchor])) == [
        (anchor.number, Fault.MISSING),
        (anchor.number, Fault.ANCHOR),
    ], "cut off at the end"
    key = Ed25519PrivateKey.generate()
    previous, anew = entry.BEGINNING, Rows()
    for row in rows(journal):
        made = forged(row, key, previous=previous)
        if row[0] == 1:
            public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
            made = forged(row, key, facts={"keyid": dsse.keyid(key.public_key()), "public_key": public})
        previous = dsse.parse(made[1]).digest
        anew.append(made)
    assert verify(anew).holds, "it is whole in itself"
    assert (anchor.number, Fault.ANCHOR) in faults(verify(anew, [anchor]))
    assert not verify(anew, root=next(iter(found.keys))).holds


def test_later_entries_do_not_hurt_an_anchor(journal: Journal, registry: Registry) -> None:
    found = verify(rows(journal))
    anchor = anchors.make(len(found.entries), found.last_digest, next(iter(found.keys)))
    registry.record_check_run(SYSTEM, {"counts": {}})
    journal.rotate()
    assert verify(rows(journal), [anchor]).holds


def test_key_rotates_and_the_old_one_is_good_for_nothing_more(own: Settings, journal: Journal) -> None:
    first = next(iter(verify(rows(journal)).keys))
    old = journal._keys().get(first)
    new = journal.rotate()
    Registry.open(own.registry).record_check_run(SYSTEM, {"counts": {}})
    journal.catch_up()
    found = verify(rows(journal))
    assert found.holds
    assert list(found.keys) == [first, new]
    assert [f.name for f in (own.state_dir / "journal").iterdir()] == [f"{new}.pem"]
    kept = rows(journal)
    assert faults(verify([*kept[:-1], forged(kept[-1], old)])) == [(kept[-1][0], Fault.FOREIGN)]
    fake = Ed25519PrivateKey.generate()
    public = base64.b64encode(fake.public_key().public_bytes_raw()).decode()
    named = forged(kept[-1], old, act="key", facts={"keyid": dsse.keyid(fake.public_key()), "public_key": public})
    assert faults(verify([*kept[:-1], named])) == [(kept[-1][0], Fault.FOREIGN)]


def test_registry_that_says_something_else_today_is_named(own: Settings, registry: Registry, journal: Journal) -> None:
    with registry._engine.begin() as connection:
        connection.execute(text("UPDATE check_run SET summary = '{}' WHERE id = 2"))
        connection.execute(text("UPDATE request SET text = 'another'"))
        connection.execute(text("DELETE FROM check_run WHERE id = 3"))
    registry.record_check_run(SYSTEM, {"counts": {}})
    found = verify(rows(journal))
    compare_records(found, journal.rows.with_records()[1])
    said = {(f.fault, f.detail) for f in found.findings}
    assert (Fault.RECORD_ALTERED, "check-run/2") in said
    assert (Fault.RECORD_MISSING, "check-run/3") in said
    assert (Fault.RECORD_ALTERED, f"text of request {registry.requests()[0].id}") in said
    assert any(f is Fault.NOT_WRITTEN for f, _ in said)


@pytest.mark.parametrize("statement", ["UPDATE journal SET envelope = ''", "DELETE FROM journal", "DELETE FROM act"])
def test_the_database_refuses_to_change_an_entry(registry: Registry, journal: Journal, statement: str) -> None:
    note(registry, "site.apply", {})
    with pytest.raises(Exception, match="only added"), registry._engine.begin() as connection:
        connection.execute(text(statement))


def test_two_rotations_at_once_leave_the_key_that_signs(own: Settings, journal: Journal) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: Journal(own, Registry.open(own.registry)).rotate(), range(8)))
    found = verify(rows(journal))
    assert found.holds
    assert len(found.keys) == 9
    assert [f.stem for f in (own.state_dir / "journal").iterdir()] == [list(found.keys)[-1]]
    Registry.open(own.registry).record_check_run(SYSTEM, {"counts": {}})
    assert journal.catch_up() == 1


def test_nothing_new_costs_little(own: Settings, registry: Registry, journal: Journal) -> None:
    """Every command pays this: with 2,000 acts on record less than 20 ms, in the best of 20 tries."""
    with registry._writing() as session:
        session.add_all(CheckRunRow(system=SYSTEM, summary={"counts": {}}) for _ in range(2000))
    assert journal.catch_up() == 2000
    times = []
    for _ in range(20):  # the machine may be busy with other things
        began = time.perf_counter()
        assert not has_pending(registry)
        times.append(time.perf_counter() - began)
    assert min(times) < 0.020


def test_exported_journal_is_verified_without_the_registry(tmp_path: Path, journal: Journal) -> None:
    file = tmp_path / "nhat-ky.jsonl"
    files.save(rows(journal), file)
    assert verify(files.load(file)).holds
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(lines[:2] + lines[3:]))
    assert faults(verify(files.load(file))) == [(4, Fault.MISSING)]


@pytest.mark.parametrize(
    "content", ["", "{}", "[1]", '{"number": "x", "envelope": {}}', "\x00", '{"number": 1}', "{" * 9999]
)
def test_file_that_is_no_journal(tmp_path: Path, content: str) -> None:
    file = tmp_path / "file"
    file.write_text(content)
    if not content:
        assert files.load(file) == []
        return
    with pytest.raises(InputError, match="no line of a journal"):
        files.load(file)


def test_rows_are_safe_against_two_writers(own: Settings, registry: Registry) -> None:
    def one(_: int) -> None:
        mine = Registry.open(own.registry)
        mine.record_check_run(SYSTEM, {"counts": {}})
        Journal(own, mine).catch_up()

    Journal(own, registry).catch_up()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(24)))
    found = verify(JournalRows(registry).all())
    assert found.holds
    assert sum(e.act == "system.check" for e in found.entries) == 24
