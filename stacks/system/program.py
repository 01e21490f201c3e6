"""Stack `system`: project, quotas, zones and servers of one system. One stack per system. Exports: ids of all these."""

from __future__ import annotations

import pulumi
from pulumi_openstack import Provider, compute, identity, networking

from hatang.stacks.components.groups import Group
from hatang.stacks.components.host import Host, KeptVolume
from hatang.stacks.components.published import Published
from hatang.stacks.components.quota import Quota
from hatang.stacks.components.ways import Ways
from hatang.stacks.components.zone import Zone
from hatang.stacks.system.config import SystemConfig

# Role of the agency's groups on the project; the automation user gets `member`, the least that makes servers.
PROJECT_ROLES = {"administrators": "member", "auditors": "reader"}
# While a system is suspended: else its administrators could open again what is closed.
HELD_ROLES = {"administrators": "reader", "auditors": "reader"}


def build(config: SystemConfig) -> None:
    """Declare every resource of one system."""
    project = identity.Project(
        "project",
        name=config.name,
        description=config.title,
        domain_id=config.domain_id,
        tags=["hatang", f"level-{config.level}", f"environment-{config.environment}"],
    )
    quota = Quota("quota", config.quota, project_id=project.id)
    membership = _roles(config, project.id)
    after_quota = pulumi.ResourceOptions(depends_on=[quota.network])  # without the other two sets: they take longer
    router = networking.Router(
        "router",
        name=config.name,
        tenant_id=project.id,
        admin_state_up=not config.held,
        external_network_id=config.external_network_id or None,
        opts=after_quota,
    )
    _bastion_leg(config, router.id)
    zones = {
        kind: Zone(f"zone-{kind}", args, project_id=project.id, router_id=router.id, opts=after_quota)
        for kind, args in config.zones.items()
    }
    groups = {
        kind: Group(f"group-{kind}", args, project_id=project.id, opts=after_quota)
        for kind, args in config.groups.items()
    }
    key = compute.Keypair("key", name=config.name, public_key=config.public_key)
    inside = Provider("inside", tenant_id=project.id, opts=pulumi.ResourceOptions(depends_on=[membership]))
    hosts = _hosts(config, project.id, zones, groups, key, inside, quota)
    ways = [zone.interface for zone in zones.values()]
    for kind, group in groups.items():
        group.allow([*ways, *(hosts[name].port for name, place in config.hosts.items() if place.zone == kind)])
    for name, args in config.published.items():
        place = config.hosts[name].zone
        Published(
            f"published-{place}-{name}",
            args,
            project_id=project.id,
            port_id=hosts[name].port.id,
            held=config.held,
            # Neutron binds an address only where a router leads from it to the port's subnet.
            opts=pulumi.ResourceOptions(depends_on=[router, zones[place]]),
        )
    for name, kept in config.kept_volumes.items():
        KeptVolume(f"host-{name}", kept, opts=pulumi.ResourceOptions(providers={"openstack": inside}))
    if config.ways is not None:
        group_ids = {kind: g.group_id for kind, g in groups.items()}
        Ways("ways", config.ways, project_id=project.id, router_id=router.id, groups=group_ids, opts=after_quota)
        pulumi.export("ways", list(config.ways.requests))
    pulumi.export("project_id", project.id)
    pulumi.export("router_id", router.id)
    pulumi.export("networks", {k: z.network_id for k, z in zones.items()})
    pulumi.export("groups", {k: g.group_id for k, g in groups.items()})
    pulumi.export("servers", {n: h.server_id for n, h in hosts.items()})


def _roles(config: SystemConfig, project_id: pulumi.Input[str]) -> identity.RoleAssignment:
    """Roles of the agency's groups and of the automation user, whose own is given back."""
    membership = identity.RoleAssignment(
        "role-automation",
        project_id=project_id,
        user_id=config.automation_user_id,
        role_id=config.role_ids["member"],
    )
    for group, group_id in (("administrators", config.administrators_id), ("auditors", config.auditors_id)):
        identity.RoleAssignment(
            f"role-{group}",
            project_id=project_id,
            group_id=group_id,
            role_id=config.role_ids[(HELD_ROLES if config.held else PROJECT_ROLES)[group]],
        )
    return membership


def _bastion_leg(config: SystemConfig, router_id: pulumi.Input[str]) -> None:
    """The router's interface on the bastion network: a port of the platform, at the address that the registry chose."""
    port = networking.Port(
        "bastion-port",
        name=f"router-{config.name}",
        network_id=config.bastion_network_id,
        tenant_id=config.bastion_project_id,
        fixed_ips=[
            networking.PortFixedIpArgs(subnet_id=config.bastion_subnet_id, ip_address=str(config.bastion_address))
        ],
        no_security_groups=True,
        # Neutron gives the port to the router and takes its owner and device from there.
        opts=pulumi.ResourceOptions(ignore_changes=["deviceId", "deviceOwner"]),
    )
    networking.RouterInterface("bastion-interface", router_id=router_id, port_id=port.id)


def _hosts(
    config: SystemConfig,
    project_id: pulumi.Output[str],
    zones: dict[str, Zone],
    groups: dict[str, Group],
    key: compute.Keypair,
    inside: Provider,
    quota: Quota,
) -> dict[str, Host]:
    return {
        name: Host(
            f"host-{name}",
            place.args,
            project_id=project_id,
            network_id=zones[place.zone].network_id,
            subnet_ids=zones[place.zone].subnet_ids,
            group_id=groups[place.zone].group_id,
            key_name=key.name,
            way=zones[place.zone],
            held=config.held,
            opts=pulumi.ResourceOptions(providers={"openstack": inside}, depends_on=[quota]),
        )
        for name, place in config.hosts.items()
    }
