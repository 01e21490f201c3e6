"""Addresses of one branch: an address scope and a subnet pool per IP version, and the branch's bastion network.

Creates     2 address scopes, 2 subnet pools, 1 network, 1 subnet.
Does not    share pools or scopes with tenants: the platform alone makes subnets out of them; route between branches:
            Neutron drops what crosses scopes.
Protected   nothing.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network

import pulumi
from pulumi_openstack import networking
from pydantic import BaseModel, ConfigDict, Field


class BranchArgs(BaseModel):
    """Plain values of one branch."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    branch: str = Field(description="party, council or committee.")
    prefix: IPv4Network = Field(description="IPv4 prefix of the branch.")
    prefix_v6: IPv6Network = Field(description="IPv6 prefix of the branch.")
    bastion: IPv4Network = Field(description="Subnet of the bastion network, inside `prefix`.")
    zone_prefix: int = Field(description="Usual prefix length of a zone.")


class Branch(pulumi.ComponentResource):
    """Scope, pools and bastion network of a branch."""

    def __init__(
        self,
        name: str,
        args: BranchArgs,
        *,
        bastion_project_id: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("hatang:components:Branch", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        pools = {}
        for version, prefix, length in ((4, str(args.prefix), args.zone_prefix), (6, str(args.prefix_v6), 64)):
            scope = networking.AddressScope(
                f"{name}-scope-{version}", name=f"{args.branch}-{version}", ip_version=version, shared=False, opts=child
            )
            pools[version] = networking.SubnetPool(
                f"{name}-pool-{version}",
                name=f"{args.branch}-{version}",
                ip_version=version,
                prefixes=[prefix],
                default_prefixlen=length,
                min_prefixlen=8 if version == 4 else 32,
                max_prefixlen=30 if version == 4 else 64,
                address_scope_id=scope.id,
                shared=False,
                opts=child,
            )
        network = networking.Network(
            f"{name}-bastion",
            name=f"bastion-{args.branch}",
            tenant_id=bastion_project_id,
            admin_state_up=True,
            opts=child,
        )
        subnet = networking.Subnet(
            f"{name}-bastion-subnet",
            name=f"bastion-{args.branch}",
            network_id=network.id,
            cidr=str(args.bastion),
            ip_version=4,
            subnetpool_id=pools[4].id,
            tenant_id=bastion_project_id,
            enable_dhcp=False,
            no_gateway=True,
            opts=child,
        )
        self.ids: dict[str, pulumi.Output[str]] = {
            "pool_v4": pools[4].id,
            "pool_v6": pools[6].id,
            "bastion_network": network.id,
            "bastion_subnet": subnet.id,
        }
        self.register_outputs(self.ids)
