"""The slow parts of a bundle, each in a cache folder named by what it is made from and there only when it is whole."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from scripts.setup import places
from scripts.setup.runner import Log, StepFailed

from .content import PLATFORM, PYTHON

OF_WHEEL = ("cli", "stacks", "roles", "policies", "sandbox", "pyproject.toml", "README.md")
RUNTIME = places.LOCKS / "runtime.txt"
BUILD = places.LOCKS / "build.txt"
UV = places.LOCKS / "uv.txt"
KEPT = 3  # versions of a part that stay in the cache


def base() -> Path:
    """Cache folder of all bundles."""
    return places.cache() / "bundle"


def key(*parts: str | bytes) -> str:
    """A short name for what something is made from."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()[:16]


def tracked(*tops: str) -> list[Path]:
    """Files under version control that are here. Raises StepFailed outside a clone."""
    argv = ["git", "ls-files", "-z", "--", *tops]
    done = subprocess.run(argv, cwd=places.ROOT, capture_output=True, text=True)
    if done.returncode:
        raise StepFailed(f"git ls-files: {done.stderr.strip()}")
    found = [places.ROOT / name for name in done.stdout.split("\0") if name]
    return [file for file in found if file.is_file() or file.is_symlink()]


@functools.cache
def tree_key(*tops: str) -> str:
    """Names the content of tracked files, altered ones as they are."""
    facts: list[str | bytes] = []
    for file in tracked(*tops):
        facts += [str(file.relative_to(places.ROOT)), str(file.readlink()) if file.is_symlink() else file.read_bytes()]
    return key(*facts)


def tools() -> Path:
    """Environment with pip, uv and what builds wheels."""
    python = str(Path(sys.executable).resolve())  # not that of one clone
    return base() / "tools" / key(BUILD.read_bytes(), UV.read_bytes(), sys.version, python)


def tools_are_done() -> bool:
    """Whether the environment is there and its interpreter still is."""
    return (tools() / "bin" / "uv").is_file() and (tools() / "bin" / "python").exists()


def make_tools(log: Log) -> None:
    """From the locks, by hash. pip comes with Python; uv's environments have none."""
    folder = tools()
    shutil.rmtree(folder, ignore_errors=True)
    log.run(sys.executable, "-m", "venv", folder)
    # uv last: it is the sign that all is there
    for lock in (BUILD, UV):
        log.run(*_pip(), "install", "--no-deps", "--require-hashes", "-r", lock)


def wheels() -> Path:
    """The wheels of all packages that hatang needs."""
    return base() / "wheels" / key(RUNTIME.read_bytes(), BUILD.read_bytes(), PYTHON, PLATFORM)


def wheels_are_done() -> bool:
    """Whether they are there."""
    return wheels().is_dir()


def make_wheels(log: Log) -> None:
    """Fetch them, build those that come as sources only; pip compares every file with the lock."""
    with _whole(wheels()) as work:
        log.run(*_pip(), "wheel", "--no-deps", "--no-build-isolation", "--require-hashes", "-r", RUNTIME, "-w", work)


def own() -> Path:
    """The folder with the wheel of hatang."""
    return base() / "own" / key(tree_key(*OF_WHEEL), BUILD.read_bytes())


def own_is_done() -> bool:
    """Whether it is there."""
    return own().is_dir()


def make_own(log: Log) -> None:
    """Build it from tracked files and the compiled texts alone: what lies about in a clone is not for others."""
    source = own().with_name(f".source-{os.getpid()}")
    shutil.rmtree(source, ignore_errors=True)
    try:
        texts = sorted((places.ROOT / "cli" / "hatang" / "locale").glob("*.mo"))
        for file in [*tracked(*OF_WHEEL), *texts]:
            copy = source / file.relative_to(places.ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, copy, follow_symlinks=False)
        with _whole(own()) as work:
            log.run(*_pip(), "wheel", "--no-deps", "--no-build-isolation", "--no-index", source, "-w", work)
    finally:
        shutil.rmtree(source, ignore_errors=True)
    prune(own().parent)


def prune(folder: Path) -> None:
    """Leave the newest versions of a part only."""
    made = sorted((p for p in folder.iterdir() if not p.name.startswith(".")), key=lambda p: p.stat().st_mtime)
    for old in made[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)


def _pip() -> list[object]:
    return [tools() / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "--no-input"]


@contextlib.contextmanager
def _whole(folder: Path) -> Iterator[Path]:
    """A work folder that takes its name when nothing went wrong."""
    for left in folder.parent.glob(".new-*"):  # of a run that was killed; one runs at a time
        shutil.rmtree(left, ignore_errors=True)
    work = folder.with_name(f".new-{os.getpid()}")
    work.mkdir(parents=True)
    try:
        yield work
        shutil.rmtree(folder, ignore_errors=True)
        work.rename(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)
