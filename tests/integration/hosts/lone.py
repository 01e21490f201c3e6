"""Hosts without a cloud: one network, an operator on it, and booted Debian 12 machines. They stand in seconds."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import uuid
from dataclasses import dataclass, field
from ipaddress import IPv4Network, ip_network
from pathlib import Path
from typing import Any

from hatang import settings
from hatang.catalogue import load
from hatang.hosts import HardenResult, harden
from hatang.inputs import load_site
from hatang.model.site import Site
from hatang.model.terms import Level
from hatang.registry import HostRecord
from hatang.sandbox.hosts import access, disk, image, netns, sockets
from hatang.sandbox.hosts.links import link_name
from hatang.sandbox.hosts.machines import Machines
from hatang.sandbox.hosts.programs import discard
from hatang.sandbox.hosts.records import Address, Machine, Nic

ROOT = Path(__file__).resolve().parents[3]
SYSTEM = "le"
NETWORK = ip_network("10.99.7.0/24")
OPERATOR = "10.99.7.1"
INSIDE_S = 300  # longest run of a script inside a host, which may have a processor in software


@dataclass
class Lone:
    """A place with hosts. `down` leaves nothing behind."""

    folder: Path
    hosts: list[HostRecord] = field(default_factory=list)
    level: int = 0  # to which the hosts are hardened; 0: not known

    def __post_init__(self) -> None:
        self.cache = settings.load().cache
        image.build(self.cache / "images")
        state = self.folder / "sandbox" / "hosts"
        glance = self.folder / "glance"
        for made in (state, glance, self.keys):
            made.mkdir(parents=True)
        shutil.copy(self.cache / "images" / "host-image.json", glance / "image")
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.keys / SYSTEM], check=True)
        self.machines = Machines(state, self.cache / "images", glance)
        self.network = str(uuid.uuid4())
        settings.write(self.folder, ssh_config=str(state / "ssh_config"))
        self.settings = settings.load(state_dir=self.folder)

    @property
    def keys(self) -> Path:
        """Folder of the private keys."""
        return self.folder / "keys"

    @property
    def site(self) -> Site:
        """The example site; its list of software is that of the disk where a host has its own kernel."""
        found = load_site(ROOT / "inventories" / "example" / "site.yaml", self.cache)
        if not (self.folder / "glance" / "disk").exists():
            return found
        file = self.cache / "images" / disk.SOFTWARE
        listed = [s.model_copy(update={"packages_from": file}) if s.packages_from else s for s in found.software]
        return found.model_copy(update={"software": tuple(listed)})

    @property
    def bastion(self) -> IPv4Network:
        """Where the operator stands."""
        assert isinstance(NETWORK, IPv4Network)
        return NETWORK

    def add(self, name: str, *, own_kernel: bool = False) -> HostRecord:
        """Boot one more host; with a kernel of its own it is one under qemu."""
        if own_kernel:
            disk.build(self.cache / "images")
            shutil.copy(self.cache / "images" / disk.NAMED, self.folder / "glance" / "disk")
        address = str(NETWORK[10 + len(self.hosts)])
        nic = Nic(
            str(uuid.uuid4()), self.network, f"fa:16:3e:00:00:{10 + len(self.hosts):02x}", 1450, [Address(address, 24)]
        )
        key = (self.keys / f"{SYSTEM}.pub").read_text()
        image_id = "disk" if own_kernel else "image"
        machine = Machine(str(uuid.uuid4()), name, image_id, key, SYSTEM, [nic])
        record = HostRecord(name, SYSTEM, "H99.05", "dmz", address, image.USER, machine.uuid, 3)
        self.hosts.append(record)
        self._spawn(machine)
        return record

    def renew(self, host: HostRecord) -> None:
        """Back to the untouched disk."""
        self.close(host)
        self.level = 0
        self._spawn(self.machines.known[host.server_id])

    def _spawn(self, machine: Machine) -> None:
        self.machines.spawn(machine)
        operator = f"{self.machines.id}-op"
        if not netns.exists(operator):
            netns.add(operator)
            bridge = link_name("b", self.network)
            wanted = [f"link add op mtu 1450 type veth peer name host0 mtu 1450 netns {operator}"]
            netns.batch(self.machines.l2, [*wanted, f"link set op master {bridge} up"])
            netns.batch(operator, ["link set host0 up", f"addr add {OPERATOR}/24 dev host0"])
        access.write(self.machines, self.keys)
        config = self.machines.state / "ssh_config"
        config.write_text(config.read_text().replace("nc -F -w 30", "nc -F -w 8"))  # tests lock themselves out often

    def variables(self, level: int = 3, **more: Any) -> dict[str, dict[str, Any]]:
        """Role variables of every host at this level, as the catalogue resolves them."""
        law = load().role_variables(Level(level), (), self.site, self.bastion)
        return {h.name: {**law, **more} for h in self.hosts}

    def inside(self, host: HostRecord, script: str, *, check: bool = True) -> str:
        """Run a script as root inside the host, without SSH: also when it is locked. Returns what it prints."""
        prefix = self.machines.shell_prefix(self.machines.known[host.server_id])
        done = subprocess.run([*prefix, "sh", "-c", script], capture_output=True, text=True, timeout=INSIDE_S)
        assert done.returncode == 0 or not check, f"{script}\n{done.stdout}{done.stderr}"
        return done.stdout

    def lets_in(self, host: HostRecord, login: str = "", timeout_s: int = 5) -> bool:
        """Whether a new login works now, apart from open connections."""
        from hatang.hosts import ssh_argv

        argv = ssh_argv(self.settings, host, ["true"], anew=True)
        argv[1:1] = ["-o", f"ConnectTimeout={timeout_s}"] + (["-o", f"User={login}"] if login else [])
        if login:
            argv[argv.index("-l") + 1] = login
        try:
            return subprocess.run(argv, capture_output=True, timeout=timeout_s + 5).returncode == 0
        except subprocess.TimeoutExpired:
            return False

    def close(self, host: HostRecord) -> None:
        """End the open connection to a host."""
        config = str(self.settings.ssh_config)
        subprocess.run(["ssh", "-F", config, "-O", "exit", host.name], capture_output=True, timeout=20)

    def job(self, **options: Any) -> list[str]:
        """The command of a hardening run in a process of its own, which a test may kill."""
        file = self.folder / "job.json"
        hosts = [vars(h) for h in self.hosts]
        file.write_text(json.dumps({"state": str(self.folder), "hosts": hosts, **options}))
        return [sys.executable, "-m", "tests.integration.hosts.job", str(file)]

    def down(self) -> None:
        """Stop everything and remove it."""
        for host in self.hosts:
            self.close(host)
        self.machines.halt_all()
        shutil.rmtree(sockets.folder(self.machines.id), ignore_errors=True)
        discard(self.folder)


def run(lone: Lone, level: int = 3, variables: dict[str, Any] | None = None, **options: Any) -> HardenResult:
    """Harden the host to a level."""
    lone.level = 0
    given = variables or lone.variables(level)
    done = harden(lone.settings, lone.site, lone.hosts, given, log=lone.folder / "harden.log", **options)
    lone.level = 0 if variables or options else level
    return done


def at_level_3(lone: Lone) -> None:
    """The host is hardened to level 3, if need be by a run now."""
    if lone.level != 3:
        run(lone)
