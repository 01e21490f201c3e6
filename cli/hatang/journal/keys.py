"""The journal's keys: Ed25519, one file each below the state folder, encrypted with the site's passphrase.

An old key is kept only as its public half, in the entry that named it: whoever finds the folder later cannot sign for
the past.
"""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hatang import private
from hatang.errors import RegistryError
from hatang.journal.dsse import keyid


class Keys:
    """Private keys of a site.

    Args:
        folder: where they lie, mode 0700.
        passphrase: that encrypts them.
    """

    def __init__(self, folder: Path, passphrase: str) -> None:
        self.folder, self._passphrase = folder, passphrase.encode()

    def make(self) -> Ed25519PrivateKey:
        """A new key, kept."""
        key = Ed25519PrivateKey.generate()
        text = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(self._passphrase),
        )
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        private.replace(self._file(keyid(key.public_key())), text.decode())
        return key

    def get(self, name: str) -> Ed25519PrivateKey:
        """The key of this id.

        Raises:
            RegistryError: its file is missing, or the passphrase is not the one that it was made with.
        """
        file = self._file(name)
        try:
            key = serialization.load_pem_private_key(file.read_bytes(), self._passphrase)
        except OSError as exc:
            raise RegistryError(
                f"the key {name} of the journal is not here: {exc.strerror or exc}", where=str(file),
                do="bring the file back from the backup of the state folder, or run hatang on the machine that has it",
            ) from exc  # fmt: skip
        except ValueError as exc:
            raise RegistryError(
                f"the key {name} of the journal cannot be opened", where=str(file),
                do="give the passphrase file that it was made with (HATANG_PASSPHRASE_FILE)",
            ) from exc  # fmt: skip
        assert isinstance(key, Ed25519PrivateKey)
        return key

    def forget_others(self, name: str) -> None:
        """Remove every key but this one: after a rotation."""
        for file in self.folder.glob("*.pem"):
            if file != self._file(name):
                file.unlink(missing_ok=True)

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.pem"
