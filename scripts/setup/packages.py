"""Debian packages: what is needed, why, and how it gets here."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from enum import IntEnum

from .runner import Log, StepFailed


class Need(IntEnum):
    """Who needs a package; whoever comes later needs those of the others too."""

    SETUP = 0
    TESTS = 1
    PROOFS = 2


@dataclass(frozen=True)
class Package:
    """One Debian package.

    `can_lack`: where root cannot be had, set-up goes on without it. `since`: who needs it first. What only tests need
    is large: `make test` installs it, set-up does not, so that nobody's demo waits for it; nor does `make test` wait
    for what only `make prove` and `make long` need.
    """

    name: str
    why: str
    can_lack: bool = False
    since: Need = Need.SETUP


PACKAGES = (
    Package("ca-certificates", "package registries are reached over TLS"),
    Package("git", "the clone itself"),
    Package("make", "the targets of the Makefile"),
    Package("python3-venv", "a private environment for uv, where the machine has no uv"),
    Package("gcc", "two OpenStack libraries come as sources only"),
    Package("libc6-dev", "headers for the same"),
    Package("python3-dev", "headers for the same"),
    Package("openssh-client", "the way to the hosts, and keys"),
    Package("netcat-openbsd", "carries SSH through the bastion network"),
    Package("iproute2", "networks and bridges of the sandbox's data plane", can_lack=True),
    Package("nftables", "packet filters of the sandbox's data plane", can_lack=True),
    Package("conntrack", "routers of the sandbox forget connections of addresses that moved", can_lack=True),
    Package("mmdebstrap", "makes the image of the hosts", can_lack=True),
    Package("systemd-container", "systemd-nspawn boots the hosts", can_lack=True),
    # Tests start a throw-away cluster of it. The one that Debian makes at installation is not used; a site has its own.
    Package("postgresql", "tests run the registry on it", can_lack=True),
    Package(
        "chromium", "tests open the HTML report as its readers do, without a screen", can_lack=True, since=Need.TESTS
    ),
    Package("qemu-system-x86", "hosts with a kernel of their own", can_lack=True, since=Need.PROOFS),
    Package("qemu-utils", "their disks", can_lack=True, since=Need.PROOFS),
    Package("e2fsprogs", "file systems on them", can_lack=True, since=Need.PROOFS),
)


LOCK_S = 600  # longest wait for another apt


def installed() -> set[str]:
    """Names of all installed Debian packages; empty where there is no dpkg."""
    if not shutil.which("dpkg-query"):
        return set()
    done = subprocess.run(
        ["dpkg-query", "-W", "-f", "${db:Status-Abbrev} ${Package}\n"], capture_output=True, text=True, check=True
    )
    return {line.split()[1] for line in done.stdout.splitlines() if line.startswith("ii")}


def privilege() -> list[str] | None:
    """Words before a command that root must run; None: neither root nor sudo without a question."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0:
        return ["sudo", "-n"]
    return None


def missing(need: Need = Need.SETUP) -> list[Package]:
    """What is to be installed for this. Packages that can lack count only where root can be had."""
    have = installed()
    lacking = [p for p in PACKAGES if p.name not in have and p.since <= need]
    if lacking and privilege() is None:
        return [p for p in lacking if not p.can_lack]
    return lacking


def install(log: Log, need: Need = Need.SETUP) -> None:
    """Install what is missing for this, without a question."""
    lacking = missing(need)
    names = [p.name for p in lacking]
    for package in lacking:
        print(f"  {package.name}: {package.why}", flush=True)
    if not shutil.which("apt-get"):
        raise StepFailed(f"no apt-get here; install by hand: {' '.join(names)}")
    words = privilege()
    if words is None:
        raise StepFailed(f"neither root nor sudo without a password; ask for: apt-get install {' '.join(names)}")
    quiet = [*words, "env", "DEBIAN_FRONTEND=noninteractive"]
    # Another apt may be at work (a set-up that was killed leaves it to end its own), or may have been killed itself.
    apt = [*quiet, "apt-get", "-q", "-o", f"DPkg::Lock::Timeout={LOCK_S}"]
    log.run(*apt, "update", timeout_s=600)
    if subprocess.run(["dpkg", "--audit"], capture_output=True, text=True).stdout.strip():
        log.run(*quiet, "dpkg", "--configure", "-a", "--force-confold", timeout_s=1200)
    log.run(*apt, "install", "-y", "--no-install-recommends", *names, timeout_s=1200)
