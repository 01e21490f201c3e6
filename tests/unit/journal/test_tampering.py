"""Whatever is done to the entries of a journal is found, and the entries that it was done to are named, no others."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from hatang.journal import anchors, dsse, entry
from hatang.journal.anchors import Anchor
from hatang.journal.verify import Fault, Verified, verify
from tests.unit.journal.forging import Flip, Rows, forged, named, naming, payload, with_keyid
from tests.unit.journal.written import FIRST, SECOND, SIZE, TURN, written

KEYS = (1, TURN)  # entries that name keys; without them, what their keys signed cannot be told from what others signed
STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
AT = st.integers(0, SIZE - 1)
PARTS = st.sampled_from(("payload", "sig", "keyid"))
SINGLE = settings(max_examples=25, deadline=None)


@cache
def anchor() -> Anchor:
    """What the journal is, kept elsewhere."""
    found = verify(written())
    return anchors.make(SIZE, found.last_digest, next(iter(found.keys)))


def look(rows: Rows) -> Verified:
    """With the anchor, as an auditor does."""
    return verify(rows, [anchor()])


def faults(found: Verified) -> set[Fault]:
    """What is said to be wrong; the anchor always says so too where the last entry is touched."""
    return {f.fault for f in found.findings} - {Fault.ANCHOR}


def exactly(rows: Rows, numbers: set[int], *kinds: Fault) -> None:
    """These entries are named with one of these faults; and no others, unless it was an entry that names a key."""
    found = look(rows)
    assert numbers <= named(found), found.findings
    if not numbers & set(KEYS):
        assert named(found) == numbers, found.findings
        assert faults(found) <= set(kinds), found.findings
    assert faults(found) & set(kinds)


def test_untouched() -> None:
    found = look(written())
    assert found.holds
    assert len(found.entries) == SIZE
    assert list(found.keys) == [dsse.keyid(k.public_key()) for k in (FIRST, SECOND)]


@SINGLE
@given(AT, PARTS, st.integers(0, 1 << 20))
def test_one_bit(at: int, part: str, bit: int) -> None:
    exactly(Flip(at, part, bit)(written()), {at + 1}, Fault.ALTERED, *([Fault.FOREIGN] if at == 0 else []))


@SINGLE
@given(AT, st.integers(0, 1 << 20), st.characters(codec="utf-8"))
def test_one_character_of_what_is_stored(at: int, where: int, new: str) -> None:
    rows = written()
    text = rows[at][1]
    where %= len(text)
    rows[at] = (rows[at][0], text[:where] + new + text[where + 1 :])
    if json_or_text(rows[at][1]) == json_or_text(text):
        return
    exactly(rows, {at + 1}, Fault.ALTERED, Fault.FOREIGN)


def json_or_text(text: str) -> object:
    """What a reader of JSON sees: a tab for a blank changes nothing."""
    try:
        return json.loads(text)
    except ValueError:
        return text


@SINGLE
@given(AT, st.sampled_from(("own", "first", "second")))
def test_an_entry_of_somebody_else_in_its_place(at: int, claims: str) -> None:
    rows = written()
    rows[at] = forged(rows[at], STRANGER, actor="nguoi-la")
    if claims != "own":
        rows[at] = with_keyid(rows[at], dsse.keyid((FIRST if claims == "first" else SECOND).public_key()))
    exactly(rows, {at + 1}, Fault.FOREIGN, Fault.ALTERED)


@SINGLE
@given(AT)
def test_an_entry_of_somebody_else_beside_it(at: int) -> None:
    rows = written()
    for offset in (0, 1):
        exactly([*rows[: at + offset], forged(rows[at], STRANGER), *rows[at + offset :]], {at + 1}, Fault.FOREIGN)


@SINGLE
@given(st.sets(AT, min_size=1, max_size=SIZE - 1))
def test_taken_out(gone: set[int]) -> None:
    exactly([r for at, r in enumerate(written()) if at not in gone], {at + 1 for at in gone}, Fault.MISSING)


@SINGLE
@given(AT, AT)
def test_in_each_others_place(a: int, b: int) -> None:
    if a == b:
        return
    rows = written()
    rows[a], rows[b] = (rows[a][0], rows[b][1]), (rows[b][0], rows[a][1])
    exactly(rows, {a + 1, b + 1}, Fault.REORDERED, Fault.FOREIGN)  # before the entry that names its key it is foreign


@SINGLE
@given(AT, AT)
def test_written_twice(a: int, b: int) -> None:
    rows = written()
    again = [*rows[: a + 1], rows[a], *rows[a + 1 :]]
    assert named(look(again)) == {a + 1}
    if a != b:
        rows[b] = (rows[b][0], rows[a][1])
        exactly(rows, {b + 1}, Fault.REORDERED, Fault.FOREIGN)


@SINGLE
@given(AT, AT)
def test_moved_within_the_file(a: int, b: int) -> None:
    rows = written()
    rows.insert(b, rows.pop(a))
    if a != b:
        found = look(rows)
        assert faults(found) == {Fault.REORDERED}
        assert named(found) == {a + 1} or (abs(a - b) == 1 and named(found) in ({a + 1}, {b + 1}))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_several_things_at_once(data: st.DataObject) -> None:
    several_things(data)


@pytest.mark.long
@settings(max_examples=5000, deadline=None)
@given(st.data())
def test_several_things_at_once_at_length(data: st.DataObject) -> None:
    several_things(data)


def several_things(data: st.DataObject) -> None:
    """Tamper up to five times; each entry that is not where it was is named."""
    before = written()
    rows = written()
    for _ in range(data.draw(st.integers(1, 5))):
        step = data.draw(st.sampled_from(STEPS))
        rows = step(rows, data)
    found = look(rows)
    assert found.holds == (rows == before)
    touched = {n for n, text in before if (n, text) not in rows}
    assert touched <= named(found), (touched, found.findings)


def _flip(rows: Rows, data: st.DataObject) -> Rows:
    return Flip(data.draw(_at(rows)), data.draw(PARTS), data.draw(st.integers(0, 1 << 20)))(rows)


def _out(rows: Rows, data: st.DataObject) -> Rows:
    at = data.draw(_at(rows))
    return rows[:at] + rows[at + 1 :] if len(rows) > 1 else rows


def _moved(rows: Rows, data: st.DataObject) -> Rows:
    row = rows.pop(data.draw(_at(rows)))
    rows.insert(data.draw(st.integers(0, len(rows))), row)
    return rows


def _renumbered(rows: Rows, data: st.DataObject) -> Rows:
    at = data.draw(_at(rows))
    rows[at] = (data.draw(st.integers(-1, SIZE + 2)), rows[at][1])
    return rows


def _foreign(rows: Rows, data: st.DataObject) -> Rows:
    rows.insert(data.draw(_at(rows)), forged(data.draw(st.sampled_from(written())), STRANGER))
    return rows


def _at(rows: Rows) -> st.SearchStrategy[int]:
    return st.integers(0, len(rows) - 1)


STEPS: list[Callable[[Rows, st.DataObject], Rows]] = [_flip, _out, _moved, _renumbered, _foreign]


def test_closed_up_behind_what_was_taken_out() -> None:
    rows = [(i, e) for i, (_, e) in enumerate([r for r in written() if r[0] != 4], 1)]
    found = look(rows)
    assert named(found) >= set(range(4, SIZE + 1))
    assert (4, Fault.REORDERED) in [(f.number, f.fault) for f in found.findings]


@pytest.mark.parametrize("first", range(2, TURN))
def test_who_has_an_old_key_cannot_write_the_past(first: int) -> None:
    """All that the old key signed is signed anew from one entry on; the new key's first entry tells."""
    rows, previous = written(), dsse.parse(written()[first - 2][1]).digest
    for at in range(first - 1, TURN):
        rows[at] = forged(rows[at], FIRST, previous=previous, actor="nguoi-khac")
        previous = dsse.parse(rows[at][1]).digest
    found = look(rows)
    assert (TURN + 1, Fault.BROKEN_CHAIN) in [(f.number, f.fault) for f in found.findings]


def test_who_has_an_old_key_cannot_name_another_one() -> None:
    rows = written()
    last = rows[-1]
    rows.append(
        (SIZE + 1, forged(last, FIRST, number=SIZE + 1, previous=dsse.parse(last[1]).digest, **naming(STRANGER))[1])
    )
    rows.append((SIZE + 2, forged(last, STRANGER, number=SIZE + 2, previous=dsse.parse(rows[-1][1]).digest)[1]))
    assert named(look(rows)) == {SIZE + 1, SIZE + 2}
    assert faults(look(rows)) == {Fault.FOREIGN}


def test_a_chain_that_its_own_key_breaks() -> None:
    rows = written()
    rows[-2] = forged(rows[-2], SECOND, actor="nguoi-khac")
    assert named(look(rows)) == {SIZE}, "the entry behind the one that was signed anew"
    assert faults(look(rows)) == {Fault.BROKEN_CHAIN}


def test_a_whole_journal_of_somebody_else_in_front_is_foreign() -> None:
    """The auditor's anchor names the first key."""
    intruder = forged(written()[0], STRANGER, **naming(STRANGER))
    assert named(look([intruder, *written()])) == {1}
    assert named(verify([intruder, *written()])) != {1}, "without an anchor nobody can tell"
    assert not verify([intruder, *written()], root=dsse.keyid(FIRST.public_key())).holds


@pytest.mark.parametrize(
    "content",
    [
        {}, [], "x", 7, None, {"_type": "x"}, {"_type": entry.STATEMENT, "predicateType": entry.PREDICATE},
        {**payload(written()[1]), "subject": 7}, {**payload(written()[1]), "predicate": []},
    ],
)  # fmt: skip
def test_what_is_signed_but_no_entry(content: object) -> None:
    rows = written()
    rows[-2] = (rows[-2][0], dsse.sign(content, SECOND).model_dump_json())  # type: ignore[arg-type]
    assert named(look(rows)) == {SIZE - 1}
