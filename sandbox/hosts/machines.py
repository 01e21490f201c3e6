"""Life of the hosts: create, boot, stop, reboot, delete. One systemd-nspawn or qemu each, on their networks' bridges.

Which of the two follows from its image: a tree for fast hosts, a disk for faithful ones.

All that exists is named after the id of the state folder, so that a later run finds and removes what a killed run left.
"""

from __future__ import annotations

import hashlib
import subprocess
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import cgroup, guest, netns, nspawn, qemu, records, seed, sockets
from .disk import DISK
from .links import bridge_lines, inner_lines, link_name, outer_lines
from .programs import HostsError, discard
from .records import Machine, Nic

BOOT_S = 240.0  # a boot that takes longer has failed
BOOT_OWN_KERNEL_S = 900.0  # the same on a processor in software, when others are at work
AT_ONCE = 6  # boots after a restart; more of them only wait for the same processors


class Machines:
    """All hosts of one sandbox.

    Args:
        state: folder of the hosts; everything is named after it.
        images: folder of built images.
        glance_files: where Glance keeps the data of its images.
    """

    def __init__(self, state: Path, images: Path, glance_files: Path) -> None:
        self.state = state
        self.images = images
        self.glance_files = glance_files
        self.id = identity(state)
        self.folder = state / "machines"
        self.group = f"hatang-{self.id}"
        self.l2 = f"{self.id}-net"
        self.known = records.load_all(self.folder)
        self.on_plug: Callable[[], None] = lambda: None  # told when links have been made
        self._locks: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    # -- asked by the driver ------------------------------------------------------------------------------------------

    def spawn(self, machine: Machine) -> None:
        """Make and boot a host on an untouched disk; returns when it answers on SSH.

        Raises HostsError with the end of its console; then nothing of the host is left.
        """
        with self._lock(machine.uuid):
            self._remove(machine)
            self.known[machine.uuid] = machine
            records.save(self.folder, machine)
            try:
                self._boot(machine)
            except HostsError:
                self._remove(machine)
                raise

    def stop(self, uuid: str) -> None:
        """Power off, as by pulling the plug; the disk stays."""
        with self._lock(uuid):
            machine = self._machine(uuid)
            machine.power = False
            records.save(self.folder, machine)
            self._halt(machine)

    def start(self, uuid: str, nics: list[Nic] | None = None) -> None:
        """Power on; returns when it answers on SSH. Nothing to do when it runs. Raises HostsError; then it is off.

        Args:
            nics: its ports as they are now; as before when left out.
        """
        with self._lock(uuid):
            machine = self._machine(uuid)
            if self.alive(machine):
                return
            machine.power, machine.nics = True, machine.nics if nics is None else nics
            try:
                self._boot(machine)
            except HostsError as exc:
                machine.power = False
                self._halt(machine)
                machine.problem = str(exc)
                records.save(self.folder, machine)
                raise

    def reboot(self, uuid: str, nics: list[Nic] | None = None) -> None:
        """Power-cycle: what is on the disk stays, processes and settings start anew. `nics` as for start."""
        with self._lock(uuid):
            machine = self._machine(uuid)
            self._halt(machine)
            machine.power, machine.nics = True, machine.nics if nics is None else nics
            self._boot(machine)

    def destroy(self, uuid: str) -> None:
        """Remove a host and its disk; nothing to do when it is not there."""
        with self._lock(uuid):
            if machine := self.known.get(uuid):
                self._remove(machine)

    def console(self, uuid: str, length: int = 100_000) -> str:
        """The end of what the host wrote on its console."""
        path = self.folder / self._machine(uuid).short / "console.log"
        return path.read_bytes()[-length:].decode(errors="replace") if path.exists() else ""

    def runs(self, uuid: str) -> bool | None:
        """Whether the host runs, or is between two runs of a reboot; None when there is no such host."""
        machine = self.known.get(uuid)
        if machine is None or self.alive(machine):
            return None if machine is None else True
        return machine.power and (self._busy(machine) or self._rebooting(machine))

    def died(self) -> list[str]:
        """Hosts that should run and do not, while nothing is being done to them."""
        return [m.uuid for m in self.all() if m.power and not self.runs(m.uuid)]

    # -- asked by the agent -------------------------------------------------------------------------------------------

    def all(self) -> list[Machine]:
        """All hosts, by name; a copy, since others may be added meanwhile."""
        return sorted(self.known.values(), key=lambda m: (m.name, m.uuid))

    def boot_missing(self) -> None:
        """Boot the hosts that should run and do not: after a crash or a restart of the machine."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(self._boot_again, [m for m in self.all() if m.power]))

    def watch(self) -> None:
        """Look at what ended by itself: a host that asked for a reboot is booted, of another the reason is kept.

        The rest of a host whose nspawn was killed is killed too: nobody would see it reboot, or reach it without SSH.
        """
        for machine in self.all():
            if not machine.power or self._busy(machine) or self._kept(machine):
                continue
            cgroup.destroy(self._group(machine))
            code = nspawn.exit_code(self.folder / machine.short)
            if self._rebooting(machine):
                threading.Thread(target=self._boot_again, args=(machine,), daemon=True).start()
            elif not machine.problem:
                machine.problem = "powered off from inside" if code == 0 else "ended by itself"

    def halt_all(self) -> None:
        """Stop all processes, remove namespaces and groups; disks and records stay."""
        for machine in self.all():
            self._halt(machine)
        cgroup.destroy(self.group)  # also a host whose record is lost
        for name in netns.named(f"{self.id}-"):
            netns.delete(name)

    def alive(self, machine: Machine) -> bool:
        """Whether any process of the host lives."""
        return cgroup.alive(self._group(machine))

    def namespace(self, machine: Machine) -> str:
        """Network namespace of a host."""
        return f"{self.id}-h{machine.short}"

    def shell_prefix(self, machine: Machine) -> list[str]:
        """Words that run a command inside the host as root, without SSH, locked out or not. [] when it is down."""
        if machine.own_kernel:
            return guest.prefix(sockets.guest(self.id, machine.short)) if self.alive(machine) else []
        leader = nspawn.leader(machine.pid) if machine.pid and self.alive(machine) else None
        return nspawn.enter(leader) if leader else []

    def host_key(self, machine: Machine) -> str:
        """The host's public SSH key, or nothing before its first boot."""
        return seed.host_key(self.folder / machine.short)

    # -- one host -----------------------------------------------------------------------------------------------------

    def _boot(self, machine: Machine) -> None:
        cgroup.destroy(self._group(machine))
        made = seed.image_folder(self.images, self.glance_files / machine.image)
        machine.own_kernel = (made / DISK).exists()
        self._plug(machine)
        cgroup.make(self._group(machine))
        child = self._run_disk(machine, made) if machine.own_kernel else self._run_tree(machine, made / "root")
        self._children[machine.uuid] = child
        machine.pid, machine.problem = child.pid, ""
        records.save(self.folder, machine)
        self._await_login(machine, child)

    def _run_tree(self, machine: Machine, root: Path) -> subprocess.Popen[bytes]:
        folder = self.folder / machine.short
        with self._guard:
            shared = seed.kernel_layer(self.state)
        lower = [seed.identity_layer(folder, machine, root), shared, root]
        return nspawn.spawn(machine.name, folder, lower, self.namespace(machine), self._group(machine))

    def _run_disk(self, machine: Machine, made: Path) -> subprocess.Popen[bytes]:
        folder = self.folder / machine.short
        seed.identity_disk(folder, machine)
        place = self.l2, self._group(machine)
        return qemu.spawn(machine, folder, made, place, sockets.guest(self.id, machine.short))

    def _await_login(self, machine: Machine, child: subprocess.Popen[bytes]) -> None:
        """The layer's ssh.service opens its port only when logins are let in, so a banner means that one may come.

        Asked on the host itself: a firewall on it lets its loopback pass, whatever it denies.
        """
        longest = BOOT_OWN_KERNEL_S if machine.own_kernel else BOOT_S
        end = time.monotonic() + longest
        while not self._lets_in(machine):
            if child.poll() is not None or time.monotonic() > end:
                why = "ended" if child.poll() is not None else f"gave no SSH banner in {longest:.0f} s"
                raise HostsError(f"{machine.name} {why}; its console ends:\n{self.console(machine.uuid, 1500)}")
            time.sleep(0.5 if machine.own_kernel else 0.05)

    def _lets_in(self, machine: Machine) -> bool:
        if machine.own_kernel:
            return guest.lets_in(sockets.guest(self.id, machine.short))
        return netns.says_ssh(self.namespace(machine), machine.address or "127.0.0.1")

    def _boot_again(self, machine: Machine) -> None:
        with self._lock(machine.uuid):
            if not machine.power or self.known.get(machine.uuid) is not machine or self._kept(machine):
                return
            try:
                self._boot(machine)
            except HostsError as exc:
                machine.problem = str(exc)

    def _halt(self, machine: Machine) -> None:
        """Kill and unplug it; the record on disk is not written, so that what is on it stays the wish."""
        cgroup.destroy(self._group(machine))
        if child := self._children.pop(machine.uuid, None):
            child.wait()
        if netns.exists(self.l2):
            have = netns.links(self.l2)
            names = [link_name("p", nic.port) for nic in machine.nics]
            netns.batch(self.l2, [f"link del {n}" for n in names if n in have], force=True)
        netns.delete(self.namespace(machine))
        sockets.guest(self.id, machine.short).unlink(missing_ok=True)
        machine.pid = 0

    def _remove(self, machine: Machine) -> None:
        self._halt(machine)
        discard(self.folder / machine.short)
        self.known.pop(machine.uuid, None)

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
            with self._guard:  # two hosts may come first on one network
                if bridge not in netns.links(self.l2):
                    netns.batch(self.l2, bridge_lines(bridge), force=True)
            if end in have:
                outer.append(f"link del {end}")
            outer += outer_lines(i, nic, "" if machine.own_kernel else home)
            inner += [] if machine.own_kernel else inner_lines(i, nic, first=i == 0)
        netns.batch(self.l2, outer)
        netns.batch(home, inner)
        self.on_plug()

    def _machine(self, uuid: str) -> Machine:
        try:
            return self.known[uuid]
        except KeyError:
            raise HostsError(
                f"there is no host of server {uuid}: it was made while the sandbox ran without hosts"
            ) from None

    def _group(self, machine: Machine) -> str:
        return f"{self.group}/{machine.short}"

    def _lock(self, uuid: str) -> threading.Lock:
        with self._guard:
            return self._locks.setdefault(uuid, threading.Lock())

    def _kept(self, machine: Machine) -> bool:
        """Whether the shell that holds the host's nspawn lives, and is not a foreign process that got its number."""
        if child := self._children.get(machine.uuid):
            child.poll()  # else it would stay a zombie, which looks alive
        try:
            groups = Path(f"/proc/{machine.pid}/cgroup").read_text().splitlines()
        except OSError:
            return False
        return any(line.endswith(f"/{self._group(machine)}") for line in groups)

    def _rebooting(self, machine: Machine) -> bool:
        return nspawn.exit_code(self.folder / machine.short) == nspawn.REBOOT

    def _busy(self, machine: Machine) -> bool:
        return self._lock(machine.uuid).locked()


def identity(state: Path) -> str:
    """Eight letters that name everything of the sandbox whose hosts live in this folder."""
    return "ht" + hashlib.sha256(str(state.resolve()).encode()).hexdigest()[:6]
