"""mypy's cache of this machine: a new clone begins with what was found in another, with the same lock files.

mypy looks at what a file holds where its place or time is another one, so nothing stale is taken for good. Without it,
the libraries alone take 40 s.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from contextlib import suppress
from pathlib import Path

from scripts.setup.places import LOCKS, ROOT, cache

OWN = ROOT / ".mypy_cache"
WORN_S = 24 * 3600  # then what lies beside it is nobody's any more


def shared() -> Path:
    """Where it is kept for these lock files."""
    found = hashlib.sha256()
    for lock in sorted(LOCKS.glob("*.txt")):
        found.update(lock.read_bytes())
    return cache() / "mypy" / found.hexdigest()[:16]


def bring() -> bool:
    """Begin with the machine's, if this clone has none; returns whether it had none."""
    if OWN.exists():
        return False
    with suppress(OSError):  # somebody else is just renewing it
        shutil.copytree(shared(), OWN)
    return True


def keep() -> None:
    """Leave this clone's to those that come; whoever copies meanwhile has the old one or the new one.

    Raises:
        OSError: there is no room for it, or another clone has just left its own.
    """
    place = shared()
    place.parent.mkdir(parents=True, exist_ok=True)
    new, old = (place.with_name(f"{place.name}.{kind}-{os.getpid()}") for kind in ("new", "old"))
    shutil.copytree(OWN, new)
    with suppress(FileNotFoundError):
        place.rename(old)
    new.rename(place)
    shutil.rmtree(old, ignore_errors=True)
    for other in place.parent.iterdir():  # of other lock files, and what a killed run left
        if other != place and other.stat().st_mtime < time.time() - WORN_S:
            shutil.rmtree(other, ignore_errors=True)
