"""The disk of faithful hosts: a Debian 12 with its own kernel, for qemu.

The same packages as the image of fast hosts (image.py), with kernel and guest agent. It holds no key and no identity of
a host: both come on a second disk at each boot (`seed.identity_disk`).
"""

from __future__ import annotations

import fcntl
import shutil
import time
from pathlib import Path
from typing import Any

from . import image
from .programs import run, write_json

DISK, KERNEL, INITRD = "disk.raw", "vmlinuz", "initrd.img"
NAMED = "faithful-image.json"  # what a site uploads to Glance, as host-image.json for fast hosts
SOFTWARE = "faithful-image-software.json"  # package: version, for the site's list of software
PACKAGES = "linux-image-amd64 initramfs-tools zstd qemu-guest-agent"
SIZE = "6G"  # sparse; a new disk takes about 1 GiB

# What boots is built small: the disk's driver and its file system. Everything else is loaded as on any Debian.
CUSTOMISE = r"""set -e
printf 'MODULES=list\nCOMPRESS=zstd\n' > /etc/initramfs-tools/conf.d/hatang
printf 'virtio_pci\nvirtio_blk\next4\n' >> /etc/initramfs-tools/modules
update-initramfs -u -k all
systemctl -q enable systemd-networkd
echo '/dev/vda / ext4 defaults,errors=remount-ro 0 1' > /etc/fstab
mkdir -p /etc/systemd/system/ssh.service.d
printf '[Unit]\nAfter=systemd-user-sessions.service\n' > /etc/systemd/system/ssh.service.d/hatang.conf
cat > /etc/systemd/system/hatang-identity.service <<'UNIT'
[Unit]
Description=hatang: name, keys and addresses of the host, from its second disk
DefaultDependencies=no
After=systemd-remount-fs.service
Before=sysinit.target systemd-networkd.service
ConditionPathExists=/dev/vdb
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/tar --extract --file=/dev/vdb --directory=/
ExecStart=/bin/hostname -F /etc/hostname
[Install]
WantedBy=sysinit.target
UNIT
systemctl -q enable hatang-identity
"""


def packages() -> list[str]:
    """All packages of the disk that are named; others come with them."""
    return sorted({*image.default_packages(), *PACKAGES.split()})


def name() -> str:
    """Name of the disk of this recipe."""
    return f"qemu-{image.recipe(packages(), image.CUSTOMISE + CUSTOMISE + SIZE)}"


def build(images: Path) -> dict[str, Any]:
    """Build the disk unless it is there. Returns its manifest: dir, build_seconds, mib, versions.

    Raises:
        HostsError: not root, or a program is missing or fails.
    """
    images.mkdir(parents=True, exist_ok=True)
    with (images / "disk.lock").open("w") as lock:  # its own: a fast host need not wait minutes for this build
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (there := image.find(images, name())):
            there = _build(images)
        write_json(images / NAMED, {"hatang_host_image": name()})
        write_json(images / SOFTWARE, there["versions"])
    return there


def _build(images: Path) -> dict[str, Any]:
    started = time.time()
    tmp = image.fresh_tmp(images, name())
    root = tmp / "root"
    image.make_tree(root, packages())
    run("chroot", root, "/bin/sh", "-c", CUSTOMISE, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
    for part in (KERNEL, INITRD):
        shutil.copy(next((root / "boot").glob(f"{part}-*")), tmp / part)
    versions = image.versions(root)
    run("truncate", "-s", SIZE, tmp / DISK)
    run("mke2fs", "-q", "-F", "-t", "ext4", "-d", root, tmp / DISK)
    shutil.rmtree(root)
    return image.finish(tmp, images, name(), started, versions=versions, mib=image.du_mib(tmp))
