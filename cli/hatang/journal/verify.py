"""Reads a journal as an auditor does: is every entry there, in its place, unaltered, signed by a key of the journal?"""

from __future__ import annotations

import base64
import json
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from hatang.journal import dsse, entry
from hatang.journal.anchors import Anchor
from hatang.registry.journal import Record


class Fault(StrEnum):
    """What can be wrong."""

    ALTERED = "altered"  # the signature does not fit what it says
    FOREIGN = "foreign"  # signed by a key that is not the journal's, or no entry at all
    MISSING = "missing"  # one or more entries before it are gone
    REORDERED = "reordered"  # it stands in a place that is not its own
    BROKEN_CHAIN = "broken-chain"  # it names another entry before it than the one that is there
    ANCHOR = "anchor"  # it is not what an anchor of an earlier day says, or is gone since
    RECORD_ALTERED = "record-altered"  # the registry's record says something else today
    RECORD_MISSING = "record-missing"  # the registry has lost the record
    NOT_WRITTEN = "not-written"  # the registry has a record without an entry
    UNKNOWN_FILE = "unknown-file"  # no entry holds the digest of this file


@dataclass(frozen=True)
class Finding:
    """One fault; `number` of the entry, 0 where there is none."""

    number: int
    fault: Fault
    detail: str


@dataclass
class Verified:
    """What was found."""

    entries: list[entry.Entry] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)  # id: public key, base64, in the order of their entries
    last_digest: str = ""

    @property
    def holds(self) -> bool:
        """Nothing is wrong."""
        return not self.findings


def verify(rows: Sequence[tuple[int, str]], anchors: Iterable[Anchor] = (), root: str = "") -> Verified:
    """Read every entry.

    Args:
        rows: place and envelope of each, in the order in which they are stored.
        anchors: what the journal was on earlier days.
        root: id of the key that must be the first; empty: the first entry is believed, unless an anchor says more.
    """
    anchors = list(anchors)
    reader = _Reader(root or next((a.root for a in anchors), ""))
    inside = _longest_rising([place for place, _ in rows])
    for at, (place, _) in enumerate(rows):
        if at not in inside:
            reader.fault(place, Fault.REORDERED, "it stands behind or before entries that it does not belong to")
    for place, text in sorted(rows, key=lambda row: row[0]):
        reader.read(place, text)
    for anchor in anchors:
        reader.compare(anchor)
    reader.found.findings.sort(key=lambda f: f.number)
    return reader.found


def compare_records(found: Verified, records: Iterable[Record]) -> None:
    """Add what differs between entries and all records of the registry."""
    digests = {r.key: r.digest for r in records}
    parts = {name: (r.key, digest) for r in records for name, digest in r.parts.items()}
    told = {name: (e.number, digest) for e in found.entries for name, digest in e.digests.items()}  # the newest counts
    written = {e.key: e for e in found.entries}
    for key, e in written.items():
        if e.act == entry.KEY:
            continue
        if key not in digests:
            found.findings.append(Finding(e.number, Fault.RECORD_MISSING, key))
        elif e.digests.get(key) != digests[key]:
            found.findings.append(Finding(e.number, Fault.RECORD_ALTERED, key))
    for name, (key, digest) in parts.items():
        if key in written and told.get(name, (0, ""))[1] != digest:
            found.findings.append(Finding(told.get(name, (written[key].number, ""))[0], Fault.RECORD_ALTERED, name))
    found.findings += [Finding(0, Fault.NOT_WRITTEN, key) for key in sorted(digests.keys() - written.keys())]


def compare_files(found: Verified, files: Mapping[str, str]) -> dict[str, list[int]]:
    """Entries that hold the digest of each file; a file that none knows is added to what is wrong.

    Args:
        files: SHA-256 by name.
    """
    told = {name: [e.number for e in found.entries if digest in e.digests.values()] for name, digest in files.items()}
    found.findings += [Finding(0, Fault.UNKNOWN_FILE, name) for name, numbers in told.items() if not numbers]
    return told


class _Reader:
    """Reads entries by their place, and goes on behind a fault: what is right behind it is not blamed for it."""

    def __init__(self, root: str) -> None:
        self.found, self.root = Verified(), root
        self.keys: dict[str, Ed25519PublicKey] = {}
        self.current = ""
        self.expected = 1
        self.at_place: dict[int, str] = {}  # digest of what stands there, for anchors
        self.by_number: dict[int, str] = {0: entry.BEGINNING}  # digest of each entry that is signed by its key

    def read(self, place: int, text: str) -> None:
        """One entry; places never fall."""
        if place > self.expected:
            gone = f"{self.expected}" if place == self.expected + 1 else f"{self.expected}–{place - 1}"
            self.fault(place, Fault.MISSING, gone)
        self.expected = max(self.expected, place + 1)
        try:
            envelope = dsse.parse(text)
            self.at_place.setdefault(place, envelope.digest)
        except ValueError as exc:
            return self.fault(place, Fault.FOREIGN, f"no signed envelope: {exc}")
        self.found.last_digest = envelope.digest
        try:
            told = entry.read(json.loads(envelope.content))
        except (ValueError, RecursionError) as exc:
            return self._not_of_the_journal(place, envelope, str(exc))
        signer = self._signer(envelope, told)
        if signer is None:
            return self._not_of_the_journal(place, envelope, "its signature does not fit")
        if not envelope.is_as_signed_by(signer):
            return self.fault(place, Fault.ALTERED, "its envelope is not what was written")
        self._place(place, envelope.digest, told, signer)
        return None

    def _not_of_the_journal(self, place: int, envelope: dsse.Envelope, why: str) -> None:
        name = envelope.signatures[0].keyid
        if name in self.keys:
            return self.fault(place, Fault.ALTERED, why)
        return self.fault(place, Fault.FOREIGN, f"signed by {name}, which no entry before it names")

    def _place(self, place: int, digest: str, told: entry.Entry, signer: str) -> None:
        """An entry that a key of the journal signed: does it belong there?"""
        is_stale = bool(self.current) and signer != self.current
        before = self.by_number.get(told.number - 1)  # unknown when that one is at fault
        if told.number != place or told.number in self.by_number:
            self.fault(place, Fault.REORDERED, f"it is entry {told.number}")
        elif is_stale:
            return self.fault(place, Fault.FOREIGN, f"signed by {signer}, which was replaced by {self.current}")
        elif before is not None and told.previous != before:
            return self.fault(place, Fault.BROKEN_CHAIN, f"it follows {told.previous[:12]}, not {before[:12]}")
        elif told.act == entry.KEY and not self._take_key(told):
            return self.fault(place, Fault.FOREIGN, "it names a key that is not the journal's")
        self.found.entries.append(told)
        if told.number == place and not is_stale:
            self.by_number.setdefault(place, digest)
        return None

    def _signer(self, envelope: dsse.Envelope, told: entry.Entry) -> str | None:
        """Id of the known key that signed it; the first entry brings its own."""
        for name, key in self.keys.items():
            if dsse.is_signed_by(envelope, key):
                return name
        own = _public(told) if not self.keys and told.act == entry.KEY else None
        if own is not None and dsse.is_signed_by(envelope, own):
            return dsse.keyid(own)
        return None

    def _take_key(self, told: entry.Entry) -> bool:
        """From here on it signs; false: it is none, or not the one that the journal must begin with."""
        key = _public(told)
        if key is None:
            return False
        name = dsse.keyid(key)
        if not self.keys and self.root and name != self.root:
            return False
        self.keys[name], self.current = key, name
        self.found.keys[name] = str(told.facts["public_key"])
        return True

    def compare(self, anchor: Anchor) -> None:
        """Is the journal still what it was?"""
        is_now = self.at_place.get(anchor.number)
        if anchor.number >= self.expected:
            gone = f"{self.expected}–{anchor.number}" if anchor.number > self.expected else f"{anchor.number}"
            self.fault(anchor.number, Fault.MISSING, gone)
            self.expected = anchor.number + 1
        if is_now is None:
            self.fault(anchor.number, Fault.ANCHOR, f"it is gone; it was there on {anchor.at}")
        elif is_now != anchor.digest:
            self.fault(anchor.number, Fault.ANCHOR, f"it is not what it was on {anchor.at}")
        elif next(iter(self.keys), "") != anchor.root:
            self.fault(anchor.number, Fault.ANCHOR, f"the first key is not {anchor.root} any more")

    def fault(self, number: int, fault: Fault, detail: str) -> None:
        """Keep a fault."""
        self.found.findings.append(Finding(number, fault, detail))


def _public(told: entry.Entry) -> Ed25519PublicKey | None:
    try:
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(str(told.facts["public_key"]), validate=True))
    except (KeyError, ValueError):
        return None


def _longest_rising(places: Sequence[int]) -> set[int]:
    """Positions of the longest part that does not fall: what stands outside of it was moved."""
    ends: list[int] = []  # position of the smallest end of a part of each length
    before: dict[int, int] = {}
    for at, place in enumerate(places):
        length = bisect_right([places[e] for e in ends], place) if ends and places[ends[-1]] > place else len(ends)
        if length:
            before[at] = ends[length - 1]
        ends[length : length + 1] = [at]
    found = set()
    last = ends[-1] if ends else None
    while last is not None:
        found.add(last)
        last = before.get(last)
    return found
