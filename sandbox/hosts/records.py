"""What the agent knows of a host. Written before anything is made, so that a crash leaves only what is on record."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .programs import HostsError, write_json


@dataclass(frozen=True)
class Address:
    """One fixed address of a port."""

    ip: str
    prefix: int
    gateway: str = ""


@dataclass(frozen=True)
class Nic:
    """One Neutron port of a host."""

    port: str
    network: str
    mac: str
    mtu: int
    addresses: list[Address]


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
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def short(self) -> str:
        """Eight letters that name its links, namespace and folder."""
        return self.uuid.replace("-", "")[:8]

    @property
    def address(self) -> str:
        """The first IPv4 address."""
        for nic in self.nics:
            for address in nic.addresses:
                if ":" not in address.ip:
                    return address.ip
        raise HostsError(f"{self.name} has no IPv4 address")


def from_dict(raw: dict[str, Any]) -> Machine:
    """A machine from JSON, as the driver sends it and as the record holds it."""
    nics = [Nic(**{**n, "addresses": [Address(**a) for a in n["addresses"]]}) for n in raw["nics"]]
    return Machine(**{**raw, "nics": nics})


def load_all(folder: Path) -> dict[str, Machine]:
    """All machines on record, by uuid."""
    found = [from_dict(json.loads(p.read_text())) for p in sorted(folder.glob("*/record.json"))]
    return {m.uuid: m for m in found}


def save(folder: Path, machine: Machine) -> None:
    """Record a machine."""
    (folder / machine.short).mkdir(parents=True, exist_ok=True)
    write_json(folder / machine.short / "record.json", asdict(machine))
