"""What lies over the image in a host: its identity, a layer per host, and what a shared kernel needs, one for all."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import tarfile
import time
from pathlib import Path

from . import image
from .programs import HostsError, run
from .records import Machine

LAYER = Path(__file__).parent / "layer"
IMAGE_NAME = re.compile(r"[a-z]+-[0-9a-f]{12}(-\d+)?")
IMAGE_FILE_BYTES = 4096
LOGIN_ID = 1000  # of the first account that is made on a Debian: image.USER


def image_folder(images: Path, glance_file: Path) -> Path:
    """The folder of the image that a Glance image names: a small JSON file, `{"hatang_host_image": NAME}`.

    It holds the tree `root` of fast hosts (image.build), or the disk of faithful ones (disk.build).

    Raises HostsError when it is another file, which any tenant may upload, or when that tree is not built here.
    """
    try:
        if glance_file.stat().st_size > IMAGE_FILE_BYTES:
            raise ValueError("too large")
        name = str(json.loads(glance_file.read_text())["hatang_host_image"])
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise HostsError(f"image {glance_file.name} is no host image of the sandbox ({exc})") from exc
    found = image.find(images, name) if IMAGE_NAME.fullmatch(name) else None
    if not found:
        raise HostsError(f"host image {name[:60]} is not built; run: hatang sandbox prepare")
    return Path(found["dir"])


def identity_layer(folder: Path, machine: Machine, root: Path) -> Path:
    """The host's identity as a layer of its own, so that its disk holds exactly what has changed since.

    Args:
        folder: the host's own folder; its host key stays there too.
        root: the image's tree; owners and modes of folders come from it.
    """
    seed = folder / "seed"
    if seed.exists():
        return seed
    tmp = folder / "seed.new"
    shutil.rmtree(tmp, ignore_errors=True)
    for path, mode, text in _identity(folder, machine):
        _mkdir_like(root, tmp, Path(path).parent)
        (tmp / path).write_text(text)
        (tmp / path).chmod(mode)
        owner = (root / Path(path).parent).stat()
        os.chown(tmp / path, owner.st_uid, owner.st_gid)
    tmp.rename(seed)
    return seed


def identity_disk(folder: Path, machine: Machine) -> Path:
    """The same for a host under qemu, with its addresses: a tar file that it unpacks at each boot from its second disk.

    What is on its first disk may have changed since: only addresses are written anew after the first boot.
    """
    again = (folder / "disk.qcow2").exists()
    path = folder / "identity.tar"
    with tarfile.open(path.with_suffix(".new"), "w") as tar:
        for name, mode, text in [*([] if again else _identity(folder, machine)), *_addresses(machine)]:
            entry = tarfile.TarInfo(name)
            entry.mode, entry.size, entry.mtime = mode, len(text.encode()), int(time.time())
            if name.startswith("home/"):
                entry.uid = entry.gid = LOGIN_ID
            tar.addfile(entry, io.BytesIO(text.encode()))
    path.with_suffix(".new").rename(path)
    return path


def _identity(folder: Path, machine: Machine) -> list[tuple[str, int, str]]:
    """Files that tell this host from others: path, mode, text. Its host key is made once and stays in `folder`."""
    key = folder / "host_key"
    if not key.with_suffix(".pub").exists():
        key.unlink(missing_ok=True)
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", machine.name, "-f", key)
    return [
        ("etc/hostname", 0o644, machine.name + "\n"),
        ("etc/hosts", 0o644, f"127.0.0.1 localhost\n::1 localhost\n127.0.1.1 {machine.name}\n"),
        ("etc/machine-id", 0o444, machine.uuid.replace("-", "") + "\n"),
        ("etc/ssh/ssh_host_ed25519_key", 0o600, key.read_text()),
        ("etc/ssh/ssh_host_ed25519_key.pub", 0o644, key.with_suffix(".pub").read_text()),
        (f"home/{image.USER}/.ssh/authorized_keys", 0o600, machine.key.strip() + "\n"),
    ]


def _addresses(machine: Machine) -> list[tuple[str, int, str]]:
    """Settings of systemd-networkd, one file per port; the first one gives the default route, as with DHCP."""
    found = []
    for i, nic in enumerate(machine.nics):
        lines = [f"[Match]\nMACAddress={nic.mac}\n[Link]\nMTUBytes={nic.mtu}\n[Network]\nIPv6AcceptRA=no\n"]
        lines += [f"Address={a.ip}/{a.prefix}\n" for a in nic.addresses]
        lines += [f"Gateway={a.gateway}\n" for a in nic.addresses if a.gateway and i == 0]
        lines += [f"[Route]\nDestination={to}\nGateway={hop}\n" for to, hop in nic.routes]
        found.append((f"etc/systemd/network/20-port{i}.network", 0o644, "".join(lines)))
    return found


def kernel_layer(state: Path) -> Path:
    """What a host on a shared kernel needs: a copy of layer/, since an overlay takes owners and modes from it.

    Named by its content, so that a new version never changes it under a running host.
    """
    files = sorted(p for p in LAYER.rglob("*") if p.is_file() and not p.is_symlink())
    digest = hashlib.sha256(b"".join(p.read_bytes() for p in files)).hexdigest()[:8]
    copy = state / f"layer-{digest}"
    if not copy.exists():
        tmp = state / "layer.new"
        shutil.rmtree(tmp, ignore_errors=True)
        shutil.copytree(LAYER, tmp, symlinks=True)
        for p in [tmp, *tmp.rglob("*")]:
            os.chown(p, 0, 0, follow_symlinks=False)
            if not p.is_symlink():
                p.chmod(0o755 if p.is_dir() or p.stat().st_mode & 0o111 else 0o644)
        tmp.rename(copy)
    return copy


def host_key(folder: Path) -> str:
    """The host's public SSH key, or nothing before its first boot."""
    path = folder / "host_key.pub"
    return path.read_text().strip() if path.exists() else ""


def _mkdir_like(base: Path, top: Path, rel: Path) -> None:
    """Make top/rel with each level's owner and mode as in base: an overlay shows those of the topmost layer."""
    top.mkdir(parents=True, exist_ok=True)
    for part in [*reversed(rel.parents), rel]:
        like, made = (base / part).stat(), top / part
        made.mkdir(exist_ok=True)
        os.chown(made, like.st_uid, like.st_gid)
        made.chmod(like.st_mode & 0o7777)
