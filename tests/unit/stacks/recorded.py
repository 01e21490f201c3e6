"""Runs the programs of the stacks under Pulumi's mocks, for their shape; tests/integration has their real twins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pulumi

from hatang.catalogue.zones import zone_matrix
from hatang.inputs import load_site
from hatang.model.agency import Agency
from hatang.model.allocation import Allocation, HostAllocation, ZoneAllocation
from hatang.model.interconnect import Interconnect
from hatang.model.site import Site
from hatang.model.system import System
from hatang.provision import configs
from hatang.registry import SystemRecord
from hatang.stacks.agency.config import AgencyConfig
from hatang.stacks.agency.program import build as build_agency
from hatang.stacks.site.config import SiteConfig
from hatang.stacks.site.program import build as build_site
from hatang.stacks.system.config import SystemConfig
from hatang.stacks.system.program import build as build_system

SITE = Path(__file__).resolve().parents[3] / "inventories" / "example" / "site.yaml"
ROLES = {"manager": "role-manager", "member": "role-member", "reader": "role-reader"}
TEXT = {"vi": "Thử (ví dụ)", "en": "Test (example)"}


@dataclass(frozen=True)
class Made:
    """One resource that a program declared."""

    type: str
    name: str
    inputs: dict[str, Any]


class Recorder(pulumi.runtime.Mocks):
    """Keeps what is declared; every resource gets its name as id."""

    def __init__(self) -> None:
        self.made: list[Made] = []

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        self.made.append(Made(args.typ, args.name, dict(args.inputs)))
        return f"id-{args.name}", dict(args.inputs)

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        return {}, None


def record(program: Callable[[], None]) -> list[Made]:
    """What a program declares."""
    recorder = Recorder()
    pulumi.runtime.set_mocks(recorder)
    run: Any = pulumi.runtime.test  # the SDK leaves it untyped
    run(program)()
    return [m for m in recorder.made if m.type != "pulumi:pulumi:Stack"]


def site() -> Site:
    """The example site."""
    return load_site(SITE, Path("/cache"))


def system_record(level: int = 3, *, public: bool = False, document_storage: bool = False) -> SystemRecord:
    """A system with two servers, one of them with a volume, and addresses as the registry gives them."""
    asked = System.model_validate(
        {
            "name": "thu", "title": TEXT, "owner": "Chủ quản ví dụ", "operator": "Vận hành ví dụ", "level": level,
            "criteria": ["private-information" if level > 1 else "public-information-only"],
            "public": public, "document_storage": document_storage,
            "hosts": [
                {"name": "app", "zone": "application", "volume_gib": 5}, {"name": "web", "zone": "dmz"},
                *([{"name": "gateway", "zone": "border"}] if public else []),
            ],
        }
    )  # fmt: skip
    agency = Agency.model_validate(
        {"code": "H99.01", "name": TEXT, "branch": "committee", "tier": "province", "contact": "thu@vi-du.example"}
    )
    pool = site().pool(agency.branch)
    block = next(pool.prefix.subnets(new_prefix=22))
    kinds = zone_matrix().zones(asked.level, document_storage, public)
    v4, v6 = list(block.subnets(new_prefix=26)), pool.prefix_v6.subnets(new_prefix=64)
    zones = tuple(ZoneAllocation(kind=k, cidr=n, cidr_v6=next(v6)) for k, n in zip(kinds, v4, strict=False))
    where = {z.kind: z.cidr for z in zones}
    out = {"gateway": IPv4Address("203.0.113.128")}
    hosts = tuple(
        HostAllocation(name=h.name, zone=h.zone, address=where[h.zone][10], public_address=out.get(h.name))
        for h in asked.hosts
    )
    allocation = Allocation(block=block, bastion_address=IPv4Address("10.75.255.10"), zones=zones, hosts=hosts)
    return SystemRecord(spec=asked, agency=agency, request_id="r", state="submitted", allocation=allocation)


def system_config(asked: SystemRecord) -> SystemConfig:
    """Inputs of the stack `system`, with ids of a landing that does not exist."""
    here = site()
    ids = {"pool_v4": "pool-4", "pool_v6": "pool-6", "bastion_network": "bastion", "bastion_subnet": "bastion-subnet"}
    ids |= {"interconnect_network": "ways", "interconnect_subnet_v4": "ways-4", "interconnect_subnet_v6": "ways-6"}
    landing = {
        "branches": {b.branch.value: ids for b in here.branches},
        "external_networks": {e.name: f"net-{e.name}" for e in here.external_networks},
        "flavors": {f.name: f"flavor-{f.name}" for f in here.flavors},
        "image_id": "image", "bastion_project_id": "bastion-project",
    }  # fmt: skip
    agency = {"domain_id": "domain", "administrators_id": "administrators", "auditors_id": "auditors"}
    return configs.system_config(
        here,
        asked,
        landing=landing,
        agency=agency,
        role_ids=ROLES,
        user_id="automation",
        public_key="ssh-ed25519 AAAA",
        volume_types=["__DEFAULT__", *(v.name for v in here.volume_types)],
    )


@cache
def record_system(level: int = 3, *, public: bool = False, document_storage: bool = False) -> list[Made]:
    """What the stack `system` declares."""
    config = system_config(system_record(level, public=public, document_storage=document_storage))
    return record(lambda: build_system(config))


def way(ident: str = "w1", **more: Any) -> Interconnect:
    """A way from the zone application of the system to one host of another: two ports."""
    asked = system_record()
    assert asked.allocation is not None
    zone = next(z for z in asked.allocation.zones if z.kind.value == "application")
    far = ["10.72.8.10/32", "2001:db8:c000:40::a/128"]
    return Interconnect.model_validate({
        "id": ident, "protocol": "tcp", "ports": [8443, 9443], "until": "2027-06-30",
        "source": {"system": "thu", "level": 3, "zone": "application", "networks": [str(zone.cidr), str(zone.cidr_v6)],
                   "router": "10.75.254.10", "router_v6": "2001:db8:c000::a"},
        "destination": {"system": "kia", "level": 3, "zone": "dmz", "networks": far,
                        "router": "10.75.254.11", "router_v6": "2001:db8:c000::b"},
    } | more)  # fmt: skip


def record_joined(*ways: Interconnect, level: int = 3) -> list[Made]:
    """What the stack `system` declares with these ways."""
    config = system_config(replace(system_record(level), ways=ways))
    return record(lambda: build_system(config))


def record_site() -> list[Made]:
    """What the stack `site` declares."""
    config = SiteConfig(site=site(), image_file="/image.raw", role_ids=ROLES)
    return record(lambda: build_site(config))


def record_agency() -> list[Made]:
    """What the stack `agency` declares."""
    config = AgencyConfig(agency=system_record().agency, role_ids=ROLES)
    return record(lambda: build_agency(config))


@cache
def record_all() -> tuple[Made, ...]:
    """Everything that any stack declares."""
    return (*record_site(), *record_agency(), *record_system(public=True, document_storage=True), *record_joined(way()))
