"""Gets the Pulumi engine and the OpenStack provider: fetched where the Internet is, else built with Go."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from . import places
from .runner import Log, StepFailed

# below places: that puts cli/ on the path
from hatang.provision import toolchain as parts  # isort: skip

RELEASES = "https://get.pulumi.com/"
PROBE_S = 4
FETCH_S = 600
ENGINE_PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"


def is_done() -> bool:
    """Whether engine and provider are here, on PATH or in the cache."""
    return parts.on_path(os.environ) is not None or parts.in_cache(places.cache()) is not None


def can_fetch() -> bool:
    """Whether Pulumi's own releases can be reached; decided within seconds."""
    request = urllib.request.Request(RELEASES, method="HEAD")
    try:
        with urllib.request.urlopen(request, timeout=PROBE_S) as answer:  # noqa: S310 - a fixed https address
            return bool(answer.status < 400)
    except (urllib.error.URLError, OSError, ValueError):
        return False


def obtain(log: Log) -> None:
    """Fetch both, or build both. One at a time on this machine; a folder appears only when it is whole."""
    base = places.cache() / "toolchain"
    base.mkdir(parents=True, exist_ok=True)
    with _alone(base / "lock"):
        if is_done():
            return
        if can_fetch():
            try:
                _publish(base, "installed", "released", _fetch, log)
                return
            except StepFailed as exc:
                log.write(f"could not be fetched ({exc}); building instead")
        _publish(base, "built", _go_version(), _build, log)


def _publish(base: Path, origin: str, name: str, make: object, log: Log) -> None:
    """Let `make` fill a work folder, then rename it to its final name."""
    assert callable(make)
    key = parts.source_key()
    work = base / f".{key}-{origin}-{os.getpid()}"
    shutil.rmtree(work, ignore_errors=True)
    try:
        (work / "bin").mkdir(parents=True)
        make(work, log)
        parts.write_analyzer(work / "bin")
        found = parts.engine_version(work / "bin" / "pulumi")
        if found != parts.ENGINE_VERSION:
            raise StepFailed(f"the engine says that it is version {found or 'none'}, not {parts.ENGINE_VERSION}")
        facts = {
            "origin": origin, "engine_version": parts.ENGINE_VERSION, "provider_version": parts.PROVIDER_VERSION,
            "engine_key": parts.source_key("engine"), "provider_key": parts.source_key("provider"), "made_with": name,
        }  # fmt: skip
        (work / parts.STAMP).write_text(json.dumps(facts, indent=1))
        final = base / f"{key}-{name}"
        shutil.rmtree(final, ignore_errors=True)
        work.rename(final)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _fetch(work: Path, log: Log) -> None:
    """The released engine and plugin, with the Automation API's own installer."""
    code = (
        "import sys, semver; from pulumi.automation import PulumiCommand; "
        "PulumiCommand.install(root=sys.argv[1], version=semver.VersionInfo.parse(sys.argv[2]))"
    )
    log.run(places.PYTHON, "-c", code, work, parts.ENGINE_VERSION, timeout_s=FETCH_S)
    env = places.environment(PULUMI_HOME=str(work / "home"), PULUMI_SKIP_UPDATE_CHECK="true")
    plugin = ("plugin", "install", "resource", "openstack", parts.PROVIDER_VERSION)
    log.run(work / "bin" / "pulumi", *plugin, env=env, timeout_s=FETCH_S)


def _build(work: Path, log: Log) -> None:
    """Both from Go modules; an engine of the same sources that an earlier build left is taken over."""
    env = places.environment(CGO_ENABLED="0")
    build = ("go", "build", "-mod=readonly", "-buildvcs=false", "-trimpath", "-tags")
    engine, plugin = work / "bin" / "pulumi", work / "home" / parts.PLUGIN
    plugin.parent.mkdir(parents=True)
    if (old := _earlier("engine")) is not None:
        log.write(f"engine: as in {old}")
        shutil.copy2(old / "bin" / "pulumi", engine)
    else:
        flags = f"-s -w -X {VERSION_VARIABLE}=v{parts.ENGINE_VERSION}"
        log.run(*build, "osusergo,grpcnotrace", "-ldflags", flags, "-o", engine, ENGINE_PACKAGE,
                cwd=parts.SOURCES / "engine", env=env)  # fmt: skip
    if (old := _earlier("provider")) is not None:
        log.write(f"provider: as in {old}")
        shutil.copy2(old / "home" / parts.PLUGIN, plugin)
    else:
        flags = f"-s -w -X main.version={parts.PROVIDER_VERSION}"
        log.run(*build, "grpcnotrace", "-ldflags", flags, "-modfile", _changed(work, env), "-o", plugin, ".",
                cwd=parts.SOURCES / "provider", env=env)  # fmt: skip
        shutil.rmtree(work / "module")


def _changed(work: Path, env: dict[str, str]) -> Path:
    """A go.mod like the provider's, but for lines of two of its modules, which are built differently (ADR 0023)."""
    folder, own = parts.SOURCES / "provider", work / "module"
    own.mkdir()
    for name in ("go.mod", "go.sum"):
        shutil.copyfile(folder / name, own / name)
    for number, wanted in enumerate(json.loads((folder / "changed-lines.json").read_text())):
        copy = own / str(number)
        _copy_changed(_module(wanted["module"], folder, env), copy, wanted)
        edit = ["go", "mod", "edit", f"-replace={wanted['module']}={copy}", str(own / "go.mod")]
        subprocess.run(edit, cwd=folder, env=env, check=True, timeout=FETCH_S)
    return own / "go.mod"


def _module(name: str, folder: Path, env: dict[str, str]) -> Path:
    """Where Go keeps a module."""
    argv = ["go", "mod", "download", "-json", name]
    done = subprocess.run(argv, cwd=folder, env=env, capture_output=True, text=True, timeout=FETCH_S)
    if done.returncode:
        raise StepFailed(f"{name} cannot be had: {(done.stderr or done.stdout).strip()[-300:]}")
    return Path(json.loads(done.stdout)["Dir"])


def _copy_changed(there: Path, copy: Path, wanted: dict[str, str]) -> None:
    """A copy of a module, in which one line is another. Raises StepFailed when the line is not there once."""
    text = (there / wanted["file"]).read_text()
    if text.count(wanted["from"]) != 1:
        raise StepFailed(
            f"{wanted['file']} does not hold '{wanted['from']}' once; see toolchain/provider/changed-lines.json"
        )
    shutil.copytree(there, copy, copy_function=shutil.copyfile)
    for made in (copy, *copy.rglob("*")):  # folders in Go's cache are read-only
        made.chmod(0o755 if made.is_dir() else 0o644)
    (copy / wanted["file"]).write_text(text.replace(wanted["from"], wanted["to"]))


def _earlier(part: str) -> Path | None:
    """A finished build of the same sources of one part by the same Go."""
    key, go = parts.source_key(part), _go_version()
    for stamp in (places.cache() / "toolchain").glob(f"*/{parts.STAMP}"):
        facts = json.loads(stamp.read_text())
        if facts.get("origin") == "built" and facts.get(f"{part}_key") == key and facts.get("made_with") == go:
            return stamp.parent
    return None


def _go_version() -> str:
    """E.g. go1.26.8. Raises StepFailed when there is no Go."""
    try:
        done = subprocess.run(
            ["go", "env", "GOVERSION"],
            cwd=parts.SOURCES / "engine",
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as exc:
        raise StepFailed("Go is not on PATH; install Go 1.25 or newer") from exc
    return done.stdout.strip()


@contextlib.contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
