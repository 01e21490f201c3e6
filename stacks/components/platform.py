"""The platform's own domain: projects for bastion, logging and backup, their networks, groups and roles of the staff.

Creates     1 domain, 3 projects, a network and subnet per platform network, a group and a role per staff group.
Does not    make people: they come from the site's directory and are put into the groups there.
Protected   nothing.
"""

from __future__ import annotations

import pulumi
from pulumi_openstack import identity, networking
from pydantic import BaseModel, ConfigDict, Field

from hatang.model.site import PlatformNetwork, StaffGroup

DOMAIN = "hatang-platform"
PROJECTS = ("bastion", "logging", "backup")


class PlatformArgs(BaseModel):
    """Plain values of the platform's domain."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    staff: tuple[StaffGroup, ...] = Field(description="Groups of platform staff.")
    networks: tuple[PlatformNetwork, ...] = Field(description="Networks of log store and backup.")
    role_ids: dict[str, str] = Field(description="Keystone role ids by name.")


class Platform(pulumi.ComponentResource):
    """Domain, projects, networks and staff."""

    def __init__(self, name: str, args: PlatformArgs, *, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("hatang:components:Platform", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        domain = identity.Project(f"{name}-domain", name=DOMAIN, is_domain=True, opts=child)
        self.projects = {
            p: identity.Project(f"{name}-project-{p}", name=p, domain_id=domain.id, opts=child) for p in PROJECTS
        }
        for n in args.networks:
            owner = self.projects[n.name].id
            network = networking.Network(f"{name}-network-{n.name}", name=n.name, tenant_id=owner, opts=child)
            networking.Subnet(
                f"{name}-subnet-{n.name}",
                name=n.name,
                network_id=network.id,
                cidr=str(n.cidr),
                ip_version=4,
                tenant_id=owner,
                enable_dhcp=False,
                no_gateway=True,
                opts=child,
            )
        for g in args.staff:
            group = identity.GroupV3(f"{name}-group-{g.name}", name=g.name, domain_id=domain.id, opts=child)
            identity.RoleAssignment(
                f"{name}-role-{g.name}",
                domain_id=domain.id,
                group_id=group.id,
                role_id=args.role_ids[g.role],
                opts=child,
            )
        self.domain_id: pulumi.Output[str] = domain.id
        self.register_outputs({"domain_id": domain.id})
