"""Records of the registry → inputs of the stacks: pure, so that a plan needs no more than the site's ids."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv6Address
from typing import Any

from hatang.catalogue.zones import zone_matrix
from hatang.errors import StepError
from hatang.model.allocation import Allocation, HostAllocation
from hatang.model.site import Site
from hatang.policies.rules.groups import Places, Rule, rules_of
from hatang.policies.rules.ways import in_force, routes_of_ways, rules_of_ways
from hatang.registry import SystemRecord
from hatang.stacks.components.groups import GroupArgs
from hatang.stacks.components.host import HostArgs, KeptVolumeArgs
from hatang.stacks.components.published import PublishedArgs
from hatang.stacks.components.quota import QuotaArgs
from hatang.stacks.components.ways import WaysArgs
from hatang.stacks.components.zone import ZoneArgs
from hatang.stacks.system.config import HostPlace, SystemConfig


def places(site: Site, record: SystemRecord, allocation: Allocation) -> Places:
    """Prefixes behind the words of the zone matrix, for one system."""
    zones = {z.kind.value: (z.cidr, z.cidr_v6) for z in allocation.zones}
    return Places.of(site.services, site.pool(record.agency.branch).bastion, zones)


def group_rules(site: Site, record: SystemRecord) -> dict[str, tuple[Rule, ...]]:
    """Rules of the security group of each zone, exactly as the matrix says."""
    allocation = _allocated(record)
    matrix = zone_matrix()
    zones = tuple(z.kind for z in allocation.zones)
    flows = matrix.flows(zones, record.spec.public)
    where = places(site, record, allocation)
    denied = matrix.denies_egress(record.spec.level)
    return {z.value: rules_of(z.value, flows, where, denied) for z in zones}


def ways(record: SystemRecord, landing: dict[str, Any]) -> WaysArgs | None:
    """What the ways of a system that hold want of its stack; None: there are none.

    Args:
        landing: outputs of the stack `site`.

    Raises:
        StepError: the landing has no interconnect network for the branch.
    """
    name, held = record.spec.name, in_force(record.ways)
    if not held:
        return None
    branch = landing["branches"][record.agency.branch.value]
    if not branch.get("interconnect_network"):
        raise StepError(f"the landing has no interconnect network for branch {record.agency.branch.value}",
            where=f"system {name}", do="hatang site apply")  # fmt: skip
    own = held[0].source if held[0].source.system == name else held[0].destination
    return WaysArgs(
        port_name=f"ways-{name}",
        owner_id=landing["bastion_project_id"],
        network_id=branch["interconnect_network"],
        subnet_v4_id=branch["interconnect_subnet_v4"],
        subnet_v6_id=branch["interconnect_subnet_v6"],
        address=own.router,
        address_v6=own.router_v6,
        requests=tuple(w.id for w in held),
        routes=routes_of_ways(name, held),
        rules=rules_of_ways(name, held),
    )


def system_config(
    site: Site,
    record: SystemRecord,
    *,
    landing: dict[str, Any],
    agency: dict[str, Any],
    role_ids: dict[str, str],
    user_id: str,
    public_key: str,
    volume_types: Sequence[str],
) -> SystemConfig:
    """Inputs of the stack `system`.

    Args:
        landing: outputs of the stack `site`.
        agency: outputs of the stack `agency`.
        volume_types: all of the region, whoever made them.
    """
    spec, allocation = record.spec, _allocated(record)
    branch = landing["branches"][record.agency.branch.value]
    rules = group_rules(site, record)
    external = way_out.name if (way_out := site.way_out(spec.public)) else ""
    return SystemConfig(
        name=spec.name,
        title=spec.title.vi,
        level=int(spec.level),
        environment=spec.environment.value,
        domain_id=agency["domain_id"],
        administrators_id=agency["administrators_id"],
        auditors_id=agency["auditors_id"],
        automation_user_id=user_id,
        role_ids=role_ids,
        external_network_id=landing["external_networks"].get(external, ""),
        bastion_project_id=landing["bastion_project_id"],
        bastion_network_id=branch["bastion_network"],
        bastion_subnet_id=branch["bastion_subnet"],
        bastion_address=allocation.bastion_address,
        public_key=public_key,
        quota=quota(site, record, sum(len(r) for r in rules.values()), volume_types),
        zones={
            z.kind.value: ZoneArgs(
                network_name=f"{spec.name}-{z.kind.value}",
                cidr=z.cidr,
                cidr_v6=z.cidr_v6,
                pool_v4=branch["pool_v4"],
                pool_v6=branch["pool_v6"],
                dns=tuple(a for a in site.services.dns_servers if a.version == 4),
                tags=("hatang", f"zone-{z.kind.value}"),
            )
            for z in allocation.zones
        },
        ways=ways(record, landing),
        held=record.held,
        groups={z: GroupArgs(group_name=f"{spec.name}-{z}", rules=r) for z, r in rules.items()},
        hosts={h.name: _host(site, record, h, landing) for h in allocation.hosts},
        kept_volumes=_kept(site, record),
        published=_published(allocation, external),
    )


def _published(allocation: Allocation, network: str) -> dict[str, PublishedArgs]:
    return {
        h.name: PublishedArgs(address=h.public_address, fixed=h.address, network_name=network)
        for h in allocation.hosts
        if h.public_address is not None
    }


def _kept(site: Site, record: SystemRecord) -> dict[str, KeptVolumeArgs]:
    spec, kind = record.spec, site.volume_type(record.spec.level).name
    return {
        v.host: KeptVolumeArgs(server_name=spec.server_name(v.host), volume_gib=v.volume_gib, volume_type=kind)
        for v in spec.kept_volumes
    }


def _host(site: Site, record: SystemRecord, host: HostAllocation, landing: dict[str, Any]) -> HostPlace:
    spec = record.spec
    asked = {h.name: h for h in spec.hosts}[host.name]
    aggregate = site.aggregate(spec.level)
    return HostPlace(
        zone=host.zone.value,
        args=HostArgs(
            server_name=spec.server_name(host.name),
            zone=host.zone.value,
            address=host.address,
            address_v6=host_address_v6(_allocated(record), host),
            flavor_id=landing["flavors"][asked.flavor],
            image_id=landing["image_id"],
            availability_zone=aggregate.name if aggregate else "",
            volume_gib=asked.volume_gib,
            volume_type=site.volume_type(spec.level).name,
        ),
    )


def host_address_v6(allocation: Allocation, host: HostAllocation) -> IPv6Address:
    """The IPv6 address at the same place in its subnet as the IPv4 address."""
    zone = {z.kind: z for z in allocation.zones}[host.zone]
    return zone.cidr_v6[int(host.address) - int(zone.cidr.network_address)]


def quota(site: Site, record: SystemRecord, rules: int, volume_types: Sequence[str]) -> QuotaArgs:
    """What the project of a system needs, exactly.

    Args:
        rules: of all its security groups.
        volume_types: all of the region.
    """
    flavors = {f.name: f for f in site.flavors}
    hosts, zones = record.spec.hosts, len(_allocated(record).zones)
    volumes = record.spec.data_volumes()
    own_type = site.volume_type(record.spec.level).name
    return QuotaArgs(
        instances=len(hosts),
        cores=sum(flavors[h.flavor].vcpus for h in hosts),
        ram_mib=sum(flavors[h.flavor].ram_gib for h in hosts) * 1024,
        volumes=len(volumes),
        gigabytes=sum(volumes.values()),
        volume_type=own_type,
        other_volume_types=tuple(sorted(set(volume_types) - {own_type})),
        networks=zones,
        subnets=zones * 2,
        ports=zones * 2 + len(hosts) + 1,
        security_groups=zones + 1,
        security_group_rules=rules + 4,
        floating_ips=sum(h.public_address is not None for h in _allocated(record).hosts),
    )


def _allocated(record: SystemRecord) -> Allocation:
    assert record.allocation is not None, "allocate first"
    return record.allocation
