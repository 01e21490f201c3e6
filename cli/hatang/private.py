"""Files of hatang's own state: nobody else reads them, and a kill leaves the old one or the new one, never a half."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hatang.settings import Settings


def replace(file: Path, text: str, *, durable: bool = False, mode: int = 0o600) -> None:
    """Write `file` anew, mode 0600 from its first byte. Its folder is there. Raises OSError.

    Args:
        mode: for a file that others may read, once it is whole.
        durable: it is on the disk when this returns, and outlives a loss of power.
    """
    new = file.with_name(file.name + ".new")
    new.touch(mode=0o600)
    new.chmod(0o600)  # a run that was killed may have left it
    new.write_text(text, encoding="utf-8")
    new.chmod(mode)
    if durable:
        _to_disk(new)
    new.replace(file)
    if durable:
        _to_disk(file.parent)


@contextmanager
def run_folder(settings: Settings, kind: str, end: Callable[[Path], None] = lambda folder: None) -> Iterator[Path]:
    """A folder for one run of this kind, gone afterwards. What runs that were killed left goes before.

    Args:
        kind: letters alone; the folder is named after it and the process.
        end: called with each folder before it is removed.
    """
    runs = settings.state_dir / "runs"
    runs.mkdir(parents=True, exist_ok=True, mode=0o700)
    for old in runs.glob(f"{kind}-*"):
        if not Path("/proc", old.name.split("-")[1]).exists():
            end(old)
            shutil.rmtree(old, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{kind}-{os.getpid()}-", dir=runs))
    try:
        yield folder
    finally:
        end(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _to_disk(place: Path) -> None:
    opened = os.open(place, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def passphrase_file(settings: Settings) -> Path:
    """The file with the passphrase of the state's secrets and of the journal's keys; made once, mode 0600."""
    if settings.passphrase_file:
        return settings.passphrase_file
    file = settings.state_dir / "passphrase"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace(file, secrets.token_urlsafe(32))
    return file
