"""One system made straight with openstacksdk: the same objects, attributes and quota fields as stack `system` declares.

What an engineer's script would do: one call after the other, waiting only where a later call needs it (a server is
waited for, as the engine waits). It reads nothing back, keeps no state and could not be run twice.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address
from typing import Any

from hatang.stacks.components.groups import GroupArgs
from hatang.stacks.components.host import HostArgs
from hatang.stacks.components.quota import QuotaArgs, by_volume_type, headroom
from hatang.stacks.components.zone import ZoneArgs
from hatang.stacks.system.config import SystemConfig


class Straight:
    """Makes one system on one cloud."""

    def __init__(self, connection: Any, config: SystemConfig, name: str) -> None:
        self.cloud = connection
        self.config = config
        self.name = name
        self.calls = 0

    def make(self) -> int:
        """Make everything; returns how many calls were made."""
        config = self.config
        project = self._call(
            self.cloud.identity.create_project,
            name=self.name, description=config.title, domain_id=config.domain_id,
            tags=["hatang", f"level-{config.level}"],
        )  # fmt: skip
        self._roles(project.id)
        self._quota(config.quota, project.id)
        router = self._router(project.id)
        networks = {kind: self._zone(kind, zone, project.id, router) for kind, zone in config.zones.items()}
        groups = {kind: self._group(kind, group, project.id) for kind, group in config.groups.items()}
        if config.hosts:
            inside = self.cloud.connect_as_project(project)
            self._call(self.cloud.compute.create_keypair, name=self.name, public_key=config.public_key)
            servers = [
                self._host(inside, h.args, project.id, networks[h.zone], groups[h.zone]) for h in config.hosts.values()
            ]
            for server, volume in servers:
                inside.compute.wait_for_server(server, interval=0.5)
                if volume:
                    inside.block_storage.wait_for_status(volume, "available", interval=0.5)
                    self._call(inside.compute.create_volume_attachment, server, volume_id=volume.id)
        return self.calls

    def _call(self, call: Callable[..., Any], *args: Any, **values: Any) -> Any:
        self.calls += 1
        return call(*args, **values)

    def _roles(self, project: str) -> None:
        identity, config = self.cloud.identity, self.config
        for group, role in ((config.administrators_id, "member"), (config.auditors_id, "reader")):
            self._call(identity.assign_project_role_to_group, project, group, config.role_ids[role])
        self._call(identity.assign_project_role_to_user, project, config.automation_user_id, config.role_ids["member"])

    def _quota(self, needs: QuotaArgs, project: str) -> None:
        self._call(
            self.cloud.compute.update_quota_set, project, instances=needs.instances, cores=needs.cores,
            ram=needs.ram_mib, key_pairs=10, metadata_items=32, server_groups=4,
            server_group_members=max(needs.instances, 1), injected_files=0, injected_file_content_bytes=0,
            injected_file_path_bytes=0,
        )  # fmt: skip
        self._call(
            self.cloud.network.update_quota, project, networks=headroom(needs.networks),
            subnets=headroom(needs.subnets), ports=headroom(needs.ports), routers=headroom(1),
            security_groups=headroom(needs.security_groups),
            security_group_rules=headroom(needs.security_group_rules), floating_ips=0, rbac_policies=0, subnet_pools=0,
        )  # fmt: skip
        self._call(
            self.cloud.block_storage.update_quota_set, project, volumes=needs.volumes, gigabytes=needs.gigabytes,
            per_volume_gigabytes=max(needs.gigabytes, 1), snapshots=needs.volumes, backups=needs.volumes,
            backup_gigabytes=needs.gigabytes, groups=0, **by_volume_type(needs),
        )  # fmt: skip

    def _router(self, project: str) -> Any:
        network, config = self.cloud.network, self.config
        router = self._call(
            network.create_router, name=self.name, project_id=project, is_admin_state_up=True,
            external_gateway_info={"network_id": config.external_network_id},
        )  # fmt: skip
        leg = self._call(
            network.create_port, name=f"router-{self.name}", network_id=config.bastion_network_id,
            project_id=config.bastion_project_id, security_group_ids=[],
            fixed_ips=[{"subnet_id": config.bastion_subnet_id, "ip_address": str(_beside(config.bastion_address))}],
        )  # fmt: skip
        self._call(network.add_interface_to_router, router, port=leg.id)
        return router

    def _zone(self, kind: str, zone: ZoneArgs, project: str, router: Any) -> Any:
        network = self.cloud.network
        made = self._call(network.create_network, name=f"{self.name}-{kind}", project_id=project)
        self._call(network.set_tags, made, list(zone.tags))
        subnets = [
            self._call(
                network.create_subnet, name=f"{self.name}-{kind}-{version}", network_id=made.id, project_id=project,
                ip_version=version, subnet_pool_id=pool, prefix_length=length, is_dhcp_enabled=False,
                dns_nameservers=[str(a) for a in zone.dns] if version == 4 else [],
            )
            for version, pool, length in (
                (4, zone.pool_v4, zone.cidr.prefixlen), (6, zone.pool_v6, zone.cidr_v6.prefixlen)
            )
        ]  # fmt: skip
        gateway = self._call(
            network.create_port, name=f"{self.name}-{kind}-gateway", network_id=made.id, project_id=project,
            fixed_ips=[{"subnet_id": s.id, "ip_address": s.gateway_ip} for s in subnets], security_group_ids=[],
        )  # fmt: skip
        self._call(network.add_interface_to_router, router, port=gateway.id)
        return made, subnets

    def _group(self, kind: str, group: GroupArgs, project: str) -> str:
        network = self.cloud.network
        made = self._call(
            network.create_security_group, name=f"{self.name}-{kind}", project_id=project,
            description="Rules of the zone matrix; managed by hatang.",
        )  # fmt: skip
        for rule in made.security_group_rules:
            self._call(network.delete_security_group_rule, rule["id"])
        for r in group.rules:
            self._call(
                network.create_security_group_rule, security_group_id=made.id, project_id=project,
                direction=r.direction, ether_type=r.ethertype, protocol=r.protocol or None, port_range_min=r.port,
                port_range_max=r.port, remote_ip_prefix=r.remote, description=r.why,
            )  # fmt: skip
        return str(made.id)

    def _host(self, inside: Any, args: HostArgs, project: str, zone: Any, group: str) -> tuple[Any, Any]:
        network, subnets = zone
        port = self._call(
            self.cloud.network.create_port, name=args.server_name, network_id=network.id, project_id=project,
            fixed_ips=[{"subnet_id": s.id} for s in subnets], security_group_ids=[group],
            is_port_security_enabled=True,
        )  # fmt: skip
        server = self._call(
            inside.compute.create_server, name=args.server_name, flavor_id=args.flavor_id, image_id=args.image_id,
            key_name=self.name, networks=[{"port": port.id}], metadata={"hatang_zone": args.zone},
        )  # fmt: skip
        if not args.volume_gib:
            return server, None
        volume = self._call(
            inside.block_storage.create_volume, name=f"{args.server_name}-data", size=args.volume_gib,
            volume_type=args.volume_type,
        )  # fmt: skip
        return server, volume


def _beside(address: IPv4Address) -> IPv4Address:
    """An address on the bastion network that the registry gives to nobody in a benchmark."""
    return address + 100
