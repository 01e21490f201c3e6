"""A way out of the data centre: a provider network that is external to routers, with its subnets.

Creates     1 network, 1 or 2 subnets.
Does not    give anybody a port on it: systems that serve the Internet get a router gateway there. Addresses that hosts
            are published at, those of shared services and what others have lie in no allocation pool, so that Neutron
            gives none of them to a router.
Protected   nothing.
"""

from __future__ import annotations

from collections.abc import Collection

import pulumi
from pulumi_openstack import networking

from hatang.model.external import Address, ExternalNetwork


class External(pulumi.ComponentResource):
    """One external network.

    Args:
        services: addresses of shared services.
    """

    def __init__(
        self,
        name: str,
        args: ExternalNetwork,
        *,
        services: Collection[Address],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("hatang:components:External", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        segment = networking.NetworkSegmentArgs(
            network_type="vlan" if args.segmentation_id else "flat",
            physical_network=args.physical_network,
            segmentation_id=args.segmentation_id,
        )
        network = networking.Network(
            f"{name}-network", name=args.name, external=True, shared=False, segments=[segment], opts=child
        )
        for version, (cidr, gateway) in args.subnets().items():
            pools = [
                networking.SubnetAllocationPoolArgs(start=str(first), end=str(last))
                for first, last in args.address_pools(version, services)
            ]
            networking.Subnet(
                f"{name}-subnet-{version}",
                name=f"{args.name}-{version}",
                network_id=network.id,
                cidr=str(cidr),
                ip_version=version,
                gateway_ip=str(gateway),
                enable_dhcp=False,
                allocation_pools=pools or None,
                opts=child,
            )
        self.network_id: pulumi.Output[str] = network.id
        self.register_outputs({"network_id": network.id})
