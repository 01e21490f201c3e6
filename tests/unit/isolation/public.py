"""A public system with a host in the zone border, as the registry knows it and as a cloud may hold it."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv6Network
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hatang import settings
from hatang.inputs import load_site
from hatang.model.agency import Agency
from hatang.model.allocation import Allocation, HostAllocation, ZoneAllocation
from hatang.model.system import System
from hatang.model.terms import ZoneKind
from hatang.policies.checks.expected import CheckedSystem
from hatang.policies.checks.live_cloud import Live
from hatang.registry import SystemRecord

SITE = load_site(Path(__file__).resolve().parents[3] / "inventories" / "example" / "site.yaml", settings.load().cache)
TEXT = {"vi": "Hệ thống thử", "en": "System on trial"}
PUBLIC, FRONT, WEB = "203.0.113.8", "10.72.0.10", "10.72.0.74"
PROJECT = "project-of-thu"


def record(public: bool = True, level: int = 3) -> SystemRecord:
    """The system, with its addresses."""
    spec = System.model_validate({
        "name": "thu", "title": TEXT, "owner": "Chủ quản ví dụ", "operator": "Vận hành ví dụ", "level": level,
        "criteria": ["private-information"], "public": public,
        "hosts": [{"name": "front", "zone": "border"}, {"name": "web", "zone": "dmz"}],
    })  # fmt: skip
    agency = Agency.model_validate(
        {"code": "H99.01", "name": TEXT, "branch": "committee", "tier": "province", "contact": "thu@vi-du.example"}
    )
    cidrs = {ZoneKind.BORDER: ("10.72.0.0/26", 1), ZoneKind.DMZ: ("10.72.0.64/26", 2)}
    zones = tuple(
        ZoneAllocation.model_validate({"kind": k, "cidr": n, "cidr_v6": IPv6Network((0xFD << 120 | i << 64, 64))})
        for k, (n, i) in cidrs.items()
    )
    hosts = (
        HostAllocation(name="front", zone=ZoneKind.BORDER, address=FRONT, public_address=PUBLIC if public else None),
        HostAllocation(name="web", zone=ZoneKind.DMZ, address=WEB),
    )
    allocation = Allocation.model_validate(
        {"block": "10.72.0.0/22", "bastion_address": IPv4Address("10.75.255.10"), "zones": zones, "hosts": hosts}
    )
    return SystemRecord(spec, agency, "r", "in-operation", allocation)


class Network:
    """Stands where Neutron does: lists what it was given."""

    def __init__(self, *floating: Any) -> None:
        self.floating = list(floating)
        self.lists = {
            "address_scopes": [SimpleNamespace(id=f"scope-{v}", name=f"committee-{v}") for v in (4, 6)],
            "networks": [
                SimpleNamespace(
                    id=zone, name=f"thu-{zone}", is_router_external=False, project_id=PROJECT,
                    ipv4_address_scope_id="scope-4", ipv6_address_scope_id="scope-6",
                ) for zone in ("border", "dmz")
            ],
            "ports": [port("front", "border", FRONT), port("web", "dmz", WEB)],
        }  # fmt: skip

    def ips(self) -> list[Any]:
        """Floating IPs of everybody."""
        return self.floating

    def networks(self, **query: Any) -> list[Any]:
        """Networks of the project, or external ones."""
        return [] if query.get("is_router_external") else self.lists["networks"]

    def __getattr__(self, kind: str) -> Any:
        return lambda **_query: self.lists.get(kind, [])


def port(host: str, zone: str, address: str) -> Any:
    """The port of a host's server."""
    return SimpleNamespace(
        id=f"port-{host}", name=f"thu-{host}", network_id=zone, project_id=PROJECT, device_owner="compute:nova",
        fixed_ips=[{"subnet_id": f"{zone}-4", "ip_address": address}],
    )  # fmt: skip


def floating(address: str, host: str = "", fixed: str = "", project: str = PROJECT) -> Any:
    """A floating IP; without a host it leads nowhere."""
    return SimpleNamespace(
        floating_ip_address=address, port_id=f"port-{host}" if host else None, fixed_ip_address=fixed or None,
        project_id=project,
    )  # fmt: skip


def live(known: SystemRecord, *floating: Any) -> Live:
    """What the cloud holds of the system."""
    system = CheckedSystem(known.spec, known.agency, known.allocation, SITE, {}, {"project_id": PROJECT}, {})
    return Live(SimpleNamespace(network=Network(*floating)), system)  # type: ignore[arg-type]


def held(known: SystemRecord) -> SystemRecord:
    """The system, suspended."""
    return replace(known, held=True, state="suspended")
