"""What the agent knows of a host. Written before anything is made, so that a crash leaves only what is on record."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from .programs import write_json


@dataclass(frozen=True)
class Address:
    """One fixed address of a port."""

    ip: str
    prefix: int
    gateway: str = ""


@dataclass(frozen=True)
class Nic:
    """One Neutron port of a host; `routes` are its subnets' host routes: (destination, next hop)."""

    port: str
    network: str
    mac: str
    mtu: int
    addresses: list[Address]
    routes: list[list[str]] = field(default_factory=list)


@dataclass
class Machine:
    """One host: a Nova server."""

    uuid: str
    name: str
    image: str  # Glance id
    key: str  # public key of the Nova keypair
    key_name: str
    nics: list[Nic]
    power: bool = True  # what Nova wants
    pid: int = 0
    problem: str = ""
    own_kernel: bool = False  # under qemu, as its image says; else systemd-nspawn

    @property
    def short(self) -> str:
        """Eight letters that name its links, namespace and folder."""
        return self.uuid.replace("-", "")[:8]

    @property
    def address(self) -> str:
        """The first IPv4 address, else the first address, else nothing: a server may be without a network."""
        found = [a.ip for nic in self.nics for a in nic.addresses]
        return next((ip for ip in found if ":" not in ip), found[0] if found else "")


def from_dict(raw: dict[str, Any]) -> Machine:
    """A machine from JSON, as the driver sends it and as a record holds it; fields of another version are dropped."""
    known = {f.name for f in fields(Machine)}
    return Machine(**{**{k: v for k, v in raw.items() if k in known}, "nics": nics_from(raw["nics"])})


def nics_from(raw: list[dict[str, Any]]) -> list[Nic]:
    """Ports from JSON."""
    return [Nic(**{**n, "addresses": [Address(**a) for a in n["addresses"]]}) for n in raw]


def load_all(folder: Path) -> dict[str, Machine]:
    """All machines on record, by uuid."""
    found = [from_dict(json.loads(p.read_text())) for p in sorted(folder.glob("*/record.json"))]
    return {m.uuid: m for m in found}


def save(folder: Path, machine: Machine) -> None:
    """Record a machine."""
    (folder / machine.short).mkdir(parents=True, exist_ok=True)
    write_json(folder / machine.short / "record.json", asdict(machine))
