"""Writes the journal: entries for the records that have none, and new keys."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hatang import private
from hatang.errors import RegistryError
from hatang.journal import dsse, entry
from hatang.journal.facts import fact
from hatang.journal.keys import Keys
from hatang.registry.journal import JournalRows, Record
from hatang.registry.pending import has_pending

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from hatang.registry import Registry
    from hatang.settings import Settings

Last = tuple[int, str] | None


class Journal:
    """The journal of a registry. A kill between an act and its entry loses nothing: the next call writes it."""

    def __init__(self, settings: Settings, registry: Registry) -> None:
        self.settings, self.registry, self.rows = settings, registry, JournalRows(registry)

    def catch_up(self) -> int:
        """Write an entry for every record that has none; returns how many.

        Raises:
            RegistryError: the key cannot be had or kept, the database does not take an entry, or the newest entry
                cannot be read. The records stay, and the next call tries again.
        """
        return self.rows.add(self._entries) if has_pending(self.registry) else 0

    def rotate(self) -> str:
        """Sign with a new key from now on; returns its id. The old one signs the entry that names it, and goes.

        Raises:
            RegistryError: as `catch_up`; the old key then still signs.
        """
        made: list[str] = []

        def entries(last: Last, waiting: Sequence[Record]) -> list[tuple[str, str]]:
            chain = _Chain(last, self._keys())
            chain.add_all(waiting)
            chain.rotate()
            made.append(dsse.keyid(chain.key.public_key()))
            return chain.made

        self.rows.add(entries)
        # Only what another key has followed on record: a second rotation may have made its key by now.
        self._keys().forget(self.rows.keys()[:-1])
        return made[0]

    def _keys(self) -> Keys:
        try:
            passphrase = private.passphrase_file(self.settings).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as exc:
            raise RegistryError(
                "the passphrase of the journal's key cannot be read", where="HATANG_PASSPHRASE_FILE",
                do="name a file that is there and that you may read, with the passphrase in it",
            ) from exc  # fmt: skip
        return Keys(self.settings.state_dir / "journal", passphrase)

    def _entries(self, last: Last, waiting: Sequence[Record]) -> list[tuple[str, str]]:
        if not waiting:  # another process was quicker
            return []
        chain = _Chain(last, self._keys())
        chain.add_all(waiting)
        return chain.made


class _Chain:
    """New entries behind the newest one."""

    def __init__(self, last: Last, keys: Keys) -> None:
        self.keys, self.made = keys, list[tuple[str, str]]()
        if last is None:
            self.number, self.previous = 0, entry.BEGINNING
            self.key = keys.make()
            self._add(key_fact(self.key))
            return
        self.number = last[0]
        try:
            envelope = dsse.parse(last[1])
            self.previous = envelope.digest
            told = entry.read(json.loads(envelope.content))
            # The entry that names a key was signed by the one before.
            name = str(told.facts["keyid"]) if told.act == entry.KEY else envelope.signatures[0].keyid
        except (ValueError, KeyError) as exc:
            raise RegistryError(
                f"the journal's newest entry, {last[0]}, cannot be read: {exc}", where="registry, journal",
                do="see what is wrong: hatang journal verify; bring the registry back from a backup",
            ) from exc  # fmt: skip
        self.key = keys.get(name)
        if told.act != entry.KEY and not dsse.is_signed_by(envelope, self.key.public_key()):
            raise RegistryError(
                f"the journal's newest entry, {last[0]}, is not signed by its key", where="registry, journal",
                do="see what is wrong: hatang journal verify; bring the registry back from a backup",
            )  # fmt: skip

    def rotate(self) -> None:
        """Name a new key, signed by the old one; what follows is signed by the new one."""
        new = self.keys.make()
        self._add(key_fact(new))
        self.key = new

    def add_all(self, records: Sequence[Record]) -> None:
        for record in records:
            self._add(fact(record))

    def _add(self, what: entry.Fact) -> None:
        self.number += 1
        envelope = dsse.sign(entry.statement(self.number, self.previous, what), self.key)
        self.previous = envelope.digest
        self.made.append((what.key, envelope.model_dump_json()))


def key_fact(key: Ed25519PrivateKey) -> entry.Fact:
    public = key.public_key().public_bytes_raw()
    name = dsse.keyid(key.public_key())
    facts = {"keyid": name, "public_key": base64.b64encode(public).decode()}
    digest = {f"key {name}": hashlib.sha256(public).hexdigest()}
    return entry.Fact(f"key/{name}", entry.KEY, "", datetime.now(UTC), digest, facts)
