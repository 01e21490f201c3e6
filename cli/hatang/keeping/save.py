"""Makes a backup: everything of a state folder in one encrypted file, moved into place when it is whole."""

from __future__ import annotations

import contextlib
import fcntl
import gzip
import hashlib
import io
import os
import stat
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, BinaryIO, cast

from hatang import __version__, digests
from hatang.errors import InputError, StepError
from hatang.keeping import content, quiet
from hatang.keeping.envelope import Sealer
from hatang.keeping.manifest import NAME, Kept, Manifest
from hatang.settings import Settings

INSIDE = "state/"  # in the archive, before the place of a file
CHUNK = 1 << 20


@dataclass(frozen=True)
class Saved:
    """A backup that was made."""

    manifest: Manifest
    size: int
    sha256: str


def save(settings: Settings, file: Path, words: str, *, passphrase: bool = False, results: bool = True) -> Saved:
    """Save the state folder into a new file, mode 0600.

    Args:
        words: what the file is encrypted with.
        passphrase: also the site's passphrase, which opens what the state folder holds.
        results: also reports of checks and logs.

    Raises:
        InputError: there is a file of that name, it would lie in the state folder, or cannot be written.
        RefusedError: work is under way in the state folder.
        StepError: a file changed while it was read.
    """
    file = file.parent.resolve() / file.name
    _refuse_place(settings, file)
    if not settings.state_dir.is_dir():
        raise InputError("there is no state folder", where=str(settings.state_dir),
            do="name it: hatang --state FOLDER state save")  # fmt: skip
    with _written(file) as out, quiet.quiet(settings):
        found = _looked(settings, passphrase, results)
        sealer = Sealer(out, words)
        packed = gzip.GzipFile(fileobj=cast("BinaryIO", sealer), mode="wb", compresslevel=6, mtime=0, filename="")
        with packed, tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as tar:
            manifest = _fill(tar, settings, found)
        sealer.finish()
        size = out.tell()
    return Saved(manifest, size, digests.of_file(file))


def _refuse_place(settings: Settings, file: Path) -> None:
    engine = Path(settings.backend.removeprefix(content.FILE))
    if any(file.is_relative_to(folder.resolve()) for folder in (settings.state_dir, engine)):
        raise InputError("a backup inside the state folder would be lost with it", where=str(file),
            do="name a file elsewhere, best on another machine's disk")  # fmt: skip
    if os.path.lexists(file):
        raise InputError("there is a file already; backups overwrite none", where=str(file), do="name a new file")


def _looked(settings: Settings, passphrase: bool, results: bool) -> content.Content:
    try:
        return content.of(settings, passphrase=passphrase, results=results)
    except OSError as exc:
        raise _changed(Path(exc.filename or settings.state_dir), exc) from exc


def _changed(place: Path, exc: OSError) -> StepError:
    return StepError(f"a file changed or went while it was read: {exc.strerror or exc}", where=str(place),
        do="let nothing work in this state folder, and save again; nothing was saved")  # fmt: skip


def _fill(tar: tarfile.TarFile, settings: Settings, found: content.Content) -> Manifest:
    kept, schema = [], ""
    for path, place in found.files.items():
        with _read(place) as source:
            status = os.fstat(source.fileno())
            size, data = status.st_size, cast("IO[bytes]", source)
            if path in found.databases:
                copied, revision = content.copy_of_database(place)
                size, data = len(copied), io.BytesIO(copied)
                schema = revision if place == settings.registry_file else schema
            digest = _add(tar, INSIDE + path, _Summed(data, place), size, status.st_mtime)
        mode = stat.S_IMODE(status.st_mode) & 0o777
        kept.append(Kept(path=path, size=size, mode=mode, sha256=digest))
    manifest = Manifest(
        hatang=__version__, made_at=datetime.now(UTC), state_dir=str(settings.state_dir), schema_revision=schema,
        absent=tuple(found.absent), named=tuple(found.named), folders=tuple(found.folders), files=tuple(kept),
    )  # fmt: skip
    text = manifest.model_dump_json(indent=1).encode()
    _add(tar, NAME, _Summed(io.BytesIO(text), Path(NAME)), len(text), manifest.made_at.timestamp())
    return manifest


def _read(place: Path) -> BinaryIO:
    try:
        return place.open("rb")
    except OSError as exc:
        raise _changed(place, exc) from exc


def _add(tar: tarfile.TarFile, name: str, data: _Summed, size: int, at: float) -> str:
    """Put so many bytes into the archive; returns their SHA-256."""
    member = tarfile.TarInfo(name)
    member.size, member.mtime, member.mode = size, int(at), 0o600
    tar.addfile(member, cast("IO[bytes]", data))
    return data.sum.hexdigest()


class _Summed:
    """A file that is summed while it is read."""

    def __init__(self, data: IO[bytes], place: Path) -> None:
        self._data, self._place, self.sum = data, place, hashlib.sha256()

    def read(self, size: int) -> bytes:
        """As many bytes as are asked for. Raises StepError: they are not there any more."""
        try:
            got = self._data.read(size)
        except OSError as exc:
            raise _changed(self._place, exc) from exc
        if len(got) < size:
            raise _changed(self._place, OSError("it became shorter"))
        self.sum.update(got)
        return got


@contextlib.contextmanager
def _written(file: Path) -> Iterator[BinaryIO]:
    """A file beside it, which takes its place at the end of the block, unless another one came there meanwhile."""
    part = file.with_name(f".{file.name}.hatang-part")  # of a run that was killed: taken over
    try:
        handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "wb") as out:  # what it could not write it tries once more when it is closed
            _alone(handle, file)
            try:
                os.fchmod(handle, 0o600)
                out.truncate()
                yield out
                out.flush()
                os.fsync(handle)
                _move(part, file)
            finally:
                part.unlink(missing_ok=True)
    except OSError as exc:
        raise InputError(f"the backup cannot be written: {exc.strerror or exc}", where=str(file),
            do="name a new file in a folder that is there and has room") from exc  # fmt: skip


def _alone(handle: int, file: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as exc:
        raise InputError("another command writes this backup", where=str(file), do="wait for it") from exc


def _move(part: Path, file: Path) -> None:
    try:
        file.hardlink_to(part)  # unlike a renaming it replaces nothing
    except FileExistsError:
        raise
    except OSError:  # a stick with FAT knows no second name
        if os.path.lexists(file):
            raise
        part.rename(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
