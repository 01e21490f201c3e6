"""A journal with a change of key in it, without registry and files."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hatang.journal import dsse, entry
from hatang.journal.journal import key_fact
from tests.unit.journal.forging import Rows

FIRST = Ed25519PrivateKey.generate()
SECOND = Ed25519PrivateKey.generate()
SIZE, TURN = 14, 8  # entries; the number of the one that names the second key


def written() -> Rows:
    """Its rows."""
    return list(_written())


@cache
def _written() -> tuple[tuple[int, str], ...]:
    rows, previous, key = Rows(), entry.BEGINNING, FIRST
    for number in range(1, SIZE + 1):
        fact = entry.Fact(
            f"check-run/{number}", "system.check", "Nguyễn Văn A", datetime.now(UTC), {f"report {number}": "ab" * 32},
            {"counts": {"met": number}},
        )  # fmt: skip
        new = {1: FIRST, TURN: SECOND}.get(number)
        envelope = dsse.sign(entry.statement(number, previous, key_fact(new) if new else fact), key)
        previous, key = envelope.digest, new or key
        rows.append((number, envelope.model_dump_json()))
    return tuple(rows)
