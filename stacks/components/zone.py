"""One zone of a system: a network, its IPv4 and IPv6 subnets out of the branch's pools, and the router's way into it.

Creates     1 network, 2 subnets, 1 port with both gateway addresses, 1 router interface.
Does not    make security groups (`groups.py`); choose addresses: the registry did; read the cloud while planning.
Protected   nothing: every child can be rebuilt from its inputs.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Network

import pulumi
from pulumi_openstack import networking
from pydantic import BaseModel, ConfigDict, Field


class ZoneArgs(BaseModel):
    """Plain values of one zone."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    network_name: str = Field(description="Name in Neutron, <system>-<zone>.")
    cidr: IPv4Network = Field(description="IPv4 subnet, e.g. 10.72.4.0/26.")
    cidr_v6: IPv6Network = Field(description="IPv6 subnet, a /64.")
    pool_v4: str = Field(description="Id of the branch's IPv4 subnet pool.")
    pool_v6: str = Field(description="Id of the branch's IPv6 subnet pool.")
    dns: tuple[IPv4Address, ...] = Field((), description="Resolvers told to hosts.")
    tags: tuple[str, ...] = Field((), description="Neutron tags.")


class Zone(pulumi.ComponentResource):
    """Network, subnets, router interfaces."""

    def __init__(
        self,
        name: str,
        args: ZoneArgs,
        *,
        project_id: pulumi.Input[str],
        router_id: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("hatang:components:Zone", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        network = networking.Network(
            f"{name}-network", name=args.network_name, tenant_id=project_id, tags=list(args.tags), opts=child
        )
        self.network_id: pulumi.Output[str] = network.id
        self.subnet_ids: dict[int, pulumi.Output[str]] = {}
        for version, cidr, pool in ((4, str(args.cidr), args.pool_v4), (6, str(args.cidr_v6), args.pool_v6)):
            subnet = networking.Subnet(
                f"{name}-subnet-{version}",
                name=f"{args.network_name}-{version}",
                network_id=network.id,
                cidr=cidr,
                ip_version=version,
                subnetpool_id=pool,
                tenant_id=project_id,
                enable_dhcp=False,
                dns_nameservers=[str(a) for a in args.dns] if version == 4 else None,
                opts=child,
            )
            self.subnet_ids[version] = subnet.id
        # One port with both addresses: an interface per subnet would cost twice: Neutron locks the router for each.
        gateway = networking.Port(
            f"{name}-gateway",
            name=f"{args.network_name}-gateway",
            network_id=network.id,
            tenant_id=project_id,
            fixed_ips=[
                networking.PortFixedIpArgs(subnet_id=self.subnet_ids[4], ip_address=str(args.cidr[1])),
                networking.PortFixedIpArgs(subnet_id=self.subnet_ids[6], ip_address=str(args.cidr_v6[1])),
            ],
            no_security_groups=True,
            # Neutron gives the port to the router and takes its owner and device from there.
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["deviceId", "deviceOwner"]),
        )
        # Made last: who waits for it waits for the whole zone, and the state names one dependency instead of six.
        self.interface = networking.RouterInterface(
            f"{name}-interface", router_id=router_id, port_id=gateway.id, opts=child
        )
        self.register_outputs({"network_id": network.id})
