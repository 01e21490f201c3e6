"""Where set-up reads and writes. Standard library only."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCKS = ROOT / "locks"
LOGS = ROOT / ".hatang" / "log"

if str(ROOT / "cli") not in sys.path:  # parts of the package that need the standard library only
    sys.path.insert(0, str(ROOT / "cli"))


def cache() -> Path:
    """The product's cache folder; the same rule as hatang.settings."""
    if given := os.environ.get("HATANG_CACHE_DIR"):
        return Path(given).expanduser().absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").absolute() / "hatang"


def environment(**more: str) -> dict[str, str]:
    """Variables of a child process: uv is on PATH, no other environment leaks in, build requirements are pinned."""
    dropped = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE")
    env = {k: v for k, v in os.environ.items() if k not in dropped}
    path = f"{uv_venv() / 'bin'}{os.pathsep}{env.get('PATH', os.defpath)}"
    return env | {"PATH": path, "UV_BUILD_CONSTRAINT": str(LOCKS / "build.txt"), "UV_NO_PROGRESS": "1"} | more


def uv_venv() -> Path:
    """Where our own uv goes when the machine has none."""
    import hashlib

    return cache() / "uv" / hashlib.sha256((LOCKS / "uv.txt").read_bytes()).hexdigest()[:16]
