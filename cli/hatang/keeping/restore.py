"""Looks through a backup, and puts one back: made whole in a folder beside, then moved into place in one step."""

from __future__ import annotations

import contextlib
import fcntl
import gzip
import hashlib
import os
import shutil
import tarfile
import tomllib
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, cast

from pydantic import ValidationError

from hatang import settings as settings_module
from hatang.errors import InputError, RefusedError
from hatang.keeping.envelope import Opened
from hatang.keeping.manifest import NAME, Kept, Manifest, Named
from hatang.keeping.save import CHUNK, INSIDE
from hatang.registry.database import HEAD

LONGEST_MANIFEST = 64 << 20
URLS = {"engine_backend": "file://", "registry_url": "sqlite:///", "workflow_url": "sqlite:///"}
Taker = Callable[[str, IO[bytes], int], str]


@dataclass(frozen=True)
class Restored:
    """A state folder that was put back.

    Attributes:
        to_set: what was set outside `hatang.toml`, with the place where its file is now.
    """

    manifest: Manifest
    to_set: tuple[tuple[Named, Path], ...]


def verify(file: Path, words: str) -> Manifest:
    """Decipher all, compare every sum. Raises InputError: the passphrase is wrong, or the file is not as it was."""
    with _opened(file, words) as opened:
        return _read(opened, file, _summed)


def restore(state: Path, file: Path, words: str) -> Restored:
    """Put a backup back as state folder `state`, which is empty or not there.

    Raises:
        InputError: the folder holds something, the passphrase is wrong, or the file is not as it was.
        RefusedError: it is of a newer hatang.
    """
    state = state.parent.resolve() / state.name
    refuse_folder(state)
    with _opened(file, words) as opened:
        manifest = _read(opened, file, _summed)  # all of it holds before anything is written
        if manifest.schema_revision > HEAD:
            raise RefusedError(
                f"the backup's registry has schema {manifest.schema_revision}; this hatang knows {HEAD}",
                where=str(file), do=f"use hatang {manifest.hatang}, which made it, or a newer one",
            )  # fmt: skip
        with _beside(state) as side:
            for folder in manifest.folders:
                (side / folder.path).mkdir(parents=True, mode=0o700, exist_ok=True)
            modes = {kept.path: kept.mode for kept in manifest.files}
            _read(opened, file, lambda path, data, at: _extracted(side, path, data, at, modes.get(path, 0o600)))
            to_set = _point(side, state, manifest)
            for folder in reversed(manifest.folders):
                (side / folder.path).chmod(folder.mode)
            side.rename(state)  # takes the place of an empty folder, and of no other
    return Restored(manifest, to_set)


def refuse_folder(state: Path) -> None:
    """Raises InputError: the folder holds something."""
    if state.is_symlink() or (state.exists() and not state.is_dir()):
        fault = "the state folder's name is that of something else"
    elif state.is_dir() and any(state.iterdir()):
        fault = "the state folder is not empty; a backup is put back into none that holds something"
    else:
        return
    raise InputError(fault, where=str(state),
        do="name a new one: hatang --state FOLDER state restore FILE")  # fmt: skip


@contextlib.contextmanager
def _opened(file: Path, words: str) -> Iterator[Opened]:
    try:
        with file.open("rb") as source:
            yield Opened(source, str(file), words)
    except OSError as exc:
        raise InputError(f"the backup cannot be read: {exc.strerror or exc}", where=str(file),
            do="name a backup that is there")  from exc  # fmt: skip


def _read(opened: Opened, file: Path, take: Taker) -> Manifest:
    """Give every file of the backup to `take`, which returns its SHA-256; compare with the manifest at the end."""
    found: dict[str, str] = {}
    text, clear = b"", opened.content()
    try:
        with (
            gzip.GzipFile(fileobj=cast("BinaryIO", clear), mode="rb") as unpacked,
            tarfile.open(fileobj=cast("BinaryIO", unpacked), mode="r|") as tar,
        ):
            for member in tar:
                data = tar.extractfile(member) if member.type == tarfile.REGTYPE else None
                path = member.name.removeprefix(INSIDE)
                if data is None or text or path in found:
                    raise _foreign(file, f"{member.name} is not a file, or there twice")
                if member.name == NAME:
                    text = data.read(LONGEST_MANIFEST)
                    continue
                Kept(path=path, size=member.size, mode=0, sha256="0" * 64)  # before anything is made of its name
                if path == member.name:
                    raise _foreign(file, f"{member.name} is in an unknown place")
                found[path] = take(path, data, int(member.mtime))
        clear.drain()
        manifest = Manifest.model_validate_json(text)
    except ValidationError as exc:
        raise _foreign(file, exc.errors()[0]["msg"]) from exc
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as exc:
        raise _foreign(file, str(exc)) from exc
    if found != {kept.path: kept.sha256 for kept in manifest.files}:
        raise _foreign(file, "files and sums are not those of its manifest")
    return manifest


def _foreign(file: Path, why: str) -> InputError:
    return InputError(f"the backup is not of the form that this hatang makes: {why}", where=str(file),
        do="use the hatang that made it, or a newer one; never a file of unknown origin")  # fmt: skip


def _summed(_path: str, data: IO[bytes], _at: int) -> str:
    made = hashlib.sha256()
    while some := data.read(CHUNK):
        made.update(some)
    return made.hexdigest()


def _extracted(side: Path, path: str, data: IO[bytes], at: int, mode: int) -> str:
    place, made = side / path, hashlib.sha256()
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as out:
        while some := data.read(CHUNK):
            made.update(some)
            out.write(some)
        out.flush()
        os.fchmod(handle, mode)
        os.fsync(handle)  # a state folder that is in its place outlives a loss of power
    os.utime(place, (at, at))
    return made.hexdigest()


@contextlib.contextmanager
def _beside(state: Path) -> Iterator[Path]:
    """An empty folder beside, of our own; what a killed run left in it is removed, and all of it after an error."""
    side = state.with_name(f".{state.name}.hatang-restore")
    try:
        state.parent.mkdir(parents=True, exist_ok=True)
        side.mkdir(mode=0o700, exist_ok=True)
        handle = os.open(side, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as exc:
        raise _unmade(state, exc) from exc
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _empty(side)
        os.fchmod(handle, 0o700)
        try:
            yield side
        except BaseException:
            shutil.rmtree(side, ignore_errors=True)
            raise
    except BlockingIOError as exc:
        raise RefusedError("another command restores into this folder", where=str(state), do="wait for it") from exc
    except OSError as exc:
        raise _unmade(state, exc) from exc
    finally:
        os.close(handle)


def _empty(side: Path) -> None:
    for entry in list(os.scandir(side)):
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        else:
            Path(entry.path).unlink()


def _unmade(state: Path, exc: OSError) -> InputError:
    return InputError(f"the state folder cannot be made: {exc.strerror or exc}", where=str(state),
        do="name a folder in one where you may write, with room, that is no mount point")  # fmt: skip


def _point(side: Path, state: Path, manifest: Manifest) -> tuple[tuple[Named, Path], ...]:
    """Have the settings in `hatang.toml` name the files where they are now; returns those that are set elsewhere."""
    file = side / settings_module.FILE_NAME
    ours = set(tomllib.loads(file.read_text(encoding="utf-8"))) if file.is_file() else set()
    moved = [(named, state / named.path) for named in manifest.named if named.was != str(state / named.path)]
    values = {n.setting: f"{URLS.get(n.setting, '')}{place}" for n, place in moved if n.setting in ours}
    if values:
        settings_module.write(side, **values)
    return tuple((named, place) for named, place in moved if named.setting not in ours)
