"""Life of the hosts: create, boot, stop, reboot, delete. One systemd-nspawn each, on bridges of its Neutron networks.

All that exists is named after the id of the state folder, so that a later run finds and removes what a killed run left.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import threading
import time
from pathlib import Path

from . import cgroup, image, netns, nspawn, records
from .programs import HostsError, run, write_text
from .records import Machine, Nic

LAYER = Path(__file__).parent / "layer"


class Machines:
    """All hosts of one sandbox."""

    def __init__(self, state: Path, images: Path, glance_files: Path) -> None:
        self.state = state
        self.images = images
        self.glance_files = glance_files
        self.id = identity(state)
        self.folder = state / "machines"
        self.group = f"hatang-{self.id}"
        self.l2 = f"{self.id}-net"
        self.known = records.load_all(self.folder)
        self._locks: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    # -- asked by the driver ------------------------------------------------------------------------------------------

    def spawn(self, machine: Machine, timeout_s: float = 240) -> None:
        """Make and boot a host; returns when it answers on SSH. Raises HostsError with the end of its console."""
        with self._lock(machine.uuid):
            self.known[machine.uuid] = machine
            records.save(self.folder, machine)
            self._boot(machine, timeout_s)

    def stop(self, uuid: str) -> None:
        """Power off, as by pulling the plug; the disk stays."""
        with self._lock(uuid):
            machine = self._machine(uuid)
            machine.power = False
            records.save(self.folder, machine)
            self._halt(machine)

    def start(self, uuid: str, timeout_s: float = 240) -> None:
        """Power on; returns when it answers on SSH."""
        with self._lock(uuid):
            machine = self._machine(uuid)
            machine.power = True
            records.save(self.folder, machine)
            if not self.alive(machine):
                self._boot(machine, timeout_s)

    def reboot(self, uuid: str) -> None:
        """Power-cycle: what is on the disk stays, processes and settings start anew."""
        with self._lock(uuid):
            machine = self._machine(uuid)
            machine.power = True
            self._halt(machine)
            self._boot(machine, 240)

    def destroy(self, uuid: str) -> None:
        """Remove a host and its disk; nothing to do when it is not there."""
        with self._lock(uuid):
            machine = self.known.pop(uuid, None)
            if machine is not None:
                self._halt(machine)
                shutil.rmtree(self.folder / machine.short, ignore_errors=True)

    def console(self, uuid: str, length: int = 100_000) -> str:
        """The end of what the host wrote on its console."""
        path = self.folder / self._machine(uuid).short / "console.log"
        return path.read_bytes()[-length:].decode(errors="replace") if path.exists() else ""

    # -- asked by the agent -------------------------------------------------------------------------------------------

    def boot_missing(self) -> None:
        """Boot the hosts that should run and do not: after a crash or a restart of the machine."""
        for machine in list(self.known.values()):
            if machine.power and not self.alive(machine):
                with self._lock(machine.uuid):
                    try:
                        self._boot(machine, 240)
                    except HostsError as exc:
                        machine.problem = str(exc)

    def halt_all(self) -> None:
        """Stop all processes, remove namespaces and groups; disks and records stay."""
        for machine in self.known.values():
            self._halt(machine)
        for name in netns.named(f"{self.id}-"):
            netns.delete(name)
        cgroup.destroy(self.group)

    def alive(self, machine: Machine) -> bool:
        """Whether any process of the host lives."""
        return cgroup.alive(self._group(machine))

    def namespace(self, machine: Machine) -> str:
        """Network namespace of a host."""
        return f"{self.id}-h{machine.short}"

    def shell_prefix(self, machine: Machine) -> list[str]:
        """Words that run a command inside the host as root, without SSH; also into a locked-out host."""
        leader = nspawn.leader(machine.pid)
        if not leader:
            raise HostsError(f"{machine.name} does not run")
        return nspawn.enter(leader)

    # -- one host -----------------------------------------------------------------------------------------------------

    def _boot(self, machine: Machine, timeout_s: float) -> None:
        folder = self.folder / machine.short
        cgroup.destroy(self._group(machine))
        root = self._image_root(machine)
        self._plug(machine)
        cgroup.make(self._group(machine))
        lower = [self._seed(machine, root), self._layer(), root]
        child = nspawn.spawn(machine.name, folder, lower, self.namespace(machine), self._group(machine))
        self._children[machine.uuid] = child
        machine.pid, machine.problem = child.pid, ""
        records.save(self.folder, machine)
        end = time.monotonic() + timeout_s
        while not netns.says_ssh(self.namespace(machine), machine.address):
            if child.poll() is not None or time.monotonic() > end:
                raise HostsError(
                    f"{machine.name} gave no SSH banner; its console ends:\n{self.console(machine.uuid, 1500)}"
                )
            time.sleep(0.05)

    def _halt(self, machine: Machine) -> None:
        cgroup.destroy(self._group(machine))
        if child := self._children.pop(machine.uuid, None):
            child.wait()
        if netns.exists(self.l2):
            have = netns.links(self.l2)
            names = [link_name("p", nic.port) for nic in machine.nics]
            netns.batch(self.l2, [f"link del {n}" for n in names if n in have], force=True)
        netns.delete(self.namespace(machine))
        machine.pid = 0

    def _plug(self, machine: Machine) -> None:
        """One link per Neutron port, with the port's MAC and addresses, on the bridge of its network."""
        home = self.namespace(machine)
        netns.add(self.l2)
        netns.delete(home)
        netns.add(home)
        have = netns.links(self.l2)
        outer, inner = [], []
        for i, nic in enumerate(machine.nics):
            bridge, end = link_name("b", nic.network), link_name("p", nic.port)
            if bridge not in have:
                outer += bridge_lines(bridge)
            if end in have:
                outer.append(f"link del {end}")
            outer += [
                f"link add {end} mtu {nic.mtu} type veth"
                f" peer name host{i} address {nic.mac} mtu {nic.mtu} netns {home}",
                f"link set {end} master {bridge} up",
            ]
            inner += _inner_lines(i, nic, first=i == 0)
        netns.batch(self.l2, outer)
        netns.batch(home, inner)

    def _image_root(self, machine: Machine) -> Path:
        """The root tree that the Glance image names."""
        file = self.glance_files / machine.image
        try:
            name = json.loads(file.read_text())["hatang_host_image"]
        except (OSError, ValueError, KeyError) as exc:
            raise HostsError(f"image {machine.image} is no host image of the sandbox ({exc})") from exc
        found = image.find(self.images, name)
        if not found:
            raise HostsError(f"host image {name} is not built; run: hatang sandbox prepare")
        return Path(found["dir"]) / "root"

    def _seed(self, machine: Machine, root: Path) -> Path:
        """The host's identity as a layer of its own, so that its disk holds exactly what has changed since."""
        folder = self.folder / machine.short
        seed = folder / "seed"
        if seed.exists():
            return seed
        tmp = folder / "seed.new"
        shutil.rmtree(tmp, ignore_errors=True)
        key = folder / "host_key"
        if not key.with_suffix(".pub").exists():
            key.unlink(missing_ok=True)
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", machine.name, "-f", key)
        home = f"home/{image.USER}/.ssh"
        files = (
            ("etc/hostname", 0o644, machine.name + "\n"),
            ("etc/hosts", 0o644, f"127.0.0.1 localhost\n127.0.1.1 {machine.name}\n"),
            ("etc/machine-id", 0o444, machine.uuid.replace("-", "") + "\n"),
            ("etc/ssh/ssh_host_ed25519_key", 0o600, key.read_text()),
            ("etc/ssh/ssh_host_ed25519_key.pub", 0o644, key.with_suffix(".pub").read_text()),
            (f"{home}/authorized_keys", 0o600, machine.key.strip() + "\n"),
        )
        for path, mode, text in files:
            _mkdir_like(root, tmp, Path(path).parent)
            (tmp / path).write_text(text)
            (tmp / path).chmod(mode)
            owner = (root / Path(path).parent).stat()
            os.chown(tmp / path, owner.st_uid, owner.st_gid)
        tmp.rename(seed)
        return seed

    def _layer(self) -> Path:
        """What a host on a shared kernel needs over the image: a copy of layer/, since an overlay takes owners and
        modes from it; named by its content, so that a new version never changes it under a running host."""
        files = sorted(p for p in LAYER.rglob("*") if p.is_file() and not p.is_symlink())
        digest = hashlib.sha256(b"".join(p.read_bytes() for p in files)).hexdigest()[:8]
        copy = self.state / f"layer-{digest}"
        with self._guard:
            if not copy.exists():
                tmp = self.state / "layer.new"
                shutil.rmtree(tmp, ignore_errors=True)
                shutil.copytree(LAYER, tmp, symlinks=True)
                for p in [tmp, *tmp.rglob("*")]:
                    os.chown(p, 0, 0, follow_symlinks=False)
                    if not p.is_symlink():
                        p.chmod(0o755 if p.is_dir() or p.stat().st_mode & 0o111 else 0o644)
                tmp.rename(copy)
        return copy

    def host_key(self, machine: Machine) -> str:
        """The host's public SSH key, or nothing before its first boot."""
        path = self.folder / machine.short / "host_key.pub"
        return path.read_text().strip() if path.exists() else ""

    def _machine(self, uuid: str) -> Machine:
        try:
            return self.known[uuid]
        except KeyError:
            raise HostsError(f"no host {uuid}") from None

    def _group(self, machine: Machine) -> str:
        return f"{self.group}/{machine.short}"

    def _lock(self, uuid: str) -> threading.Lock:
        with self._guard:
            return self._locks.setdefault(uuid, threading.Lock())


def identity(state: Path) -> str:
    """Eight letters that name everything of the sandbox whose hosts live in this folder."""
    return "ht" + hashlib.sha256(str(state.resolve()).encode()).hexdigest()[:6]


def link_name(kind: str, uuid: str) -> str:
    """Name of a link: at most 15 characters, told apart by the first eleven digits of the Neutron id."""
    return kind + uuid.replace("-", "")[:11]


def bridge_lines(bridge: str) -> list[str]:
    """`ip` commands that make a bridge. It has no address: it is the network, not a machine on it."""
    return [f"link add {bridge} type bridge", f"link set {bridge} up"]


def _inner_lines(index: int, nic: Nic, first: bool) -> list[str]:
    lines = [f"link set host{index} up"]
    for a in nic.addresses:
        lines.append(f"addr add {a.ip}/{a.prefix} dev host{index}" + (" nodad" if ":" in a.ip else ""))
    for a in nic.addresses if first else ():
        if a.gateway:
            lines.append(f"route add default via {a.gateway} dev host{index}")
    return lines


def _mkdir_like(base: Path, top: Path, rel: Path) -> None:
    """Make top/rel with each level's owner and mode as in base: an overlay shows those of the topmost layer."""
    top.mkdir(parents=True, exist_ok=True)
    for part in [*reversed(rel.parents), rel]:
        like, made = (base / part).stat(), top / part
        made.mkdir(exist_ok=True)
        os.chown(made, like.st_uid, like.st_gid)
        made.chmod(like.st_mode & 0o7777)


def write_known_hosts(machines: Machines, path: Path) -> None:
    """Host keys by name and address, as the agent made them."""
    lines = [f"{m.name},{m.address} {key}" for m in machines.known.values() if (key := machines.host_key(m)) and m.nics]
    write_text(path, "".join(sorted(line + "\n" for line in lines)))
