"""Reads a journal as an auditor does: is every entry there, in its place, unaltered, signed by a key of the journal?"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from hatang.journal import dsse, entry
from hatang.journal.anchors import Anchor


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
        rows: place and envelope of each, as stored.
        anchors: what the journal was on earlier days.
        root: id of the key that must be the first; empty: the first entry is believed, unless an anchor says more.
    """
    reader = _Reader(root)
    for place, text in rows:
        reader.read(place, text)
    for anchor in anchors:
        reader.compare(anchor)
    return reader.found


def compare_records(found: Verified, digests: Mapping[str, str]) -> None:
    """Add what differs between entries and the registry's records.

    Args:
        digests: of every record, by key.
    """
    written = {e.key: e for e in found.entries}
    for key, told in written.items():
        if told.act == entry.KEY:
            continue
        if key not in digests:
            found.findings.append(Finding(told.number, Fault.RECORD_MISSING, key))
        elif told.digests.get(key) != digests[key]:
            found.findings.append(Finding(told.number, Fault.RECORD_ALTERED, key))
    found.findings += [Finding(0, Fault.NOT_WRITTEN, key) for key in sorted(digests.keys() - written.keys())]


class _Reader:
    """Reads entry after entry, and goes on behind a fault, so that each is named."""

    def __init__(self, root: str) -> None:
        self.found, self.root = Verified(), root
        self.keys: dict[str, Ed25519PublicKey] = {}
        self.current = ""
        self.expected, self.previous = 1, entry.BEGINNING
        self.digests: dict[int, str] = {}
        self.seen: set[int] = set()

    def read(self, place: int, text: str) -> None:
        """One entry."""
        try:
            envelope = dsse.parse(text)
            told = entry.read(json.loads(envelope.content))
            digest = envelope.digest
        except ValueError as exc:
            self._fault(place, Fault.FOREIGN, str(exc))
            self._step(place, "")
            return
        signer = self._signer(envelope, told)
        if signer is None:
            known = envelope.signatures[0].keyid in self.keys
            why = "its signature does not fit" if known else f"signed by the unknown key {envelope.signatures[0].keyid}"
            self._fault(place, Fault.ALTERED if known else Fault.FOREIGN, why)
            self._step(place, digest)
            return
        if told.number != place or told.number in self.seen:
            self._fault(place, Fault.REORDERED, f"it is entry {told.number}")
        elif place > self.expected:
            gone = f"{self.expected}" if place == self.expected + 1 else f"{self.expected}–{place - 1}"
            self._fault(place, Fault.MISSING, gone)
        elif self.previous and told.previous != self.previous:
            self._fault(place, Fault.BROKEN_CHAIN, f"it follows {told.previous[:12]}, not {self.previous[:12]}")
        elif signer != self.current and told.act != entry.KEY:
            self._fault(place, Fault.FOREIGN, f"signed by {signer}, which was replaced by {self.current}")
        if told.act == entry.KEY and told.number == place:
            self._take_key(place, told, signer)
        self.seen.add(told.number)
        self.found.entries.append(told)
        self._step(place, digest)

    def _signer(self, envelope: dsse.Envelope, told: entry.Entry) -> str | None:
        """Id of the known key that signed it; the first entry brings its own."""
        for name, key in self.keys.items():
            if dsse.is_signed_by(envelope, key):
                return name
        own = _public(told) if not self.keys and told.act == entry.KEY else None
        if own is not None and dsse.is_signed_by(envelope, own):
            return dsse.keyid(own)
        return None

    def _take_key(self, place: int, told: entry.Entry, signer: str) -> None:
        key = _public(told)
        if key is None:
            self._fault(place, Fault.FOREIGN, "it names a key that is none")
            return
        name = dsse.keyid(key)
        if not self.keys and self.root and name != self.root:
            self._fault(place, Fault.FOREIGN, f"the journal begins with key {name}, not {self.root}")
        if self.keys and signer != self.current:
            self._fault(place, Fault.FOREIGN, f"a new key signed by {signer}, which was replaced by {self.current}")
            return
        self.keys[name], self.current = key, name
        self.found.keys[name] = str(told.facts["public_key"])

    def _step(self, place: int, digest: str) -> None:
        self.digests[place] = digest
        self.expected, self.previous = place + 1, digest
        self.found.last_digest = digest

    def compare(self, anchor: Anchor) -> None:
        """Is the journal still what it was?"""
        is_now = self.digests.get(anchor.number)
        if is_now is None:
            self._fault(anchor.number, Fault.ANCHOR, f"it is gone; it was there on {anchor.at}")
        elif is_now != anchor.digest:
            self._fault(anchor.number, Fault.ANCHOR, f"it is not what it was on {anchor.at}")
        elif anchor.root not in self.keys or next(iter(self.keys)) != anchor.root:
            self._fault(anchor.number, Fault.ANCHOR, f"the first key is not {anchor.root} any more")

    def _fault(self, number: int, fault: Fault, detail: str) -> None:
        self.found.findings.append(Finding(number, fault, detail))


def _public(told: entry.Entry) -> Ed25519PublicKey | None:
    try:
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(str(told.facts["public_key"]), validate=True))
    except (KeyError, ValueError):
        return None
