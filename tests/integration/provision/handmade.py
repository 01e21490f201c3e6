"""A tenant as an agency's administrators might have made it by hand: plain calls of openstacksdk, no engine.

Its block, the order of its zones and the addresses of its servers are its own; no allocator chose them.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Network
from typing import Any

from openstack.connection import Connection

from hatang.model.allocation import Allocation, HostAllocation, ZoneAllocation
from hatang.model.request import RequestFile
from hatang.model.terms import ZoneKind
from hatang.policies.rules.groups import Rule
from hatang.provision.keys import public_key
from hatang.provision.provisioner import Provisioner
from hatang.stacks.components.quota import QuotaArgs, by_volume_type, headroom
from tests.integration.provision import driver


@dataclass(frozen=True)
class Wanted:
    """What is to be made. Hosts by name: zone, place in its subnet, GiB of data."""

    name: str
    code: str
    level: int
    zones: tuple[str, ...]
    hosts: dict[str, tuple[str, int, int]]
    block: IPv4Network
    block_v6: IPv6Network
    leg: IPv4Address

    def request(self) -> RequestFile:
        """The request that names it as a system."""
        hosts = [{"name": h, "zone": z, "volume_gib": g} for h, (z, _, g) in self.hosts.items()]
        criteria = ["private-information" if self.level > 1 else "public-information-only"]
        system = {
            "name": self.name, "title": driver.TEXT, "owner": "Chủ quản ví dụ", "operator": "Vận hành ví dụ",
            "level": self.level, "criteria": criteria, "hosts": hosts,
        }  # fmt: skip
        agency = {"code": self.code, "name": driver.TEXT, "branch": "committee", "tier": "province",
                  "contact": "thu@vi-du.example"}  # fmt: skip
        file = {"kind": "new-system", "requested_by": "nguoi-thu.vi-du", "agency": agency, "system": system}
        return RequestFile.model_validate(file)

    def allocation(self) -> Allocation:
        """The addresses that it uses."""
        v4, v6 = self.block.subnets(new_prefix=26), self.block_v6.subnets(new_prefix=64)
        zones = tuple(ZoneAllocation(kind=ZoneKind(z), cidr=next(v4), cidr_v6=next(v6)) for z in self.zones)
        cidrs = {z.kind.value: z.cidr for z in zones}
        hosts = tuple(
            HostAllocation(name=h, zone=ZoneKind(z), address=cidrs[z][place])
            for h, (z, place, _) in sorted(self.hosts.items())
        )
        order = list(ZoneKind)  # as the registry gives them out
        zones = tuple(sorted(zones, key=lambda z: order.index(z.kind)))
        return Allocation(block=self.block, bastion_address=self.leg, zones=zones, hosts=hosts)


SMALL = Wanted(
    "lam-tay", "H99.81", 1, ("application", "dmz"), {"app": ("application", 33, 1)},
    IPv4Network("10.74.8.0/22"), IPv6Network("2001:db8:c0aa:100::/60"), IPv4Address("10.75.255.200"),
)  # fmt: skip
LARGE = Wanted(
    "lam-tay-to", "H99.82", 2, ("application", "border", "dmz", "internal", "wireless"),
    {"web": ("dmz", 21, 0), "app": ("application", 33, 1), "job": ("application", 34, 0)},
    IPv4Network("10.74.16.0/22"), IPv6Network("2001:db8:c0aa:200::/60"), IPv4Address("10.75.255.201"),
)  # fmt: skip


@dataclass
class HandMade:
    """What was made, by name."""

    project: str = ""
    router: str = ""
    networks: dict[str, str] = field(default_factory=dict)
    subnets: dict[tuple[str, int], Any] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    servers: dict[str, str] = field(default_factory=dict)


class Hands:
    """Makes a tenant, step by step."""

    def __init__(self, maker: Provisioner, cloud: Connection, wanted: Wanted) -> None:
        self.cloud: Any = cloud
        self.maker, self.name, self.wanted = maker, wanted.name, wanted
        self.addresses = wanted.allocation()
        self.landing = maker.outputs("site", maker.site.name)
        self.branch = self.landing["branches"]["committee"]
        self.made = HandMade()

    def all(self, rules: dict[str, tuple[Rule, ...]]) -> HandMade:
        """The whole tenant, but for its quotas: it has the region's.

        Args:
            rules: of each zone's group; made without any description.
        """
        self.tenancy()
        self.router()
        for given in self.addresses.zones:
            self.zone(given)
        for zone, wanted in rules.items():
            self.group(zone, wanted)
        key = public_key(self.maker.settings, self.name)
        self.cloud.compute.create_keypair(name=self.name, public_key=key)
        for host, (zone, place, gib) in self.wanted.hosts.items():
            self.server(host, zone, place, gib)
        return self.made

    def quotas(self, wanted: QuotaArgs) -> None:
        """Quotas as the site's rule for them says; a tenant that nobody set any for has the region's."""
        project = self.made.project
        compute = {
            "instances": wanted.instances, "cores": wanted.cores, "ram": wanted.ram_mib, "key_pairs": 10,
            "metadata_items": 32, "server_groups": 4, "server_group_members": max(wanted.instances, 1),
            "injected_files": 0, "injected_file_content_bytes": 0, "injected_file_path_bytes": 0,
        }  # fmt: skip
        network = {
            "network": headroom(wanted.networks), "subnet": headroom(wanted.subnets), "port": headroom(wanted.ports),
            "router": headroom(1), "security_group": headroom(wanted.security_groups),
            "security_group_rule": headroom(wanted.security_group_rules), "floatingip": 0, "rbac_policy": 0,
            "subnetpool": 0,
        }  # fmt: skip
        storage = {
            "volumes": wanted.volumes, "gigabytes": wanted.gigabytes,
            "per_volume_gigabytes": max(wanted.gigabytes, 1), "snapshots": wanted.volumes, "backups": wanted.volumes,
            "backup_gigabytes": wanted.gigabytes, "groups": 0, **by_volume_type(wanted),
        }  # fmt: skip
        for service, path, key, body in (
            (self.cloud.compute, "/os-quota-sets", "quota_set", compute),
            (self.cloud.network, "/quotas", "quota", network),
            (self.cloud.block_storage, "/os-quota-sets", "quota_set", storage),
        ):
            answer = service.put(f"{path}/{project}", json={key: body})
            assert answer.status_code == 200, answer.text

    def tenancy(self) -> None:
        """Domain, its groups with their roles, and the project."""
        identity, roles = self.cloud.identity, self.maker.cloud.role_ids
        title, agency = driver.TEXT["vi"], self.wanted.request().agency
        domain = identity.create_domain(name=agency.slug, description=f"{agency.code} {title}")
        tags = ["hatang", f"level-{self.wanted.level}", "environment-operation"]
        project = identity.create_project(name=self.name, domain_id=domain.id, description=title, tags=tags)
        for group, on_domain, on_project in (("administrators", "manager", "member"), ("auditors", "reader", "reader")):
            made = identity.create_group(name=group, domain_id=domain.id)
            identity.assign_domain_role_to_group(domain, made, roles[on_domain])
            identity.assign_project_role_to_group(project, made, roles[on_project])
        identity.assign_project_role_to_user(project, self.maker.cloud.user_id, roles["member"])
        self.made.project = project.id

    def router(self) -> None:
        """The router with its way out and its leg on the bastion network."""
        network = self.cloud.network
        out = {"network_id": self.landing["external_networks"]["tslcd"]}
        router = network.create_router(name=self.name, project_id=self.made.project, external_gateway_info=out)
        leg = network.create_port(
            network_id=self.branch["bastion_network"], project_id=self.landing["bastion_project_id"],
            name=f"router-{self.name}", security_groups=[],
            fixed_ips=[{"subnet_id": self.branch["bastion_subnet"], "ip_address": str(self.wanted.leg)}],
        )  # fmt: skip
        network.add_interface_to_router(router, port=leg.id)
        self.made.router = router.id

    def zone(self, given: ZoneAllocation) -> None:
        """Network, two subnets, and the router's port with both first addresses."""
        zone = given.kind.value
        cidrs: tuple[Any, ...] = (given.cidr, given.cidr_v6)
        network, project, name = self.cloud.network, self.made.project, f"{self.name}-{zone}"
        net = network.create_network(name=name, project_id=project)
        network.set_tags(net, ["hatang", f"zone-{zone}"])
        self.made.networks[zone] = net.id
        dns = [str(a) for a in self.maker.site.services.dns_servers]
        for version, cidr in zip((4, 6), cidrs, strict=True):
            more = {"dns_nameservers": dns} if version == 4 else {}
            self.made.subnets[zone, version] = network.create_subnet(
                network_id=net.id, project_id=project, name=f"{name}-{version}", ip_version=version, cidr=str(cidr),
                subnet_pool_id=self.branch[f"pool_v{version}"], is_dhcp_enabled=False, **more,
            )  # fmt: skip
        port = network.create_port(
            network_id=net.id, project_id=project, name=f"{name}-gateway", security_groups=[],
            fixed_ips=[{"subnet_id": self.made.subnets[zone, v].id, "ip_address": str(c[1])}
                       for v, c in zip((4, 6), cidrs, strict=True)],
        )  # fmt: skip
        network.add_interface_to_router(self.made.router, port=port.id)

    def group(self, zone: str, rules: tuple[Rule, ...]) -> None:
        """The security group of a zone, with these rules and none of Neutron's own."""
        network, project = self.cloud.network, self.made.project
        text = "Rules of the zone matrix; managed by hatang."
        group = network.create_security_group(name=f"{self.name}-{zone}", project_id=project, description=text)
        for own in group.security_group_rules:
            network.delete_security_group_rule(own["id"])
        for rule in rules:
            network.create_security_group_rule(
                security_group_id=group.id, project_id=project, direction=rule.direction, ether_type=rule.ethertype,
                protocol=rule.protocol or None, port_range_min=rule.port, port_range_max=rule.port,
                remote_ip_prefix=rule.remote,
            )  # fmt: skip
        self.made.groups[zone] = group.id

    def server(self, host: str, zone: str, place: int, gib: int) -> None:
        """Port, server, and its data volume."""
        inside: Any = self.cloud.connect_as_project({"id": self.made.project})
        name = f"{self.name}-{host}"
        nets = [self.made.subnets[zone, v] for v in (4, 6)]
        addresses = [str(IPv4Network(nets[0].cidr)[place]), str(IPv6Network(nets[1].cidr)[place])]
        port = inside.network.create_port(
            network_id=self.made.networks[zone], name=name, security_groups=[self.made.groups[zone]],
            fixed_ips=[{"subnet_id": n.id, "ip_address": a} for n, a in zip(nets, addresses, strict=True)],
        )  # fmt: skip
        server = inside.compute.create_server(
            name=name, flavor_id=self.landing["flavors"]["small"], image_id=self.landing["image_id"],
            key_name=self.name, networks=[{"port": port.id}], availability_zone="shared",
            metadata={"hatang_zone": zone},
        )  # fmt: skip
        server = inside.compute.wait_for_server(server, wait=120)
        self.made.servers[host] = server.id
        if gib:
            volume = inside.block_storage.create_volume(name=f"{name}-data", size=gib, volume_type="level-1-2")
            inside.block_storage.wait_for_status(volume, "available", wait=60)
            inside.compute.create_volume_attachment(server, volume=volume.id)
            end = time.monotonic() + 60
            while inside.block_storage.get_volume(volume.id).status != "in-use" and time.monotonic() < end:
                time.sleep(0.3)
