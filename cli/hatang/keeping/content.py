"""Which files belong into a backup: what lies in the state folder, and what settings name outside of it.

Everything there is taken but what is known to be of no use elsewhere, so that nothing new is forgotten.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hatang.errors import InputError, RefusedError
from hatang.hosts.ssh_files import HOSTS, KNOWN
from hatang.keeping.manifest import Absent, Folder, Named

if TYPE_CHECKING:
    from hatang.settings import Settings

FILE, SQLITE = "file://", "sqlite:///"
LEFT_OUT = ("sandbox", "sandbox.lock", "runs", "lock")  # made anew, or of this machine alone
LINK = "checks/latest"  # a convenience that the next check makes anew
RESULTS = ("checks", "log")
SETTINGS_WITH_FILES = ("site_file", "clouds_file", "ca_file", "ssh_config", "places_file")
SSH_FILES = (HOSTS, KNOWN)  # that hatang writes into ssh_folder, which may be somebody's ~/.ssh
SQLITE_BEGINS = b"SQLite format 3\0"
BESIDE = ("-wal", "-shm", "-journal", ".lock", ".next.lock")  # of a database: what is in them comes by its copy
WAIT_S = 60


@dataclass
class Content:
    """What goes into a backup: files by their place in it, databases among them."""

    files: dict[str, Path] = field(default_factory=dict)
    databases: set[str] = field(default_factory=set)
    folders: list[Folder] = field(default_factory=list)
    named: list[Named] = field(default_factory=list)
    absent: list[Absent] = field(default_factory=list)


def of(settings: Settings, *, passphrase: bool, results: bool) -> Content:
    """Look through the state folder.

    Args:
        passphrase: with the site's passphrase.
        results: with reports of checks and logs.

    Raises:
        InputError: there is no state folder, or a link lies in it.
    """
    state, found = settings.state_dir, Content()
    own = settings.passphrase_file or state / "passphrase"
    passphrase = passphrase and own.is_file()
    skipped = {state / name for name in (*LEFT_OUT, LINK)} | {settings.cache}
    if not passphrase:
        skipped |= {own, state / "passphrase"}
        found.absent.append("passphrase")
    if not results:
        skipped |= {state / name for name in RESULTS}
        found.absent.append("results")
    outside = list(_outside(settings, found, own if passphrase else None, skipped))
    for path, _place in outside:
        skipped.add(state / path)  # what is in use counts, not what lies in its usual place
    _walk(state, "", skipped, found)
    for path, place in outside:
        if place.is_dir():
            found.folders.append(Folder(path=path, mode=0o700))
            others = {p for p in place.iterdir() if p.name not in SSH_FILES} if place == settings.ssh_folder else set()
            _walk(place, f"{path}/", skipped | others | {state}, found)
        else:
            _add(found, path, place)
    if not found.files:
        raise InputError("there is nothing in the state folder", where=str(state),
            do="name the site's: hatang --state FOLDER state save")  # fmt: skip
    return found


def _outside(
    settings: Settings, found: Content, passphrase: Path | None, skipped: set[Path]
) -> Iterator[tuple[str, Path]]:
    """What settings name: place in the backup, and where it lies, of what lies outside the state folder."""
    for setting, place, usual in _places(settings, found, passphrase):
        if not place.exists() or any(place.is_relative_to(folder) for folder in skipped):
            continue
        inside = place.is_relative_to(settings.state_dir)
        path = str(place.relative_to(settings.state_dir)) if inside else usual
        found.named.append(Named(setting=setting, was=str(place), path=path))
        if not inside:
            yield path, place


def _places(settings: Settings, found: Content, passphrase: Path | None) -> Iterator[tuple[str, Path, str]]:
    if settings.backend.startswith(FILE):
        if settings.engine_backend:
            yield "engine_backend", Path(settings.backend.removeprefix(FILE)).absolute(), "engine"
    else:
        found.absent.append("engine")
    if settings.registry_file is None:
        found.absent.append("registry")
    elif settings.registry_url:
        yield "registry_url", settings.registry_file.absolute(), "registry.db"
    if settings.workflow_server.startswith(SQLITE):
        place = Path(settings.workflow_server.removeprefix(SQLITE)).absolute()
        yield "workflow_url", place, f"named/workflow_url/{place.name}"
    elif settings.workflow_server:
        found.absent.append("workflow")
    if passphrase and settings.passphrase_file:
        yield "passphrase_file", passphrase, "passphrase"
    if settings.ssh_folder is not None and settings.ssh_folder.is_dir():
        yield "ssh_folder", settings.ssh_folder, "named/ssh_folder"
    for setting in SETTINGS_WITH_FILES:
        named = getattr(settings, setting)
        if named is not None and named.is_file():
            yield setting, named, f"named/{setting}/{named.name}"


def _walk(folder: Path, prefix: str, skipped: set[Path], found: Content) -> None:
    for entry in sorted(os.scandir(folder), key=lambda e: e.name):
        place, path = Path(entry.path), f"{prefix}{entry.name}"
        if place in skipped:
            continue
        if not path.isprintable():
            raise InputError("a file has a name that cannot be written down", where=ascii(str(place)),
                do="give it another name, or remove it")  # fmt: skip
        if entry.is_symlink():
            raise InputError("a link lies in the state folder; backups hold none", where=str(place),
                do="remove it, or put in its place what it leads to; settings may name places elsewhere")  # fmt: skip
        if entry.is_dir():
            found.folders.append(Folder(path=path, mode=stat.S_IMODE(entry.stat().st_mode) & 0o777))
            _walk(place, f"{path}/", skipped, found)
        elif entry.is_file() and not _is_beside(place):  # sockets and pipes are of a process
            _add(found, path, place)


def _add(found: Content, path: str, place: Path) -> None:
    found.files[path] = place
    if _is_database(place):
        found.databases.add(path)


def _is_database(place: Path) -> bool:
    if place.with_name(f"{place.name}-wal").exists():
        return True  # its first page may be in there yet
    with place.open("rb") as file:
        return file.read(len(SQLITE_BEGINS)) == SQLITE_BEGINS


def _is_beside(place: Path) -> bool:
    return any(
        place.name.endswith(end)
        and (of := place.with_name(place.name.removesuffix(end))).is_file()
        and _is_database(of)
        for end in BESIDE
    )


def copy_of_database(place: Path) -> tuple[bytes, str]:
    """A database as a file's bytes, with what is in its write-ahead log; and the registry's schema, if it is one.

    Raises:
        RefusedError: it is damaged, or somebody writes for long.
    """
    try:
        with (
            closing(sqlite3.connect(f"{place.as_uri()}?mode=rw", uri=True, timeout=WAIT_S)) as source,
            closing(sqlite3.connect(":memory:")) as copy,
        ):
            source.backup(copy)
            if (said := copy.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
                raise sqlite3.DatabaseError(said)
            schema = ""
            if copy.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
                row = copy.execute("SELECT version_num FROM alembic_version").fetchone()
                schema = str(row[0]) if row else ""
            return copy.serialize(), schema
    except sqlite3.Error as exc:
        raise RefusedError(f"a database cannot be copied: {exc}", where=str(place),
            do="see what uses or damaged it; nothing was saved") from exc  # fmt: skip
