"""The product's environment `.venv`, with the command `hatang` in it, and uv, which makes it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from . import places
from .runner import Log

STAMP = places.VENV / "hatang-setup"
TEXTS = places.ROOT / "cli" / "hatang" / "locale"


def uv() -> str | None:
    """A uv that runs: one on PATH, or our own. None: there is none yet."""
    for candidate in (shutil.which("uv"), str(places.uv_venv() / "bin" / "uv")):
        if candidate and Path(candidate).exists():
            return candidate
    return None


def install_uv(log: Log) -> None:
    """Bring the pinned uv from the Python package registry into an environment of its own."""
    folder = places.uv_venv()
    work = folder.with_name(folder.name + ".new")
    shutil.rmtree(work, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)
    log.run(sys.executable, "-m", "venv", work)
    log.run(
        work / "bin" / "python", "-m", "pip", "install", "--no-deps", "--require-hashes", "-r", places.LOCKS / "uv.txt"
    )
    work.rename(folder)


def key() -> str:
    """Names the environment: changes with the locks, the package's own metadata, its place and the Python it is of."""
    digest = hashlib.sha256(f"{places.ROOT} {sys.version_info[:2]} {sys.base_prefix}".encode())
    for name in ("product.txt", "build.txt"):
        digest.update((places.LOCKS / name).read_bytes())
    metadata = tomllib.loads((places.ROOT / "pyproject.toml").read_text())
    digest.update(json.dumps([metadata["build-system"], metadata["project"]], sort_keys=True).encode())
    return digest.hexdigest()


def is_done() -> bool:
    """Whether the environment is that of these locks."""
    return STAMP.is_file() and STAMP.read_text() == key() and (places.VENV / "bin" / "hatang").is_file()


def build(log: Log) -> None:
    """Make or renew `.venv`: all pins by hash, the package itself editable, everything as byte code."""
    tool = uv()
    assert tool is not None, "the step before brought it"
    STAMP.unlink(missing_ok=True)
    if not _is_usable():
        shutil.rmtree(places.VENV, ignore_errors=True)
        log.run(tool, "venv", "--python", sys.executable, places.VENV)
    pip = [tool, "pip"]
    to = ["--python", places.PYTHON]
    log.run(
        *pip,
        "sync",
        *to,
        "--require-hashes",
        "--compile-bytecode",
        places.LOCKS / "product.txt",
        places.LOCKS / "build.txt",
    )
    log.run(*pip, "install", *to, "--no-deps", "--no-build-isolation", "--offline", "-e", places.ROOT)
    log.run(places.PYTHON, "-m", "compileall", "-q", "-j", "2", places.ROOT / "cli", places.ROOT / "sandbox")
    STAMP.write_text(key())


def _is_usable() -> bool:
    """Whether `.venv` has the interpreter that runs this."""
    if not places.PYTHON.exists():
        return False
    say = "import sys; print(sys.version_info[:2], sys.base_prefix)"
    done = subprocess.run([places.PYTHON, "-c", say], capture_output=True, text=True)
    return done.stdout.strip() == f"{sys.version_info[:2]} {sys.base_prefix}"


def texts_are_compiled() -> bool:
    """Whether each catalogue of texts is compiled and not older than its source."""
    return all(po.with_suffix(".mo").is_file() and po.with_suffix(".mo").stat().st_mtime >= po.stat().st_mtime
               for po in TEXTS.glob("*.po"))  # fmt: skip


def compile_texts(log: Log) -> None:
    """Compile the Vietnamese texts."""
    for po in TEXTS.glob("*.po"):
        new = po.with_suffix(f".mo.{os.getpid()}")
        log.run(places.PYTHON, "-m", "babel.messages.frontend", "compile", "-i", po, "-o", new)
        new.replace(po.with_suffix(".mo"))
