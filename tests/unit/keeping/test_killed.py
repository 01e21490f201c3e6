"""A save or a restore that is killed, or finds no room, leaves nothing in the place of the whole, and is run again."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.unit.keeping.conftest import Place

LARGE = 8 << 20


@pytest.fixture
def large(place: Place) -> Place:
    """A state folder that takes a while."""
    (place.state / "log" / "large.log").write_bytes(os.urandom(LARGE))
    return place


def killed(place: Place, state: Path, verb: str, file: Path, size: int) -> bool:
    """Run, and kill it as soon as a file has that size. False: it was quicker, and ended well."""
    argv = [sys.executable, "-m", "hatang", "--state", str(state), "state", verb, str(place.backup)]
    child = subprocess.Popen([*argv, "--key-file", str(place.key)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    while child.poll() is None and not (file.exists() and file.stat().st_size >= size):
        time.sleep(0.0005)
    child.kill()
    _none, said = child.communicate()
    assert child.returncode in (0, -signal.SIGKILL), said
    return child.returncode != 0


def test_save(large: Place) -> None:
    part = large.backup.with_name(f".{large.backup.name}.hatang-part")
    for size in (1, LARGE // 2):
        while not killed(large, large.state, "save", part, size):
            large.backup.unlink()
        assert not large.backup.exists()
        assert part.stat().st_mode & 0o777 == 0o600
    large.save()
    assert list(large.backup.parent.iterdir()) == [large.backup]
    large.run("verify", large.backup, "--key-file", large.key)


def test_restore(large: Place, tmp_path: Path) -> None:
    large.save()
    new = tmp_path / "new"
    new.mkdir()
    side = tmp_path / ".new.hatang-restore"
    for size in (0, LARGE // 2):
        while not killed(large, new, "restore", side / "log" / "large.log", size):
            shutil.rmtree(new)
            new.mkdir()
        assert list(new.iterdir()) == []
    assert side.stat().st_mode & 0o7777 == 0o700
    (side / "left").symlink_to(large.state)
    large.restore(new)
    assert not side.exists()
    assert (new / "log" / "large.log").read_bytes() == (large.state / "log" / "large.log").read_bytes()
    assert not (new / "left").exists() and (large.state / "registry.db").exists()


def test_no_room(large: Place, tmp_path: Path) -> None:
    new = tmp_path / "new"

    def limited(verb: str) -> str:
        argv = [sys.executable, "-m", "hatang", "--state", str(new if verb == "restore" else large.state), "state"]
        done = subprocess.run(
            [*argv, verb, str(large.backup), "--key-file", str(large.key)], capture_output=True, text=True,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (LARGE // 4, LARGE // 4)),
        )  # fmt: skip
        assert done.returncode == 2, done.stderr
        return done.stderr

    assert "the backup cannot be written: File too large" in limited("save")
    assert list(large.backup.parent.iterdir()) == []
    large.save()
    before = sorted(tmp_path.iterdir())
    assert "the state folder cannot be made: File too large" in limited("restore")
    assert sorted(tmp_path.iterdir()) == before
