"""One entry: an in-toto statement (v1) about one act, which names the entry before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "urn:hatang:journal:entry:1"
BEGINNING = "0" * 64  # what the first entry names
KEY = "key"  # the act that names a new key


@dataclass(frozen=True)
class Fact:
    """Something that happened, before it has a place in the journal.

    Args:
        key: of the record that it was made from; never twice in a journal.
        act: such as `request.approve`.
        actor: who did it, as claimed; empty: hatang.
        at: when, UTC.
        digests: SHA-256 by name: of the record itself, and of stored artefacts such as a plan or a report.
        facts: plain data; no free text of people, which might hold a secret: it is in the record's digest alone.
    """

    key: str
    act: str
    actor: str
    at: datetime
    digests: Mapping[str, str]
    facts: Mapping[str, Any] = field(default_factory=dict)


def statement(number: int, previous: str, fact: Fact) -> dict[str, Any]:
    """The statement of a fact at its place, written now.

    Args:
        number: from 1.
        previous: the digest of the entry before.
        fact: what happened.
    """
    return {
        "_type": STATEMENT,
        "subject": [{"name": name, "digest": {"sha256": value}} for name, value in sorted(fact.digests.items())],
        "predicateType": PREDICATE,
        "predicate": {
            "number": number,
            "previous": previous,
            "key": fact.key,
            "act": fact.act,
            "actor": fact.actor,
            "at": fact.at.isoformat(),
            "written": datetime.now(UTC).isoformat(),
            "facts": dict(fact.facts),
        },
    }


@dataclass(frozen=True)
class Entry:
    """An entry that was read."""

    number: int
    previous: str
    key: str
    act: str
    actor: str
    at: datetime  # of the act
    written: datetime  # of the entry: later, when a kill came between
    facts: Mapping[str, Any]
    digests: Mapping[str, str]


def read(content: Any) -> Entry:
    """An entry from a statement. Raises ValueError: it is no entry of a journal."""
    try:
        if (content["_type"], content["predicateType"]) != (STATEMENT, PREDICATE):
            raise ValueError(f"a statement of another type: {content['predicateType']}")
        p = content["predicate"]
        digests = {str(s["name"]): str(s["digest"]["sha256"]) for s in content["subject"]}
        return Entry(
            int(p["number"]), str(p["previous"]), str(p["key"]), str(p["act"]), str(p["actor"]),
            datetime.fromisoformat(p["at"]), datetime.fromisoformat(p["written"]), dict(p["facts"]), digests,
        )  # fmt: skip
    except (KeyError, TypeError, AttributeError) as exc:
        raise ValueError(f"not an entry of a journal: {exc}") from exc
