"""What a bundle holds: each file's name in it, and its manifest."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import sys
import sysconfig
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scripts.setup import places
from scripts.setup.runner import StepFailed

# below places: that puts cli/ on the path
import hatang  # isort: skip
from hatang import digests  # isort: skip
from hatang.provision import toolchain  # isort: skip

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
VERSION = hatang.__version__
STAMP = toolchain.STAMP
PLATFORM = sysconfig.get_platform()
BY_NAME = {"manylinux1": (2, 5), "manylinux2010": (2, 12), "manylinux2014": (2, 17)}
BY_NUMBER = re.compile(r"manylinux_(\d+)_(\d+)_")
BYTE_CODE = 2.0  # sources and their byte code take this much more than the wheels' unpacked files

Source = Path | bytes


def digest(source: Source) -> str:
    """SHA-256 of a file or of a text."""
    if isinstance(source, bytes):
        return hashlib.sha256(source).hexdigest()
    return digests.of_file(source)


def tools() -> toolchain.Toolchain:
    """Engine and provider of this machine. Raises StepFailed: there are none."""
    found = toolchain.on_path(os.environ) or toolchain.in_cache(places.cache())
    if found is None:
        raise StepFailed("neither engine nor provider is here; make setup brings them")
    return found


def of_toolchain(found: toolchain.Toolchain) -> dict[str, Source]:
    """Engine, provider and analyzer as `hatang.provision.toolchain` looks for them; nothing that runs left there."""
    stamp = found.root / toolchain.STAMP
    facts: dict[str, str] = json.loads(stamp.read_text()) if stamp.is_file() else {}
    facts |= {"engine_version": found.engine_version, "provider_version": found.provider_version,
              "origin": "built" if found.origin == "built" else "installed"}  # fmt: skip
    files: dict[str, Source] = {
        "bin/pulumi": found.pulumi, f"bin/{toolchain.ANALYZER}": toolchain.ANALYZER_TEXT.encode(),
        toolchain.STAMP: json.dumps(facts, indent=1, sort_keys=True).encode() + b"\n",
    }  # fmt: skip
    for file in sorted(found.plugin.parent.rglob("*")):
        if file.is_file():
            files[f"home/{toolchain.PLUGIN.parent / file.relative_to(found.plugin.parent)}"] = file
    return files


def libc_needed(wheels: Sequence[Path]) -> str:
    """The oldest glibc on which all of these wheels run: each by the oldest of its tags, built ones by ours."""
    needed = [(2, 0)]
    for wheel in wheels:
        tags = wheel.stem.rpartition("-")[2]
        numbers = [(int(a), int(b)) for a, b in BY_NUMBER.findall(tags + "_")]
        numbers += [v for name, v in BY_NAME.items() if any(t.startswith(f"{name}_") for t in tags.split("."))]
        if numbers:
            needed.append(min(numbers))
        elif tags != "any":
            major, minor = platform.libc_ver()[1].split(".")[:2]
            needed.append((int(major), int(minor)))
    return ".".join(map(str, max(needed)))


def requirements(wheels: Sequence[Path]) -> bytes:
    """Every wheel by its version and its hash: the lock of exactly these files."""
    lines = []
    for wheel in sorted(wheels):
        name, version = wheel.name.split("-")[:2]
        lines.append(f"{name.replace('_', '-').lower()}=={version} --hash=sha256:{digest(wheel)}\n")
    return "".join(lines).encode()


def manifest(wheels: Sequence[Path], programs: Sequence[Source], commit: str, altered: bool) -> dict[str, Any]:
    """What this bundle is, and what the machine must be on which it is installed."""
    size = 0
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            size += sum(info.file_size for info in archive.infolist())
    fixed = sum(p.stat().st_size for p in programs if isinstance(p, Path))
    return {
        "schema": "hatang.bundle/1", "version": VERSION, "commit": commit, "altered": altered,
        "python": PYTHON, "implementation": sys.implementation.name, "platform": PLATFORM,
        "glibc": libc_needed(wheels), "engine": toolchain.ENGINE_VERSION, "provider": toolchain.PROVIDER_VERSION,
        "packages": len(wheels), "disk_mib": int((size * BYTE_CODE + fixed) / 2**20) + 1,
    }  # fmt: skip
