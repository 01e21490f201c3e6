"""Ways to and from other systems, as requests of kind `interconnect` were approved: a leg, routes, rules.

Creates     1 port on the branch's interconnect network and its router interface; 1 route per network that is reached or
            answers; per way, port and IP version 1 rule in the group of the zone.
Does not    decide what passes: the ways are resolved and approved; lead anywhere else: the interconnect network has no
            gateway, and each router knows the routes of its own ways alone.
Protected   nothing.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pulumi
from pulumi_openstack import networking
from pydantic import BaseModel, ConfigDict, Field

from hatang.policies.rules.groups import Rule
from hatang.stacks.components.groups import declare


class WaysArgs(BaseModel):
    """Plain values of all ways of one system."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    port_name: str = Field(description="Name of the router's port in Neutron, ways-<system>.")
    owner_id: str = Field(description="Project of the platform that owns the interconnect network.")
    network_id: str = Field(description="The interconnect network of the branch.")
    subnet_v4_id: str = Field(description="Its IPv4 subnet.")
    subnet_v6_id: str = Field(description="Its IPv6 subnet.")
    address: IPv4Address = Field(description="Address of the system's router there.")
    address_v6: IPv6Address = Field(description="Its IPv6 address there.")
    requests: tuple[str, ...] = Field(description="Ids of the requests that these ways come from.")
    routes: dict[str, str] = Field(description="Network of the other end → address of its router.")
    rules: dict[str, tuple[Rule, ...]] = Field(description="Rules by zone, beside those of the matrix.")


class Ways(pulumi.ComponentResource):
    """Leg, routes and rules."""

    def __init__(
        self,
        name: str,
        args: WaysArgs,
        *,
        project_id: pulumi.Input[str],
        router_id: pulumi.Input[str],
        groups: dict[str, pulumi.Output[str]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("hatang:components:Ways", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        leg = networking.Port(
            f"{name}-port",
            name=args.port_name,
            network_id=args.network_id,
            tenant_id=args.owner_id,
            fixed_ips=[
                networking.PortFixedIpArgs(subnet_id=args.subnet_v4_id, ip_address=str(args.address)),
                networking.PortFixedIpArgs(subnet_id=args.subnet_v6_id, ip_address=str(args.address_v6)),
            ],
            no_security_groups=True,
            # Neutron gives the port to the router and takes its owner and device from there.
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["deviceId", "deviceOwner"]),
        )
        interface = networking.RouterInterface(f"{name}-interface", router_id=router_id, port_id=leg.id, opts=child)
        for destination, hop in args.routes.items():
            networking.RouterRoute(
                f"{name}-route-{destination.replace('/', '-').replace(':', '.')}",
                router_id=router_id,
                destination_cidr=destination,
                next_hop=hop,
                # Neutron takes no route over a network that the router does not stand on.
                opts=pulumi.ResourceOptions(parent=self, depends_on=[interface]),
            )
        for zone, rules in args.rules.items():
            for rule in rules:
                declare(f"{name}-{zone}-{rule.key}", rule, group_id=groups[zone], project_id=project_id, parent=self)
        self.register_outputs({})
