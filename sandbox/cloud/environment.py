"""The OpenStack virtual environment: built from the hashed lock file by uv, in the cache, keyed by what goes into it.

A virtual environment holds absolute paths, so it is built in its place; a stamp written last says that it is whole.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PACKAGE_ROOT = Path(__file__).resolve().parents[2]  # the checkout, or the installed package's parent
PYTHON = "3.11"  # the version for which the lock file was resolved and verified
DISTRIBUTION = Path("/usr/bin/python3.11")
STAMP = "complete"
PLUGINS = """\
[neutron.ml2.mechanism_drivers]
sandbox = hatang.sandbox.cloud.drivers.network:SandboxMechanismDriver

[octavia.api.drivers]
sandbox = hatang.sandbox.cloud.drivers.loadbalancer:SandboxProviderDriver
"""


def lock_file() -> Path:
    """The lock of the OpenStack services."""
    return PACKAGE_ROOT / "locks" / "openstack.txt"


def interpreter() -> str:
    """The distribution's own, which it keeps safe and has built for speed; where there is none, any that uv finds."""
    return str(DISTRIBUTION) if DISTRIBUTION.exists() else PYTHON


def key() -> str:
    """Names the environment: changes with the lock, the plug-ins and the interpreter."""
    return hashlib.sha256(lock_file().read_bytes() + PLUGINS.encode() + interpreter().encode()).hexdigest()[:16]


def folder(cache: Path) -> Path:
    """Where the environment of this lock lives below the cache folder."""
    return cache / "openstack" / key()


def is_built(venv: Path) -> bool:
    """Whether the environment is whole."""
    return (venv / STAMP).is_file()


def create_venv(venv: Path) -> None:
    """Install all pins and register our drivers, then compile everything to byte code. Nothing to do when it is whole.

    Raises:
        subprocess.CalledProcessError: a step failed; its output went to this process's stderr.
        RuntimeError: uv is not there.
    """
    if is_built(venv):
        return
    uv = shutil.which("uv")
    if not uv:
        raise RuntimeError("uv is not on PATH; make setup brings it")
    with _alone(venv):
        if is_built(venv):
            return
        shutil.rmtree(venv, ignore_errors=True)
        dropped = ("PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV", "PYTHONPATH")
        env = {k: v for k, v in os.environ.items() if k not in dropped}
        python = venv / "bin" / "python"
        subprocess.run([uv, "venv", "--quiet", "--python", interpreter(), venv], check=True, env=env)
        install: list[str | Path] = [uv, "pip", "install", "-q", "--python", python, "--no-deps", "--require-hashes"]
        subprocess.run([*install, "-r", lock_file()], check=True, env=env)
        _register_plugins(venv)
        compile_all(venv)
        (venv / STAMP).write_text(key() + "\n")


def _register_plugins(venv: Path) -> None:
    """Entry points of our drivers. Their code is found on PYTHONPATH, so that it is always that of the caller."""
    info = next((venv / "lib").glob("python3.*")) / "site-packages" / "hatang_sandbox_drivers-1.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: hatang-sandbox-drivers\nVersion: 1\n")
    (info / "entry_points.txt").write_text(PLUGINS)


def compile_all(venv: Path) -> None:
    """Without byte code every start compiles some 3000 modules again (PYTHONDONTWRITEBYTECODE keeps it so)."""
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    quiet = subprocess.DEVNULL  # a few template files do not compile
    python = str(venv / "bin" / "python")
    subprocess.run(
        [python, "-m", "compileall", "-q", "-j", "0", str(venv / "lib")], env=env, stdout=quiet, stderr=quiet
    )


@contextmanager
def _alone(venv: Path) -> Iterator[None]:
    venv.parent.mkdir(parents=True, exist_ok=True)
    with (venv.parent / f"{venv.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
