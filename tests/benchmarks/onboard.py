"""How long one system takes through the engine, against the same API calls made straight with openstacksdk.

    make bench-onboard        (or: .venv/bin/python -m tests.benchmarks.onboard --pairs 5)

A level 1 system without servers: project, roles, quotas, router, zones, security groups. Engine and straight calls take
turns on one sandbox cloud; then the engine is asked again without a change. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from hatang import settings
from hatang.catalogue.zones import zone_matrix
from hatang.inputs import load_site
from hatang.model.agency import Agency
from hatang.model.system import System
from hatang.provision.limits import as_config, limits
from hatang.provision.plan import shown
from hatang.provision.provisioner import Provisioner
from hatang.registry import Registry, SystemRecord
from hatang.sandbox.lifecycle import Sandbox
from hatang.stacks.system.config import SystemConfig
from hatang.stacks.system.program import build as build_system

SITE = Path(__file__).resolve().parents[2] / "inventories" / "example" / "site.yaml"
BASE_PORT = 23200


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=5)
    pairs = parser.parse_args().pairs
    cache = settings.load().cache
    with tempfile.TemporaryDirectory(prefix="hb-") as folder:
        sandbox = Sandbox(Path(folder), cache, BASE_PORT)
        try:
            sandbox.up(lambda text: print(text, file=sys.stderr), with_hosts=False)
            own = settings.load(state_dir=Path(folder), clouds_file=sandbox.clouds_file, cloud="hatang")
            print(json.dumps(measure(own, pairs)))
        finally:
            sandbox.down(wipe=True)
    return 0


def measure(own: settings.Settings, pairs: int) -> dict[str, Any]:
    """Turns of engine and straight calls; seconds and ratios."""
    provisioner = Provisioner(own, load_site(SITE, own.cache))
    provisioner.apply_site()
    registry = Registry.open(own.registry)
    engine, straight, again, resources = [], [], [], 0
    for i in range(pairs + 1):  # the first pair warms up and is not counted
        record = _record(registry, provisioner, f"do-{i}")
        if i == 0:
            provisioner.apply_agency(record.agency)
        config = provisioner._system_config(record)
        seconds, resources = _engine(provisioner, record, config)
        unchanged, _ = _engine(provisioner, record, config)
        by_hand = _straight(provisioner, config, f"tay-{i}")
        print(
            f"pair {i}: engine {seconds:.2f} s, straight {by_hand:.2f} s, unchanged {unchanged:.2f} s", file=sys.stderr
        )
        if i:
            engine.append(seconds)
            straight.append(by_hand)
            again.append(unchanged)
    ratios = [round(e / s, 2) for e, s in zip(engine, straight, strict=True)]
    return {
        "benchmark": "onboard", "pairs": pairs, "resources": resources,
        "engine_s": round(statistics.median(engine), 2), "straight_s": round(statistics.median(straight), 2),
        "ratio": statistics.median(ratios), "ratios": ratios, "unchanged_s": round(statistics.median(again), 2),
    }  # fmt: skip


def _record(registry: Registry, provisioner: Provisioner, name: str) -> SystemRecord:
    from hatang.model.request import RequestFile

    text = {"vi": "Đo (ví dụ)", "en": "Measured (example)"}
    agency = Agency.model_validate(
        {"code": "H99.09", "name": text, "branch": "committee", "tier": "province", "contact": "do@vi-du.example"}
    )
    system = System.model_validate(
        {
            "name": name, "title": text, "owner": "Chủ quản ví dụ", "operator": "Vận hành ví dụ", "level": 1,
            "criteria": ["public-information-only"], "hosts": [{"name": "web", "zone": "dmz"}],
        }
    )  # fmt: skip
    registry.submit(RequestFile(kind="new-system", requested_by="nguoi-do.vi-du", agency=agency, system=system), "")
    zones = zone_matrix().zones(system.level, system.document_storage)
    registry.allocate(name, provisioner.site, zones)
    return registry.system(name)


def _engine(provisioner: Provisioner, record: SystemRecord, config: SystemConfig) -> tuple[float, int]:
    config = config.model_copy(update={"hosts": {}})
    begun = time.monotonic()
    report = provisioner.engine.up(
        provisioner._system_stack(record),
        lambda: build_system(config),
        config.model_dump(mode="json"),
        refresh=False,
        log=provisioner.settings.log_dir / "bench.log",
        pack_config=as_config(limits(provisioner.site, provisioner.cloud.role_ids)),
    )
    return time.monotonic() - begun, sum(shown(report).values())


def _straight(provisioner: Provisioner, config: SystemConfig, name: str) -> float:
    """The same objects, one call after the other, as a script with openstacksdk would make them."""
    c: Any = provisioner.cloud.connection
    begun = time.monotonic()
    project = c.identity.create_project(name=name, domain_id=config.domain_id, tags=["hatang"])
    for group, role in ((config.administrators_id, "member"), (config.auditors_id, "reader")):
        c.identity.assign_project_role_to_group(project.id, group, config.role_ids[role])
    c.identity.assign_project_role_to_user(project.id, config.automation_user_id, config.role_ids["member"])
    c.compute.update_quota_set(project.id, cores=4, instances=4, ram=4096)
    c.network.update_quota(project.id, networks=30, subnets=40, ports=60, routers=12, security_groups=30)
    c.block_storage.update_quota_set(project.id, volumes=4, gigabytes=100)
    router = c.network.create_router(
        name=name, project_id=project.id, external_gateway_info={"network_id": config.external_network_id}
    )
    address = str(config.bastion_address + 100)
    fixed = [{"subnet_id": config.bastion_subnet_id, "ip_address": address}]
    leg = c.network.create_port(
        name=name, network_id=config.bastion_network_id, project_id=config.bastion_project_id, fixed_ips=fixed,
        security_group_ids=[],
    )  # fmt: skip
    c.network.add_interface_to_router(router, port_id=leg.id)
    for kind, zone in config.zones.items():
        _straight_zone(c, name, kind, zone, project.id, router)
    for kind, group in config.groups.items():
        made = c.network.create_security_group(name=f"{name}-{kind}", project_id=project.id)
        for rule in made.security_group_rules:
            c.network.delete_security_group_rule(rule["id"])
        for r in group.rules:
            c.network.create_security_group_rule(
                security_group_id=made.id, project_id=project.id, direction=r.direction, ether_type=r.ethertype,
                protocol=r.protocol or None, port_range_min=r.port, port_range_max=r.port, remote_ip_prefix=r.remote,
            )  # fmt: skip
    return time.monotonic() - begun


def _straight_zone(c: Any, name: str, kind: str, zone: Any, project: str, router: Any) -> None:
    network = c.network.create_network(name=f"{name}-{kind}", project_id=project)
    fixed = []
    for version, pool, length in ((4, zone.pool_v4, 26), (6, zone.pool_v6, 64)):
        subnet = c.network.create_subnet(
            network_id=network.id, project_id=project, ip_version=version, subnet_pool_id=pool, prefix_length=length,
            is_dhcp_enabled=False,
        )  # fmt: skip
        fixed.append({"subnet_id": subnet.id, "ip_address": subnet.gateway_ip})
    port = c.network.create_port(network_id=network.id, project_id=project, fixed_ips=fixed, security_group_ids=[])
    c.network.add_interface_to_router(router, port_id=port.id)


if __name__ == "__main__":
    sys.exit(main())
