"""What workers on several machines must share, and the proof that this one does, before it takes work.

Shared: the state folder (plans, keys, the engine's salt, its passphrase and, by default, its state), and a file system
whose locks reach from machine to machine: the lock of a stack is what keeps two engines apart (`Engine.alone`).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from pathlib import Path

from hatang import private
from hatang.errors import SettingsError
from hatang.registry.leases import BEAT_S, LEASE_S
from hatang.registry.workers import Worker, Workers
from hatang.settings import Settings
from hatang.workflow.lock import locked

FILE = "shared-by-workers"
GUIDE = "docs/how-to/workers.md"


def require(settings: Settings, workers: Workers) -> None:
    """Can this machine open what the workers before it wrote? The first worker of a registry leaves the marks.

    Raises:
        SettingsError: state folder, engine back-end or passphrase are not those of the other workers.
    """
    if not settings.backend.startswith("file://"):
        raise SettingsError(f"back-end {settings.backend} is not a folder", where="HATANG_ENGINE_BACKEND",
            do=f"use file://FOLDER on a file system that all workers share ({GUIDE})")  # fmt: skip
    backend = Path(settings.backend.removeprefix("file://"))
    places = {"state folder": settings.state_dir / FILE, "engine's back-end": backend / FILE}

    def first() -> tuple[str, str]:
        mark = _read(places["state folder"]) or secrets.token_hex(16)
        for file in places.values():
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            private.replace(file, mark)
        return mark, _proof(settings, mark)

    mark, proof = workers.shared("state", first)
    for what, file in places.items():
        if (found := _read(file)) != mark:
            raise SettingsError(
                f"the {what} of this machine is not the one of the other workers: "
                + ("it bears another mark" if found else "their mark is not in it"),
                where=str(file),
                do=f"mount the folder that they use, and name it with --state or HATANG_STATE_DIR ({GUIDE})",
            )
    if not hmac.compare_digest(_proof(settings, mark), proof):
        raise SettingsError(
            "the passphrase of this machine does not open what the other workers wrote",
            where=str(settings.passphrase_file or settings.state_dir / "passphrase"),
            do=f"use their passphrase file: HATANG_PASSPHRASE_FILE, or the one in the shared state folder ({GUIDE})",
        )


def require_locks(settings: Settings, workers: Workers) -> None:
    """Do locks of the other workers hold here? Each keeps one as long as it lives.

    Raises:
        SettingsError: a lock that a living worker of another machine holds can be taken here.
    """
    for other in [w for w in workers.all() if w.state == "live"]:
        with locked(lock_file(settings, other.id)) as holder:
            if not holder and _still_beats(workers, other):
                raise SettingsError(
                    f"locks on files do not reach from machine to machine: that of worker {other.id} is free here",
                    where=str(lock_file(settings, other.id)),
                    do=f"mount the state folder with locks, NFS 4 without nolock and local_lock ({GUIDE})",
                )


def lock_file(settings: Settings, worker_id: str) -> Path:
    """The file that a worker holds locked as long as it lives."""
    return settings.state_dir / "lock" / f"worker-{worker_id}.lock"


def _still_beats(workers: Workers, other: Worker) -> bool:
    """Whether a worker whose lock is free lives all the same; one that was killed a moment ago does not."""
    begun, end = time.monotonic(), time.monotonic() + LEASE_S
    while time.monotonic() < end:
        time.sleep(BEAT_S / 5)
        now = next((w for w in workers.all() if w.id == other.id), None)
        if now is None or now.state != "live":
            return False
        if now.age_s < time.monotonic() - begun - 1:
            return True  # it has beaten since
    return False


def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8").strip() if file.is_file() else ""


def _proof(settings: Settings, mark: str) -> str:
    """Shows whether two know the same passphrase; guessing it from this costs as much as from the engine's state."""
    words = private.passphrase_file(settings).read_text(encoding="utf-8").strip().encode()
    return hashlib.scrypt(words, salt=mark.encode(), n=2**14, r=8, p=1, dklen=32).hex()
