"""The offline bundle on a machine without network, clone and cache: installed, used, upgraded, killed, refused."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from scripts.setup import places

from tests.integration.bundle.machine import Machine, changed, listing, unpack

pytestmark = [
    pytest.mark.turn("engine", "bundle"),
    pytest.mark.skipif(os.geteuid() != 0, reason="a machine without network is a namespace; that needs root"),
]
HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def base() -> Iterator[Path]:
    """A folder that everybody may read, unlike those of pytest."""
    folder = Path(tempfile.mkdtemp(prefix="hatang-bundle-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def bundle(base: Path) -> Path:
    """The bundle of this clone, unpacked."""
    argv = [sys.executable, "-m", "scripts.bundle"]
    done = subprocess.run(argv, cwd=places.ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    sum_, name = done.stdout.split()
    subprocess.run(["sha256sum", "--check", "--quiet", f"{name}.sha256"], cwd=places.ROOT / "dist", check=True)
    assert len(sum_) == 64
    return unpack(places.ROOT / "dist" / name, base / "unpacked")


@pytest.fixture(scope="module")
def machine(base: Path) -> Machine:
    """The machine."""
    return Machine(base)


@pytest.fixture(scope="module")
def prefix(bundle: Path, machine: Machine) -> Path:
    """Where the bundle is installed."""
    place = machine.base / "opt" / "hatang"
    done = machine.install(bundle, place)
    assert done.returncode == 0, done.stderr
    assert f"{place / 'bin' / 'hatang'} doctor" in done.stdout
    return place


def _in_use(prefix: Path) -> str:
    return (prefix / "current").readlink().name


def _parts(machine: Machine, prefix: Path) -> dict[str, Any]:
    done = machine.run(prefix / "bin" / "hatang", "doctor", "--output", "json")
    report = json.loads(done.stdout)
    assert report["ok"], report["lacking"]
    return {p["name"]: p for p in report["parts"]}


def test_the_machine_has_no_network_and_no_clone(machine: Machine) -> None:
    assert machine.run("ls", places.ROOT).stdout == ""
    reached = "import socket; socket.create_connection(('192.0.2.1', 443), 5)"
    assert "unreachable" in machine.run(machine.python, "-c", reached).stderr


def test_somebody_without_rights_runs_the_installed_command(machine: Machine, prefix: Path) -> None:
    command = prefix / "bin" / "hatang"
    assert machine.run(command, "--version").stdout == "hatang, version 0.1.0\n"
    controls = json.loads(machine.run(command, "control", "list", "--output", "json").stdout)
    assert len(controls["controls"]) == 187
    assert "Cấp phát" in machine.run(command, "--lang", "vi", "--help").stdout, "the Vietnamese texts are in the wheel"


def test_doctor_finds_engine_and_provider_of_the_bundle(machine: Machine, prefix: Path) -> None:
    parts = _parts(machine, prefix)
    for name in ("engine", "provider", "policy-analyzer", "engine-python", "ansible", "mitogen", "workflows"):
        assert parts[name]["state"] == "real", parts[name]
    assert "offline bundle" in parts["engine"]["detail"]
    assert str(prefix) in parts["engine"]["detail"]
    assert "the offline bundle brings no sandbox" in parts["openstack-environment"]["remedy"]


def test_engine_and_provider_plan_the_landing(machine: Machine, prefix: Path) -> None:
    before = listing(prefix)
    script = machine.base / "preview.py"
    shutil.copy(HERE / "preview.py", script)
    site = prefix / "current" / "share" / "hatang" / "inventories" / "example" / "site.yaml"
    done = machine.run(prefix / "current" / "bin" / "python", script, machine.home / "state", site)
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout.splitlines()[-1])
    assert Path(made["plugin"]).is_relative_to(prefix)
    assert "openstack:networking/network:Network" in made["kinds"]
    assert len(made["kinds"]) > 20
    assert listing(prefix) == before, "the engine writes elsewhere"


def test_ansible_starts(machine: Machine, prefix: Path) -> None:
    words = ("localhost", "-m", "ping")
    done = machine.run(prefix / "current" / "bin" / "ansible", *words, ANSIBLE_REMOTE_TEMP=machine.home / "ansible")
    assert "pong" in done.stdout, done.stderr


def test_installed_again_it_finds_nothing_to_do(machine: Machine, bundle: Path, prefix: Path) -> None:
    before = listing(prefix / "releases" / _in_use(prefix) / "lib")
    done = machine.install(bundle, prefix)
    assert done.returncode == 0, done.stderr
    assert listing(prefix / "releases" / _in_use(prefix) / "lib") == before


def _altered(bundle: Path, to: Path) -> Path:
    made = changed(bundle, to)
    (made / "requirements.txt").unlink()
    (made / "requirements.txt").write_text("hatang\n")
    return made


def _lacking(bundle: Path, to: Path) -> Path:
    made = changed(bundle, to)
    next((made / "wheels").glob("ansible_core-*")).unlink()
    return made


WRONG: dict[str, tuple[Callable[[Path, Path], Path], str, str]] = {
    "altered file": (_altered, "new", "a file of the bundle was altered"),
    "missing wheel": (_lacking, "new", "a file of the bundle is missing"),
    "other Python": (lambda b, to: changed(b, to, python="3.99"), "new", "the bundle is for Python 3.99"),
    "other platform": (lambda b, to: changed(b, to, platform="linux-s390x"), "new", "the bundle is for linux-s390x"),
    "old libc": (lambda b, to: changed(b, to, glibc="2.99"), "new", "glibc 2.99 or newer is needed"),
    "no room": (lambda b, to: changed(b, to, disk_mib=1 << 30), "new", "MiB are needed"),
    "prefix is a file": (lambda b, to: b, "file", "it is not a folder"),
    "prefix is something else": (lambda b, to: b, "home", "the folder holds something else: notes.txt"),
    "prefix below a file": (lambda b, to: b, "file/below", ""),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told_and_nothing_changes(name: str, machine: Machine, bundle: Path) -> None:
    make, place, text = WRONG[name]
    folder = machine.base / "wrong"
    folder.mkdir()
    try:
        (folder / "home").mkdir()
        (folder / "home" / "notes.txt").touch()
        (folder / "file").touch()
        made = make(bundle, machine.base / "wrong-bundle")
        before = listing(folder)
        done = machine.install(made, folder / place)
        assert done.returncode == 2, done.stderr
        assert text in done.stderr
        assert "\n  do:" in done.stderr
        assert listing(folder) == before, "nothing changed"
    finally:
        shutil.rmtree(folder)
        shutil.rmtree(machine.base / "wrong-bundle", ignore_errors=True)


def test_who_may_not_write_there_is_told(machine: Machine, bundle: Path) -> None:
    if not machine.user:
        pytest.skip("the interpreter lies where only root may read")
    done = machine.install(bundle, machine.base / "mine", "--lang", "vi", root=False)
    assert done.returncode == 2
    assert "không có quyền ghi" in done.stderr
    assert not (machine.base / "mine").exists()


def test_an_upgrade_that_fails_leaves_the_old_one_whole(machine: Machine, bundle: Path, prefix: Path) -> None:
    before, used = listing(prefix / "releases"), _in_use(prefix)
    wheel = next((bundle / "wheels").glob("click-*"))
    made = changed(bundle, machine.base / "no-click", f"wheels/{wheel.name}", version="0.2.0")
    done = machine.install(made, prefix)
    assert done.returncode == 4, done.stderr
    assert "click" in done.stderr
    assert _in_use(prefix) == used
    assert listing(prefix / "releases") == before
    assert machine.run(prefix / "bin" / "hatang", "--version").returncode == 0


def test_an_upgrade_that_was_killed_goes_on_when_run_again(machine: Machine, bundle: Path, prefix: Path) -> None:
    old = _in_use(prefix)
    made = changed(bundle, machine.base / "newer", "share/README.md", "newer\n", version="0.2.0")
    words = machine.words(machine.python, made / "install", "--prefix", prefix, root=True)
    child = subprocess.Popen(words, cwd=machine.base, stderr=subprocess.PIPE, text=True)
    assert child.stderr is not None
    for line in child.stderr:
        if "packages" in line:
            child.send_signal(signal.SIGKILL)
            break
    assert child.wait() == -signal.SIGKILL
    child.stderr.close()
    assert _in_use(prefix) == old
    assert machine.run(prefix / "bin" / "hatang", "--version").returncode == 0
    done = machine.install(made, prefix)
    assert done.returncode == 0, done.stderr
    assert _in_use(prefix).startswith("0.2.0-")
    assert sorted(p.name for p in (prefix / "releases").iterdir()) == sorted([old, _in_use(prefix)])
    assert (prefix / "current" / "share" / "hatang" / "README.md").read_text() == "newer\n"
    assert str(prefix / "releases" / _in_use(prefix)) in _parts(machine, prefix)["engine"]["detail"]
