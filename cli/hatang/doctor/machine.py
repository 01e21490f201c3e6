"""Prerequisites: what the machine must bring or `make setup` installs with apt."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

from hatang.doctor.looks import Look, State, output, part
from hatang.provision.toolchain import IN_CLONE
from hatang.settings import Settings

VERSION = re.compile(r"\d+(\.\d+)+[\w.+-]*")
GO_NEEDED = (1, 25)


def _program(name: str, *question: str) -> Look:
    """A program on PATH with what it says about its version."""
    return _at(shutil.which(name), name, *question)


def _at(path: str | None, name: str, *question: str) -> Look:
    if path is None:
        return Look(State.MISSING, detail=f"no {name} on PATH")
    found = VERSION.search(output(path, *question)) if question else None
    return Look(State.REAL, found.group() if found else "", path)


@part("python", "machine", remedy="install Python 3.11 or newer")
def python(settings: Settings) -> Look:
    """Runs hatang; 3.11 or newer."""
    version = ".".join(map(str, sys.version_info[:3]))
    return Look(State.REAL if sys.version_info >= (3, 11) else State.MISSING, version, sys.executable)


@part("git", "machine", required=IN_CLONE, remedy="apt-get install git")
def git(settings: Settings) -> Look:
    """The clone, and the history of what a site asked for."""
    return _program("git", "--version")


@part("make", "machine", required=False, remedy="apt-get install make")
def make(settings: Settings) -> Look:
    """The targets of the Makefile; the command itself does not need it."""
    return _program("make", "--version")


@part("go", "machine", required=False, remedy="install Go 1.25 or newer, or put the released engine on PATH")
def go(settings: Settings) -> Look:
    """Builds the engine and the provider where released ones cannot be fetched."""
    found = _program("go", "version")
    numbers = tuple(int(n) for n in re.findall(r"\d+", found.version)[:2])
    if found.state is State.REAL and numbers < GO_NEEDED:
        return Look(State.MISSING, found.version, "too old; 1.25 or newer is needed")
    return found


@part("uv", "machine", required=False, remedy="make setup")
def uv(settings: Settings) -> Look:
    """Makes Python environments from lock files; only `make setup` needs it."""
    own = sorted((settings.cache / "uv").glob("*/bin/uv"))
    return _at(shutil.which("uv") or (str(own[-1]) if own else None), "uv", "--version")


@part("ssh", "machine", remedy="apt-get install openssh-client")
def ssh(settings: Settings) -> Look:
    """The way to the hosts for hardening and checks."""
    return _program("ssh", "-V")


@part("root", "machine", required=False, remedy="run the sandbox as root to have booted hosts")
def root(settings: Settings) -> Look:
    """The sandbox's hosts need root for namespaces and mounts; without it servers exist in Nova only."""
    if os.geteuid() == 0:
        return Look(State.REAL, detail="this is root")
    sudo = shutil.which("sudo")
    return Look(State.MISSING, detail="not root" + (f"; {sudo} is there" if sudo else " and no sudo"))


@part("cgroup-v2", "machine", required=False, remedy="boot with systemd.unified_cgroup_hierarchy=1")
def cgroup_v2(settings: Settings) -> Look:
    """Keeps the processes of each sandbox host together, so that they can be ended together."""
    from hatang.sandbox.hosts import cgroup
    from hatang.sandbox.hosts.programs import HostsError

    try:
        return Look(State.REAL, detail=str(cgroup.root()))
    except HostsError as exc:
        return Look(State.MISSING, detail=str(exc))


@part("nft", "machine", required=False, remedy="apt-get install nftables")
def nft(settings: Settings) -> Look:
    """Packet filters of the sandbox's data plane."""
    return _program("nft", "--version")


@part("conntrack", "machine", required=False, remedy="apt-get install conntrack")
def conntrack(settings: Settings) -> Look:
    """Lets the sandbox's routers forget connections of addresses that lead elsewhere now."""
    return _program("conntrack", "--version")


@part("ip", "machine", required=False, remedy="apt-get install iproute2")
def ip(settings: Settings) -> Look:
    """Bridges and links of the sandbox's data plane."""
    found = _program("ip", "-V")
    said = output("ip", "-V") if found.state is State.REAL else ""
    return Look(found.state, said.rpartition("iproute2-")[2].split(",")[0], found.detail)


@part("nspawn", "machine", required=False, remedy="apt-get install systemd-container")
def nspawn(settings: Settings) -> Look:
    """Boots the sandbox's hosts with systemd as their first process."""
    found = _program("systemd-nspawn")
    if found.state is State.MISSING:
        return found
    number = re.search(r"systemd (\d+)", output("systemd-nspawn", "--version"))
    return Look(State.REAL, number.group(1) if number else "", found.detail)


@part("mmdebstrap", "machine", required=False, remedy="apt-get install mmdebstrap")
def mmdebstrap(settings: Settings) -> Look:
    """Makes the image of the sandbox's hosts."""
    return _program("mmdebstrap", "--version")


@part("netcat", "machine", required=False, remedy="apt-get install netcat-openbsd")
def netcat(settings: Settings) -> Look:
    """Carries SSH through the sandbox's bastion network."""
    return _program("nc")


@part("cache", "machine", remedy="set HATANG_CACHE_DIR to a folder that can be written")
def cache(settings: Settings) -> Look:
    """Build results and images, shared by all clones on this machine."""
    folder: Path = settings.cache
    there = next(p for p in (folder, *folder.parents) if p.exists())
    free_gib = shutil.disk_usage(there).free / 2**30
    state = State.REAL if os.access(there, os.W_OK) else State.MISSING
    return Look(state, detail=f"{folder}, {free_gib:.0f} GiB free")
