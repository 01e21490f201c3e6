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
from hatang.hosts import HardenResult, harden, wait_for_hosts
from hatang.hosts.inventory import inventory
from hatang.hosts.variables import ROLES
from hatang.inputs import load_site
from hatang.model.shared_service import BackupStore
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
class Store:
    """A store of copies: its machine, as the site file names it, and which hosts it knows."""

    record: HostRecord
    named: BackupStore
    admitted: list[dict[str, str]] = field(default_factory=list)


@dataclass
class Lone:
    """A place with hosts. `down` leaves nothing behind."""

    folder: Path
    hosts: list[HostRecord] = field(default_factory=list)
    level: int = 0  # to which the hosts are hardened; 0: not known
    store: Store | None = None

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
        """The example site; with a store of copies once there is one, and what a disk with a kernel brings."""
        found = load_site(ROOT / "inventories" / "example" / "site.yaml", self.cache)
        if self.store is not None:
            services = found.services.model_copy(update={"backup_store": self.store.named})
            found = found.model_copy(update={"services": services})
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
        record = self._boot(name, 10 + len(self.hosts), "disk" if own_kernel else "image")
        self.hosts.append(record)
        return record

    def add_store(self) -> Store:
        """Boot a store of copies, which is none of the hosts; it takes copies once `admit` was called."""
        record = self._boot("kho", 200)
        wait_for_hosts(self.settings, [record])
        kind, key, *_ = self.inside(record, "cat /etc/ssh/ssh_host_ed25519_key.pub").split()
        named = BackupStore.model_validate({"address": record.address, "host_key": f"{kind} {key}"})
        self.store = Store(record, named)
        return self.store

    def admit(self) -> None:
        """Tell the store the keys of all hosts, as its operator does: the playbook, with what `store-keys` shows."""
        assert self.store is not None
        rows = []
        for host in self.hosts:
            kind, key, *_ = self.inside(host, "cat /etc/hatang-backup.ssh.pub").split()
            rows.append({"name": host.name, "key": f"{kind} {key}"})
        if rows == self.store.admitted:
            return
        values, known = self.folder / "store.json", self.folder / "store-inventory.json"
        values.write_text(json.dumps({"copies_store_hosts": rows}))
        known.write_text(json.dumps(inventory(self.settings, [self.store.record], {})))
        done = subprocess.run(
            [Path(sys.executable).with_name("ansible-playbook"), "-i", known, ROLES / "store.yml", "-e", f"@{values}"],
            capture_output=True, text=True, timeout=300, check=False,
            env=settings.environment(ANSIBLE_CONFIG=str(ROLES / "ansible.cfg"), ANSIBLE_HOME=str(self.folder / "home")),
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        self.store.admitted = rows

    def _boot(self, name: str, place: int, image_id: str = "image") -> HostRecord:
        address = str(NETWORK[place])
        nic = Nic(str(uuid.uuid4()), self.network, f"fa:16:3e:00:00:{place:02x}", 1450, [Address(address, 24)])
        key = (self.keys / f"{SYSTEM}.pub").read_text()
        machine = Machine(str(uuid.uuid4()), name, image_id, key, SYSTEM, [nic])
        record = HostRecord(name, SYSTEM, "H99.05", "dmz", address, image.USER, machine.uuid, 3)
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
        return {h.name: {**law, **self.flows(), **more} for h in self.hosts}

    def flows(self) -> dict[str, Any]:
        """What the firewall of hosts lets out to the store; nothing more: there are no zones here."""
        ends = self.site.services.ends.get("store", ())
        flows = [{"protocol": "tcp", "port": port, "destination": f"{address}/32"} for address, port in ends]
        return {"firewall_outbound": flows} if flows else {}

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
        for host in [*self.hosts, *([self.store.record] if self.store else [])]:
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
