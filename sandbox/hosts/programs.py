"""Running other programs to their end, and replacing files in one step."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any


class HostsError(RuntimeError):
    """Something that the operator can act on; the text says what."""


def run(
    *argv: object, input: str | None = None, check: bool = True, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end with its output captured as text; a failure carries that output."""
    words = [str(a) for a in argv]
    done = subprocess.run(
        words, input=input, stdin=subprocess.DEVNULL if input is None else None, text=True, capture_output=True, env=env
    )
    if check and done.returncode:
        said = (done.stderr or done.stdout).strip()[-2000:]
        raise HostsError(f"{' '.join(words[:6])} … exit {done.returncode}: {said}")
    return done


def discard(folder: Path) -> None:
    """Remove a folder of hosts, or of one; also logs in it that may only grow (LOG-16), where the disk keeps that."""
    for logs in ("up/var/log", "machines/*/up/var/log", "sandbox/hosts/machines/*/up/var/log"):
        for found in folder.glob(logs):
            run("chattr", "-R", "-f", "-a", "-i", found, check=False)
    shutil.rmtree(folder, ignore_errors=True)


def write_json(path: Path, value: Any) -> None:
    """Replace `path` in one step: a reader, or a crash, sees the old or the new text, never half."""
    write_text(path, json.dumps(value, indent=1, sort_keys=True) + "\n")


def write_text(path: Path, text: str, mode: int = 0o644) -> None:
    """Replace `path` in one step."""
    new = path.with_name(path.name + ".new")
    new.write_text(text)
    new.chmod(mode)
    os.replace(new, path)
