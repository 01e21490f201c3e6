"""The public address of one host: how the Internet reaches what stands in the zone border of a public system (SAC-04).

Creates     1 floating address, at the address that the registry chose, and what binds it to the host's port.
Does not    open anything: the security group of the zone lets HTTPS in and nothing else.
Protected   nothing; the registry lets an address that was given up rest before anybody else gets it.
Held        the address stays the project's and leads nowhere.
"""

from __future__ import annotations

from ipaddress import IPv4Address

import pulumi
from pulumi_openstack import networking
from pydantic import BaseModel, ConfigDict, Field


class PublishedArgs(BaseModel):
    """Plain values of one public address."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    address: IPv4Address = Field(description="The public address.")
    fixed: IPv4Address = Field(description="Address of the host that it leads to.")
    network_name: str = Field(description="External network that it lies on.")


class Published(pulumi.ComponentResource):
    """Floating address and its association."""

    def __init__(
        self,
        name: str,
        args: PublishedArgs,
        *,
        project_id: pulumi.Input[str],
        port_id: pulumi.Input[str],
        held: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("hatang:components:Published", name, None, opts)
        # One port has one floating address of a network at a time, so another one comes after it has gone.
        child = pulumi.ResourceOptions(parent=self, delete_before_replace=True)
        address = networking.FloatingIp(
            f"{name}-address", address=str(args.address), pool=args.network_name, tenant_id=project_id, opts=child
        )
        # Apart from the address: left out of it, the provider would keep the port that it has.
        if not held:
            networking.FloatingIpAssociate(
                f"{name}-association",
                floating_ip=address.address,
                port_id=port_id,
                fixed_ip=str(args.fixed),
                opts=child,
            )
        self.register_outputs({})
