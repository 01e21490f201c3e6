"""The journal's keys: Ed25519, one file each below the state folder, encrypted with the site's passphrase.

An old key is kept only as its public half, in the entry that named it: whoever finds the folder later cannot sign for
the past.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hatang import private
from hatang.errors import RegistryError
from hatang.journal.dsse import keyid

NAME = re.compile(r"[0-9a-f]{32}")


class Keys:
    """Private keys of a site.

    Args:
        folder: where they lie, mode 0700.
        passphrase: that encrypts them.
    """

    def __init__(self, folder: Path, passphrase: str) -> None:
        self.folder, self._passphrase = folder, passphrase.encode()

    def make(self) -> Ed25519PrivateKey:
        """A new key, kept for good: an entry will name it. Raises RegistryError: there is no place for it."""
        key = Ed25519PrivateKey.generate()
        text = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(self._passphrase),
        )
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            private.replace(self._file(keyid(key.public_key())), text.decode(), durable=True)
        except OSError as exc:
            raise RegistryError(
                f"no key of the journal can be kept: {exc.strerror}", where=str(self.folder),
                do="make room there, or let this user write there, then run the command again",
            ) from exc  # fmt: skip
        return key

    def get(self, name: str) -> Ed25519PrivateKey:
        """The key of this id.

        Raises:
            RegistryError: its file is missing, or the passphrase is not the one that it was made with.
        """
        # The name comes from the database, where somebody may have written a path.
        file = self._file(name) if NAME.fullmatch(name) else self.folder
        try:
            key = serialization.load_pem_private_key(file.read_bytes(), self._passphrase)
        except OSError as exc:
            raise RegistryError(
                f"the key {name} of the journal is not here: {exc.strerror or exc}", where=str(file),
                do="bring the file back from the backup of the state folder, or run hatang on the machine that has it",
            ) from exc  # fmt: skip
        except (ValueError, TypeError) as exc:
            raise RegistryError(
                f"the key {name} of the journal cannot be opened", where=str(file),
                do="give the passphrase file that it was made with (HATANG_PASSPHRASE_FILE)",
            ) from exc  # fmt: skip
        assert isinstance(key, Ed25519PrivateKey)
        return key

    def forget(self, names: Iterable[str]) -> None:
        """Remove these keys: each has a successor on record. Raises RegistryError."""
        for name in filter(NAME.fullmatch, names):
            try:
                self._file(name).unlink(missing_ok=True)
            except OSError as exc:
                raise RegistryError(
                    f"the old key {name} cannot be removed: {exc.strerror}", where=str(self._file(name)),
                    do="remove the file; the new key signs already",
                ) from exc  # fmt: skip

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.pem"
