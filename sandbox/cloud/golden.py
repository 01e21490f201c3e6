"""The golden state: a cloud initialised once per lock and configuration, from which every new one is restored."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import tempfile
from pathlib import Path

from . import environment
from .cloud import Cloud
from .settings import Settings

HERE = Path(__file__).resolve().parent


def key() -> str:
    """Names the golden state: changes with the environment and with the code that initialises a cloud."""
    text = "".join((HERE / f).read_text() for f in ("configfiles.py", "catalog.py", "service/schema.py", "settings.py"))
    return hashlib.sha256((environment.key() + text).encode()).hexdigest()[:16]


def archive(cache: Path) -> Path:
    """Where the golden state of this version lives below the cache folder."""
    return cache / "golden" / f"{key()}.tar"


def ensure(cache: Path, base_port: int = 29000) -> Path:
    """The golden state, made now when it is not there (about 15 s; its Keystone uses `base_port` meanwhile)."""
    target = archive(cache)
    target.parent.mkdir(parents=True, exist_ok=True)
    with (target.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if target.is_file():
            return target
        work = Path(tempfile.mkdtemp(prefix="golden-", dir=target.parent))
        try:
            cloud = Cloud(Settings(work / "cloud", environment.folder(cache), base_port=base_port))
            cloud.init()
            cloud.snapshot(target)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return target
