"""The Pulumi engine, the OpenStack provider and the policy analyzer: where they are (design.md, section 5).

Order: 1. `pulumi` of the pinned version on PATH with the released plugin; 2. what the offline bundle installed beside
hatang (ADR 0025); 3. both fetched by `make setup`; 4. both built by `make setup` from `toolchain/`. `make setup`
(scripts/setup) fills the cache; this module only looks.
Imports nothing but the standard library at the top: set-up reads it with the system's own Python.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from hatang.errors import MissingPartError

if TYPE_CHECKING:
    from hatang.settings import Settings

ENGINE_VERSION = "3.259.0"
PROVIDER_VERSION = "5.5.1"
ANALYZER = "pulumi-analyzer-policy-python"
STAMP = "toolchain.json"
PLUGIN = Path("plugins") / f"resource-openstack-v{PROVIDER_VERSION}" / "pulumi-resource-openstack"
SOURCES = Path(__file__).resolve().parents[3] / "toolchain"
INSTALLED = Path("share") / "hatang" / "toolchain"  # in the Python environment; scripts/bundle/install.py puts it there
IN_CLONE = SOURCES.is_dir()
REINSTALL = "run ./install of the offline bundle again"
REMEDY = "make setup" if IN_CLONE else REINSTALL
# The engine starts the analyzer by its name; ANALYZER_PYTHON says which interpreter has pulumi-policy. Unlike the
# provider, the analyzer does not see that its engine was killed: it would stay for ever, and keep the stack's lock.
# And it must end at once when the engine interrupts it: an orderly end takes a quarter of a second of every run.
ANALYZER_TEXT = """#!/bin/sh
command -v setpriv >/dev/null && dies="setpriv --pdeathsig KILL"
exec $dies "${ANALYZER_PYTHON:-python3}" -u -c 'import runpy, signal
signal.signal(signal.SIGINT, signal.SIG_DFL)
signal.signal(signal.SIGTERM, signal.SIG_DFL)
runpy.run_module("pulumi.policy", run_name="__main__", alter_sys=True)' "$@"
"""
NO_LOGS_TEXT = "A file on purpose: the engine makes no folder here, and so keeps no debugging logs (hatang).\n"


@dataclass(frozen=True)
class Toolchain:
    """What a run of the engine needs.

    Attributes:
        root: `PulumiCommand(root=…)`; `<root>/bin/pulumi` is the engine.
        home: PULUMI_HOME with the provider plugin.
        analyzer_dir: folder for PATH with the policy analyzer.
        origin: `path` (released, on PATH), `installed` (released, fetched) or `built` (from Go modules).
        is_bundled: whether it came with the offline bundle.
    """

    root: Path
    pulumi: Path
    home: Path
    analyzer_dir: Path
    origin: str
    engine_version: str = ENGINE_VERSION
    provider_version: str = PROVIDER_VERSION
    is_bundled: bool = False

    @property
    def plugin(self) -> Path:
        """The provider's executable."""
        return self.home / PLUGIN

    def variables(self, path: str) -> dict[str, str]:
        """Variables for the engine's process: home, analyzer and its interpreter first on `path`, nothing fetched."""
        return {
            "PULUMI_HOME": str(self.home),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "ANALYZER_PYTHON": sys.executable,
            "PATH": f"{self.pulumi.parent}:{self.analyzer_dir}:{path}",
        }


def find(settings: Settings) -> Toolchain:
    """The toolchain of this machine, in the order above.

    Raises:
        MissingPartError: there is none.
    """
    from hatang.settings import environment

    env = environment()
    there = on_path(env) or beside(Path(sys.prefix), settings.cache) or in_cache(settings.cache)
    if there is None:
        raise MissingPartError(
            f"neither a Pulumi engine {ENGINE_VERSION} nor its OpenStack provider {PROVIDER_VERSION} is here",
            where=f"PATH and {settings.cache / 'toolchain'}",
            do=REMEDY,
        )
    write_analyzer(settings.cache / "toolchain" / "analyzer" if there.origin == "path" else there.analyzer_dir)
    if there.origin == "path":
        return Toolchain(there.root, there.pulumi, there.home, settings.cache / "toolchain" / "analyzer", "path")
    keep_no_logs(there.home)
    return there


def on_path(env: Mapping[str, str]) -> Toolchain | None:
    """The released engine on PATH with the released plugin in PULUMI_HOME (~/.pulumi), when both have our versions."""
    found = shutil.which("pulumi", path=env.get("PATH"))
    if found is None:
        return None
    pulumi = Path(found)
    home = Path(env.get("PULUMI_HOME") or Path.home() / ".pulumi")
    if pulumi.parent.name != "bin" or not (home / PLUGIN).is_file() or engine_version(pulumi) != ENGINE_VERSION:
        return None
    return Toolchain(pulumi.parent.parent, pulumi, home, pulumi.parent, "path")


def in_cache(cache: Path) -> Toolchain | None:
    """What `make setup` put into the cache for these sources; without sources (a wheel), the newest of our versions."""
    pattern = f"{source_key()}-*" if IN_CLONE else "*"
    stamps = sorted((cache / "toolchain").glob(f"{pattern}/{STAMP}"), key=lambda p: p.stat().st_mtime, reverse=True)
    for stamp in stamps:
        if (found := _at(stamp.parent)) is not None:
            return found
    return None


def beside(prefix: Path, cache: Path) -> Toolchain | None:
    """What the offline bundle put into the Python environment `prefix`.

    The engine writes into its home, and whoever runs hatang may not write there: so everybody has a home of their own
    in the cache, with the plugins of the installation.
    """
    found = _at(prefix / INSTALLED) if (prefix / INSTALLED / STAMP).is_file() else None
    if found is None:
        return None
    base = cache / "toolchain"
    home = base / f"home-{hashlib.sha256(str(found.root).encode()).hexdigest()[:16]}"
    if not (home / "plugins").exists():
        for old in base.glob("home-*"):  # of installations that are no more
            if not (old / "plugins").exists():
                shutil.rmtree(old, ignore_errors=True)
        home.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):  # another process was quicker
            (home / "plugins").symlink_to(found.home / "plugins")
    return replace(found, home=home, is_bundled=True)


def _at(root: Path) -> Toolchain | None:
    """The toolchain in a folder with a stamp, when it is whole and of our versions."""
    facts = json.loads((root / STAMP).read_text())
    whole = (root / "bin" / "pulumi").is_file() and (root / "home" / PLUGIN).is_file()
    if not whole or (facts["engine_version"], facts["provider_version"]) != (ENGINE_VERSION, PROVIDER_VERSION):
        return None
    return Toolchain(root, root / "bin" / "pulumi", root / "home", root / "bin", facts["origin"])


def source_key(part: str = "") -> str:
    """Names the sources of both modules, or of one: changes with go.mod, go.sum, Go files and embedded schema."""
    digest = hashlib.sha256(f"{ENGINE_VERSION} {PROVIDER_VERSION}".encode())
    for file in sorted(SOURCES.glob(f"{part or '*'}/*")):
        if file.suffix in (".mod", ".sum", ".go", ".json"):
            digest.update(f"{file.relative_to(SOURCES)}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def engine_version(pulumi: Path) -> str:
    """Version of an engine without the leading v; empty when it does not run."""
    # Without a folder for its home it leaves none of its own in that of whoever asks.
    no_home = {"PULUMI_SKIP_UPDATE_CHECK": "true", "PULUMI_HOME": os.devnull, "PATH": "/usr/bin:/bin"}
    try:
        done = subprocess.run([pulumi, "version"], env=no_home, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip().removeprefix("v") if done.returncode == 0 else ""


def keep_no_logs(home: Path) -> None:
    """See that an engine with this home writes no debugging log of its own; what it wrote before is removed.

    It would for every run, with what each resource is made of: up to 500 MB for all tenancies in one place, the first
    part not encrypted, at a twentieth of its processor time. No setting turns that off; where no folder can be made it
    goes without. What the engine says of a run stands in hatang's own log of it.
    """
    logs = home / "logs"
    if logs.is_file():
        return
    old = home / f"logs.{os.getpid()}"
    with contextlib.suppress(OSError):  # there are none; another is quicker; neither we nor the engine may write here
        logs.rename(old)
    shutil.rmtree(old, ignore_errors=True)
    with contextlib.suppress(OSError), logs.open("x", encoding="utf-8") as file:
        file.write(NO_LOGS_TEXT)


def write_analyzer(folder: Path) -> None:
    """Put the policy analyzer into `folder`, unless it is there."""
    file = folder / ANALYZER
    if file.is_file() and file.read_text() == ANALYZER_TEXT:
        return
    folder.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(".new")
    new.write_text(ANALYZER_TEXT)
    new.chmod(0o755)
    new.replace(file)
