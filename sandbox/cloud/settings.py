"""Parameters of one local cloud: where it lives, which ports, which services.

Only the standard library is used here, because both sides import this module: the manager (any Python >= 3.11)
and the service processes (the OpenStack virtual environment).
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


@dataclass(frozen=True)
class ServiceInfo:
    """What the rest of the package must know about one OpenStack service."""

    port_offset: int
    catalog_type: str
    catalog_path: str
    databases: tuple[str, ...]
    needs: tuple[str, ...] = ()


SERVICES: dict[str, ServiceInfo] = {
    "keystone": ServiceInfo(0, "identity", "/v3", ("keystone",)),
    "placement": ServiceInfo(1, "placement", "", ("placement",)),
    "glance": ServiceInfo(2, "image", "", ("glance",)),
    "nova": ServiceInfo(
        3, "compute", "/v2.1", ("nova_api", "nova_cell0", "nova_cell1"), ("placement", "glance", "neutron")
    ),
    "neutron": ServiceInfo(4, "network", "", ("neutron",)),
    "cinder": ServiceInfo(5, "block-storage", "/v3", ("cinder",), ("glance",)),
    "barbican": ServiceInfo(6, "key-manager", "", ("barbican",)),
    "octavia": ServiceInfo(7, "load-balancer", "", ("octavia",), ("neutron",)),
    "designate": ServiceInfo(8, "dns", "", ("designate",)),
}
CORE = ("keystone", "placement", "glance", "nova", "neutron", "cinder")


@dataclass(frozen=True)
class Settings:
    """All parameters of one cloud. Two clouds may run side by side when state_dir and base_port differ.

    Ports are base_port + SERVICES[name].port_offset, so leave at least ten ports between two clouds.
    overrides adds or replaces configuration: {"neutron": {"DEFAULT": {"service_plugins": "router,qos"}}}.
    """

    state_dir: Path
    venv: Path
    base_port: int = 15000
    services: tuple[str, ...] = tuple(SERVICES)
    log_level: str = "INFO"
    host: str = "127.0.0.1"
    region: str = "RegionOne"
    admin_password: str = "golden"  # of the golden state; every sandbox gets one of its own (lifecycle.py)
    compute_hosts: tuple[str, ...] = ("compute-1", "compute-2")
    agent_socket: str = ""  # of the hosts' agent (sandbox.hosts); empty: servers are Nova-only
    api_threads: int = 16
    token_cache_seconds: int = 300
    overrides: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        unknown = [s for s in self.services if s not in SERVICES]
        if unknown:
            raise ValueError(f"unknown services: {unknown}; known: {list(SERVICES)}")
        normal = {
            "state_dir": Path(self.state_dir).absolute(),
            "venv": Path(self.venv).absolute(),
            "services": tuple(s for s in SERVICES if s in self.services),  # always in the same order
            "compute_hosts": tuple(self.compute_hosts),
        }
        for name, value in normal.items():
            object.__setattr__(self, name, value)  # the way to do it in a frozen dataclass
        if "keystone" not in self.services:
            raise ValueError("keystone is always needed")
        for name in self.services:
            missing = [n for n in SERVICES[name].needs if n not in self.services]
            if missing:
                raise ValueError(f"{name} needs {missing}")
        if self.log_level not in LOG_LEVELS:
            raise ValueError(f"log_level must be one of {LOG_LEVELS}")
        if not 1024 <= self.base_port <= 32700:
            raise ValueError("base_port must lie in 1024..32700; the kernel gives higher ports to outgoing connections")
        if " " in str(self.state_dir) or "%" in str(self.state_dir):
            raise ValueError("state_dir must not contain blanks or percent signs (it goes into ini files)")

    # -- places and addresses ---------------------------------------------------------------------------------------
    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"

    @property
    def etc(self) -> Path:
        return self.state_dir / "etc"

    @property
    def log(self) -> Path:
        return self.state_dir / "log"

    @property
    def run(self) -> Path:
        return self.state_dir / "run"

    @property
    def var(self) -> Path:
        return self.state_dir / "var"

    @property
    def db(self) -> Path:
        return self.state_dir / "db"

    def port(self, service: str) -> int:
        return self.base_port + SERVICES[service].port_offset

    def url(self, service: str) -> str:
        """Endpoint as published in the catalogue."""
        return f"http://{self.host}:{self.port(service)}{SERVICES[service].catalog_path}"

    @property
    def auth_url(self) -> str:
        return self.url("keystone")

    def database_url(self, name: str) -> str:
        return f"sqlite:///{self.db}/{name}.sqlite?timeout=60"

    # -- persistence ------------------------------------------------------------------------------------------------
    @property
    def file(self) -> Path:
        return self.state_dir / "settings.json"

    def to_json(self) -> str:
        data = dataclasses.asdict(self)
        data.update(state_dir=str(self.state_dir), venv=str(self.venv))
        return json.dumps(data, indent=1, sort_keys=True)

    def save(self) -> None:
        new = self.file.with_suffix(".new")
        new.touch(mode=0o600)
        new.write_text(self.to_json() + "\n")
        new.replace(self.file)

    @classmethod
    def load(cls, state_dir: Path | str) -> Settings:
        """Settings recorded when this state was created."""
        data = json.loads((Path(state_dir) / "settings.json").read_text())
        if not os.path.exists(data["state_dir"]) or not os.path.samefile(data["state_dir"], state_dir):
            raise ValueError(f"made as {data['state_dir']} and moved since; use a snapshot instead")
        return cls(**data)
