"""The encrypted file: a header of fixed length, AES-256-GCM over a gzipped tar, the tag.

Why so: scrypt and AES-GCM are what `cryptography` offers and what the keys of copies are sealed with already. Fernet
holds all in memory, a third longer, and logs may be large; GCM encrypts a stream, so nothing lies on the disk in clear.
What a stream deciphers is trustworthy only once the tag was seen, so a file is read through to its tag first, and
nothing of it is unpacked before that held. Salt and nonce are new for each file; the header is authenticated too.

The header: MAGIC, salt (16), nonce (12), check (32). The check is the second half of what scrypt derives: it tells a
wrong passphrase from an altered file, and guessing it costs as much as guessing the key.
"""

from __future__ import annotations

import hmac
import os
import unicodedata
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import GCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from hatang.errors import InputError

MAGIC = b"hatang-state-backup 1\n"
SALT, NONCE, CHECK, TAG = 16, 12, 32, 16
HEADER = len(MAGIC) + SALT + NONCE + CHECK
COST = 2**17  # of scrypt, with blocks of 8: 128 MiB and some tenths of a second for each guess
CHUNK = 1 << 20


class Sealer:
    """Takes bytes in clear and writes them encrypted; `finish` writes the tag."""

    def __init__(self, out: BinaryIO, passphrase: str) -> None:
        salt, nonce = os.urandom(SALT), os.urandom(NONCE)
        key, check = _derive(passphrase, salt)
        header = MAGIC + salt + nonce + check
        self._out = out
        self._cipher = Cipher(AES(key), GCM(nonce)).encryptor()
        self._cipher.authenticate_additional_data(header)
        out.write(header)

    def write(self, data: bytes) -> int:
        """Encrypt and write."""
        self._out.write(self._cipher.update(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is held back here."""

    def finish(self) -> None:
        """The end: without it the file cannot be opened."""
        self._out.write(self._cipher.finalize())
        self._out.write(self._cipher.tag)


class Opened:
    """An encrypted file whose tag was seen to hold.

    Args:
        file: the file, open for reading.
        name: how the user called it.

    Raises:
        InputError: it is no such file, the passphrase is wrong, or the file was altered or cut off.
    """

    def __init__(self, file: BinaryIO, name: str, passphrase: str) -> None:
        self._file, self._name = file, name
        self._header = file.read(HEADER)
        if not self._header.startswith(MAGIC):
            raise InputError("this is no backup that this hatang can read", where=name,
                do="name a file that `hatang state save` made")  # fmt: skip
        self._size = file.seek(0, os.SEEK_END)
        if self._size < HEADER + TAG:
            raise self.altered()
        salt, rest = self._header[len(MAGIC) :][:SALT], self._header[len(MAGIC) + SALT :]
        self._nonce = rest[:NONCE]
        self._key, check = _derive(passphrase, salt)
        if not hmac.compare_digest(check, rest[NONCE:]):
            raise InputError("the passphrase does not open this backup", where=name,
                do="give the passphrase that it was saved with (--key-file)")  # fmt: skip
        self.content().drain()

    def content(self) -> Content:
        """What is in it, in clear, from the beginning."""
        self._file.seek(self._size - TAG)
        mode = GCM(self._nonce, self._file.read(TAG))
        cipher = Cipher(AES(self._key), mode).decryptor()
        cipher.authenticate_additional_data(self._header)
        self._file.seek(HEADER)
        return Content(self, self._file, self._size - TAG - HEADER, cipher)

    def altered(self) -> InputError:
        """The error for a file that is not as it was made."""
        return InputError("the backup was altered, or its end is missing", where=self._name,
            do="take another copy of it; compare its SHA-256 with the one that `hatang state save` told")  # fmt: skip


class Content:
    """Bytes in clear, read as of a file; at their end the tag is compared. Raises InputError then."""

    def __init__(self, opened: Opened, file: BinaryIO, left: int, cipher: CipherContext) -> None:
        self._opened, self._file, self._left, self._cipher = opened, file, left, cipher
        self._ended = False

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        if self._ended:
            return b""
        wanted = self._left if size < 0 else min(size, self._left)
        data = self._file.read(wanted)
        self._left -= len(data)
        if len(data) < wanted:
            raise self._opened.altered()
        clear = self._cipher.update(data)
        if not self._left:
            self._ended = True
            try:
                self._cipher.finalize()
            except InvalidTag as exc:
                raise self._opened.altered() from exc
        return clear

    def drain(self) -> None:
        """Read what is left, to the tag."""
        while self.read(CHUNK):
            pass


def _derive(passphrase: str, salt: bytes) -> tuple[bytes, bytes]:
    # The same letters may come as different bytes from different keyboards: Vietnamese ones above all.
    words = unicodedata.normalize("NFC", passphrase).encode()
    made = Scrypt(salt=salt, length=64, n=COST, r=8, p=1).derive(words)
    return made[:32], made[32:]
