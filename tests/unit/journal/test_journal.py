"""The journal on a real registry: everything is written once, and whatever is changed afterwards is named."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import create_engine, text

from hatang import settings
from hatang.errors import InputError, RegistryError
from hatang.journal import anchors, dsse, entry, files
from hatang.journal.journal import Journal
from hatang.journal.verify import Fault, Verified, compare_records, verify
from hatang.registry import Registry
from hatang.registry.journal import JournalRows
from hatang.settings import Settings
from tests.unit.registry.test_registry import REQUEST

SYSTEM = REQUEST.system.name
Rows = list[tuple[int, str]]


@pytest.fixture
def own(tmp_path: Path) -> Settings:
    """Settings of an empty state folder."""
    return settings.load(state_dir=tmp_path)


@pytest.fixture
def registry(own: Settings) -> Registry:
    """A registry with one request."""
    made = Registry.open(own.registry)
    made.submit(REQUEST, "")
    return made


@pytest.fixture
def journal(own: Settings, registry: Registry) -> Journal:
    """Its journal, with some entries."""
    made = Journal(own, registry)
    made.catch_up()
    for i in range(4):
        registry.record_check_run(SYSTEM, {"counts": {"met": i}})
        made.catch_up()
    return made


def rows(journal: Journal) -> Rows:
    """What is stored."""
    return journal.rows.all()


def faults(found: Verified) -> list[tuple[int, Fault]]:
    """Where what is wrong."""
    return [(f.number, f.fault) for f in found.findings]


def test_every_record_has_one_entry_and_all_hold(journal: Journal) -> None:
    found = verify(rows(journal))
    compare_records(found, {r.key: r.digest for r in journal.rows.records()})
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


def payload(row: tuple[int, str]) -> dict[str, Any]:
    """What an entry says."""
    content: dict[str, Any] = json.loads(dsse.parse(row[1]).content)
    return content


def forged(row: tuple[int, str], key: Ed25519PrivateKey, **predicate: Any) -> tuple[int, str]:
    """The entry with other content, signed by some key."""
    content = payload(row)
    content["predicate"] |= predicate
    return row[0], dsse.sign(content, key).model_dump_json()


def altered(kept: Rows) -> Rows:
    envelope = json.loads(kept[3][1])
    content = base64.b64decode(envelope["payload"]).replace(b'"met":', b'"mex":')
    envelope["payload"] = base64.b64encode(content).decode()
    kept[3] = (kept[3][0], json.dumps(envelope))
    return kept


def foreign(kept: Rows) -> Rows:
    kept[3] = forged(kept[3], Ed25519PrivateKey.generate(), actor="nguoi-la")
    return kept


def no_entry(kept: Rows) -> Rows:
    kept[3] = (kept[3][0], '{"payload": 7}')
    return kept


def taken_out(kept: Rows) -> Rows:
    del kept[3]
    return kept


def taken_out_and_closed_up(kept: Rows) -> Rows:
    del kept[3]
    return [(i, e) for i, (_, e) in enumerate(kept, 1)]


def swapped(kept: Rows) -> Rows:
    (a, first), (b, second) = kept[3], kept[4]
    kept[3:5] = [(a, second), (b, first)]
    return kept


def doubled(kept: Rows) -> Rows:
    kept[4] = (kept[4][0], kept[3][1])
    return kept


@pytest.mark.parametrize(
    ("change", "number", "fault"),
    [
        (altered, 4, Fault.ALTERED),
        (foreign, 4, Fault.FOREIGN),
        (no_entry, 4, Fault.FOREIGN),
        (taken_out, 5, Fault.MISSING),
        (taken_out_and_closed_up, 4, Fault.REORDERED),
        (swapped, 4, Fault.REORDERED),
        (doubled, 5, Fault.REORDERED),
    ],
)
def test_what_was_changed_is_named(journal: Journal, change: Callable[[Rows], Rows], number: int, fault: Fault) -> None:
    assert faults(verify(change(rows(journal))))[0] == (number, fault)


def test_every_byte_counts(journal: Journal) -> None:
    kept = rows(journal)
    envelope = json.loads(kept[2][1])
    content = base64.b64decode(envelope["payload"])
    for at in range(0, len(content), 7):
        changed = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
        text_ = json.dumps({**envelope, "payload": base64.b64encode(changed).decode()})
        assert not verify([*kept[:2], (3, text_), *kept[3:]]).holds, content[at : at + 10]


def test_whole_journal_written_anew_is_found_by_the_anchor(own: Settings, registry: Registry, journal: Journal) -> None:
    found = verify(rows(journal))
    anchor = anchors.make(len(found.entries), found.last_digest, next(iter(found.keys)))
    assert verify(rows(journal), [anchor]).holds
    assert faults(verify(rows(journal)[:-1], [anchor])) == [(anchor.number, Fault.ANCHOR)], "cut off at the end"
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
    old = journal._keys.get(first)
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
    engine = create_engine(own.registry)
    with engine.begin() as connection:
        connection.execute(text("UPDATE check_run SET summary = '{}' WHERE id = 2"))
        connection.execute(text("DELETE FROM check_run WHERE id = 3"))
    registry.record_check_run(SYSTEM, {"counts": {}})
    found = verify(rows(journal))
    compare_records(found, {r.key: r.digest for r in journal.rows.records()})
    said = {(f.fault, f.detail) for f in found.findings}
    assert (Fault.RECORD_ALTERED, "check-run/2") in said
    assert (Fault.RECORD_MISSING, "check-run/3") in said
    assert any(f is Fault.NOT_WRITTEN for f, _ in said)


@pytest.mark.parametrize("statement", ["UPDATE journal SET envelope = ''", "DELETE FROM journal"])
def test_the_database_refuses_to_change_an_entry(own: Settings, journal: Journal, statement: str) -> None:
    with pytest.raises(Exception, match="only added"), create_engine(own.registry).begin() as connection:
        connection.execute(text(statement))


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
    assert journal.rows.has_pending()


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


def test_free_text_of_people_never_enters(own: Settings, registry: Registry, journal: Journal) -> None:
    from hatang.model.case import Event
    from hatang.model.lifecycle import Act, Role

    planted = "mat-khau-Xk29-bi-mat"
    request = registry.requests()[0]
    registry.act(request.id, Event(Act.RETURN, Role.SPECIALISED, "nguoi-tra", note=planted))
    journal.catch_up()
    held = "".join(base64.b64decode(json.loads(e)["payload"]).decode() for _, e in rows(journal))
    assert "request.return" in held
    assert planted not in held
    assert (own.state_dir / "passphrase").read_text().strip() not in held


def test_rows_are_safe_against_two_writers(own: Settings, registry: Registry) -> None:
    from concurrent.futures import ThreadPoolExecutor

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
