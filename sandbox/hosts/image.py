"""The image of the hosts: a plain Debian 12 root tree.

An image holds no key and no host identity; both come per host (machines.py). Images are named by what went into them,
so a new recipe never changes the tree under a running host.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import time
from pathlib import Path
from typing import Any

from .programs import HostsError, run, write_json

SUITE = "bookworm"
SOFTWARE = "host-image-software.json"  # package: version, for the site's list of software
USER = "debian"  # the login that gets the keypair, with sudo, as on Debian's cloud images
PACKAGES = {
    "base": "systemd systemd-sysv dbus libpam-systemd udev openssh-server python3 python3-apt sudo iproute2"
    " iputils-ping netcat-openbsd procps kmod cron rsyslog logrotate acl ca-certificates linux-base",
    "hardening": "auditd audispd-plugins nftables chrony aide aide-common fail2ban python3-systemd libpam-pwquality"
    " apparmor apparmor-utils unattended-upgrades needrestart debsums libpam-oath oathtool rsyslog-gnutls"
    " clamav clamav-daemon restic",
    "unwanted": "avahi-daemon rpcbind inetutils-telnetd cups-daemon",  # what a role must switch off or remove
}


def default_packages() -> list[str]:
    return sorted(p for group in PACKAGES.values() for p in group.split())


def machine_sources(suite: str = SUITE) -> list[str]:
    """This machine's own Debian apt sources for `suite`, so that its mirror is used; []: mmdebstrap's default."""
    wanted = re.compile(rf"(?<![\w-]){suite}(-updates|-security)?(?![\w-])")
    found = []
    for path in [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))]:
        if path.suffix in (".list", ".sources") and path.is_file():
            text = "\n".join(line for line in path.read_text().splitlines() if not line.lstrip().startswith("#"))
            if wanted.search(text) and re.search(r"/debian(-security)?/?(\s|$)", text) and re.search(r"\bmain\b", text):
                found.append(str(path))
    return found


def recipe(packages: list[str], customise: str) -> str:
    return hashlib.sha256(json.dumps([SUITE, sorted(packages), customise]).encode()).hexdigest()[:12]


def find(images: Path, prefix: str) -> dict[str, Any] | None:
    """The newest finished image whose name starts so, as its manifest with `dir` added."""
    done = [json.loads(p.read_text()) | {"dir": str(p.parent)} for p in images.glob(f"{prefix}*/manifest.json")]
    return max(done, key=lambda m: m["built_at"], default=None)


def name() -> str:
    """Name of the image of this recipe."""
    return f"nspawn-{recipe(default_packages(), CUSTOMISE)}"


def build(images: Path) -> dict[str, Any]:
    """Build the image unless it is there. Returns its manifest: dir, build_seconds, mib, versions.

    Beside it lies `host-image.json`, the file that a site uploads to Glance: it names the image; and the list SOFTWARE.
    """
    images.mkdir(parents=True, exist_ok=True)
    with (images / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (there := find(images, name())):
            started = time.time()
            tmp = fresh_tmp(images, name())
            make_tree(tmp / "root", default_packages())
            there = finish(tmp, images, name(), started, versions=versions(tmp / "root"), mib=du_mib(tmp / "root"))
        write_json(images / "host-image.json", {"hatang_host_image": name()})
        write_json(images / SOFTWARE, there["versions"])
    return there


CUSTOMISE = f"""set -e
useradd -m -s /bin/bash -G sudo {USER}
install -d -m 700 -o {USER} -g {USER} /home/{USER}/.ssh
echo '{USER} ALL=(ALL) NOPASSWD:ALL' > /etc/sudoers.d/{USER}; chmod 440 /etc/sudoers.d/{USER}
echo LANG=C.UTF-8 > /etc/default/locale
rm -f /etc/ssh/ssh_host_* /etc/resolv.conf; echo 'nameserver 127.0.0.1' > /etc/resolv.conf
systemctl disable --quiet clamav-freshclam clamav-daemon  # no signatures and no way to the Internet in an image
: > /etc/machine-id
"""


def make_tree(root: Path, packages: list[str], sources: list[str] | None = None) -> None:
    if os.geteuid():
        raise HostsError("building an image needs root")
    if not shutil.which("mmdebstrap"):
        raise HostsError("mmdebstrap is missing (apt install mmdebstrap)")
    run(
        "mmdebstrap",
        "--quiet",
        "--variant=important",
        "--dpkgopt=force-unsafe-io",
        '--aptopt=APT::Install-Recommends "false"',
        f"--include={','.join(packages)}",
        SUITE,
        root,
        *(machine_sources() if sources is None else sources),
    )
    run("chroot", root, "/bin/sh", "-c", CUSTOMISE, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})


def fresh_tmp(images: Path, name: str) -> Path:
    """An empty work folder; what a killed build left under this name goes first."""
    tmp = images / f".building-{name}"
    shutil.rmtree(tmp, ignore_errors=True)
    tmp.mkdir(parents=True)
    return tmp


def finish(tmp: Path, images: Path, name: str, started: float, **facts: Any) -> dict[str, Any]:
    """Publish a finished image in one rename. A second build of a recipe gets a new name: the first may be in use."""
    final = images / name if not (images / name).exists() else images / f"{name}-{int(time.time())}"
    write_json(
        tmp / "manifest.json", {"built_at": time.time(), "build_seconds": round(time.time() - started, 1), **facts}
    )
    os.rename(tmp, final)
    found = find(images, final.name)
    assert found is not None
    return found


def versions(root: Path) -> dict[str, str]:
    lines = run("chroot", root, "dpkg-query", "-W", "-f", "${Package} ${Version}\n").stdout.split("\n")
    return dict(line.split(" ", 1) for line in lines if line)


def du_mib(path: Path) -> int:
    return int(run("du", "-sm", path).stdout.split()[0])
