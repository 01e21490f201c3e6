"""One file of all: the same bytes for the same commit, locks and toolchain."""

from __future__ import annotations

import functools
import gzip
import io
import json
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

from scripts.setup import places
from scripts.setup.runner import Log

from . import content, parts
from .content import Source

INSTALLER = Path(__file__).with_name("install.py")
READABLE = ("README.md", "README.vi.md", "docs", "inventories")
LEVEL = 6


def name() -> str:
    """Of the folder in the file, and of the file without its ending."""
    return f"hatang-{content.VERSION}-offline"


def delivered() -> Path:
    """The file for the reader's hand."""
    return places.ROOT / "dist" / f"{name()}.tar.gz"


def sum_file() -> Path:
    """Its SHA-256 beside it, for `sha256sum --check`."""
    return delivered().with_name(delivered().name + ".sha256")


@functools.cache
def commit() -> tuple[str, bool]:
    """The commit, and whether tracked files are not as in it."""

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=places.ROOT, capture_output=True, text=True).stdout.strip()

    return git("rev-parse", "HEAD"), bool(git("status", "--porcelain", "--untracked-files=no"))


def packed() -> Path:
    """The file in the cache."""
    stamp = content.of_toolchain(content.tools())[content.STAMP]
    assert isinstance(stamp, bytes)
    tree = parts.tree_key(*READABLE, "scripts/bundle")
    made_from = parts.key(
        commit()[0], str(commit()[1]), tree, parts.own().name, parts.wheels().name, parts.UV.read_bytes(), stamp
    )
    return parts.base() / "packed" / made_from / f"{name()}.tar.gz"


def is_packed() -> bool:
    """Whether it is there."""
    return packed().is_file()


def make(log: Log) -> None:
    """Write it under another name, then give it its own."""
    files = _files()
    for file, source in files.items():
        log.write(f"{file} {len(source) if isinstance(source, bytes) else source.stat().st_size}")
    target = packed()
    target.parent.mkdir(parents=True, exist_ok=True)
    new = target.with_name(f"{target.name}.new")
    with (new.open("wb") as raw, gzip.GzipFile("", "wb", LEVEL, raw, mtime=0) as stream,
          tarfile.open(fileobj=stream, mode="w") as archive):  # fmt: skip
        for file, source in sorted(files.items()):
            _add(archive, f"{name()}/{file}", source)
    target.with_suffix(".sum").write_text(content.digest(new))
    new.replace(target)
    parts.prune(target.parent.parent)


def is_delivered() -> bool:
    """Whether the file in `dist` is this one."""
    file, kept = delivered(), packed()
    sums = kept.with_suffix(".sum")
    return (file.is_file() and sum_file().is_file() and sums.is_file() and sum_file().read_text() == _sum_line(sums)
            and file.stat().st_size == kept.stat().st_size)  # fmt: skip


def deliver(log: Log) -> None:
    """Copy it, its sum last."""
    delivered().parent.mkdir(exist_ok=True)
    sum_file().unlink(missing_ok=True)
    new = delivered().with_name(delivered().name + ".new")
    shutil.copyfile(packed(), new)
    new.replace(delivered())
    sum_file().write_text(_sum_line(packed().with_suffix(".sum")))


def _sum_line(sums: Path) -> str:
    return f"{sums.read_text()}  {delivered().name}\n"


def _files() -> dict[str, Source]:
    """All files, with their sums."""
    wheels = sorted([*parts.wheels().glob("*.whl"), *parts.own().glob("*.whl")])
    programs: dict[str, Source] = {"tools/uv": parts.tools() / "bin" / "uv"}
    programs |= {f"toolchain/{file}": source for file, source in content.of_toolchain(content.tools()).items()}
    facts = content.manifest(wheels, list(programs.values()), *commit())
    files: dict[str, Source] = {
        "install": INSTALLER, "requirements.txt": content.requirements(wheels),
        "bundle.json": json.dumps(facts, indent=1).encode() + b"\n",
    }  # fmt: skip
    files |= {f"wheels/{wheel.name}": wheel for wheel in wheels} | programs
    files |= {f"share/{file.relative_to(places.ROOT)}": file for file in parts.tracked(*READABLE)}
    sums = [f"{content.digest(source)}  {file}\n" for file, source in sorted(files.items())]
    return files | {"SHA256SUMS": "".join(sums).encode()}


def _add(archive: tarfile.TarFile, file: str, source: Source) -> None:
    """One file without owner and time."""
    info = tarfile.TarInfo(file)
    runs = file.endswith("/install") or "/toolchain/bin/" in file
    runs = runs or (isinstance(source, Path) and os.access(source, os.X_OK))
    info.mode = 0o755 if runs else 0o644
    with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as stream:
        info.size = stream.seek(0, os.SEEK_END)
        stream.seek(0)
        archive.addfile(info, stream)
