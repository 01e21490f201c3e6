"""Addresses of one branch: an address scope and a subnet pool per IP version, its bastion and interconnect networks.

Creates     2 address scopes, 2 subnet pools, 1 network, 1 subnet; with interconnects: 1 more network, 2 subnets.
Does not    share pools or scopes with tenants: the platform alone makes subnets out of them; route between branches:
            Neutron drops what crosses scopes.
Protected   nothing.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network

import pulumi
from pulumi_openstack import networking
from pydantic import BaseModel, ConfigDict, Field

from hatang.model.allocation import FIRST_HOST


class BranchArgs(BaseModel):
    """Plain values of one branch."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    branch: str = Field(description="party, council or committee.")
    prefix: IPv4Network = Field(description="IPv4 prefix of the branch.")
    prefix_v6: IPv6Network = Field(description="IPv6 prefix of the branch.")
    bastion: IPv4Network = Field(description="Subnet of the bastion network, inside `prefix`.")
    interconnect: IPv4Network | None = Field(None, description="Subnet of the interconnect network; none: no network.")
    interconnect_v6: IPv6Network | None = Field(None, description="Its IPv6 subnet.")
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
        pool_ids = {version: pool.id for version, pool in pools.items()}
        self.ids: dict[str, pulumi.Output[str]] = {"pool_v4": pools[4].id, "pool_v6": pools[6].id}
        network, subnets = _network(
            f"{name}-bastion", f"bastion-{args.branch}", {4: args.bastion}, pool_ids, bastion_project_id, child
        )
        self.ids |= {"bastion_network": network, "bastion_subnet": subnets[4]}
        if args.interconnect is not None:
            both = {4: args.interconnect, 6: args.interconnect_v6}
            network, subnets = _network(
                f"{name}-interconnect", f"interconnect-{args.branch}", both, pool_ids, bastion_project_id, child
            )
            self.ids |= {"interconnect_network": network}
            self.ids |= {f"interconnect_subnet_v{version}": subnet for version, subnet in subnets.items()}
        self.register_outputs(self.ids)


def _network(
    name: str,
    shown: str,
    subnets: dict[int, IPv4Network | IPv6Network | None],
    pools: dict[int, pulumi.Output[str]],
    project_id: pulumi.Input[str],
    child: pulumi.ResourceOptions,
) -> tuple[pulumi.Output[str], dict[int, pulumi.Output[str]]]:
    """A network of the platform on which routers of systems stand, out of the branch's pools; it has no gateway."""
    network = networking.Network(name, name=shown, tenant_id=project_id, admin_state_up=True, opts=child)
    made = {
        version: networking.Subnet(
            f"{name}-subnet" if version == 4 else f"{name}-subnet-{version}",
            name=shown,
            network_id=network.id,
            cidr=str(cidr),
            ip_version=version,
            subnetpool_id=pools[version],
            tenant_id=project_id,
            enable_dhcp=False,
            no_gateway=True,
            allocation_pools=[_left_to_the_cloud(cidr)],
            opts=child,
        ).id
        for version, cidr in subnets.items()
        if cidr is not None
    }
    return network.id, made


def _left_to_the_cloud(cidr: IPv4Network | IPv6Network) -> networking.SubnetAllocationPoolArgs:
    """What Neutron chooses from for a port that asks for no address: below all that the registry gives out."""
    last = min(FIRST_HOST - 1, cidr.num_addresses - 2)
    return networking.SubnetAllocationPoolArgs(start=str(cidr[1]), end=str(cidr[last]))
