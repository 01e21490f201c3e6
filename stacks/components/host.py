"""One server of a system: a port with its fixed addresses in its zone, the server, and its data volume.

Creates     1 port, 1 server, with a volume: 1 volume and its attachment; of a removed host: a volume that is kept.
Does not    have any other port; have a public address: `published` gives it; install anything: the roles do.
Protected   nothing; replacing a server keeps its volume, since the volume does not depend on it.
Held        the server is stopped and its port closed; disks, volume and addresses stay.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pulumi
from pulumi_openstack import blockstorage, compute, networking
from pydantic import BaseModel, ConfigDict, Field


class HostArgs(BaseModel):
    """Plain values of one server."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    server_name: str = Field(description="Name in Nova, <system>-<host>; also the hostname.")
    zone: str = Field(description="The zone that it stands in.")
    address: IPv4Address = Field(description="Fixed IPv4 address.")
    address_v6: IPv6Address = Field(description="Fixed IPv6 address.")
    flavor_id: str = Field(description="Nova flavor id.")
    image_id: str = Field(description="Glance image id.")
    availability_zone: str = Field("", description="Nova availability zone of the level's aggregate; empty: any.")
    volume_gib: int = Field(0, description="Data volume, GiB; 0: none.")
    volume_type: str = Field(description="Volume type of the level.")


class KeptVolumeArgs(BaseModel):
    """Plain values of a data volume whose server was removed."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    server_name: str = Field(description="Name in Nova that the server had; part of the name of the volume.")
    volume_gib: int = Field(description="Data volume, GiB.")
    volume_type: str = Field(description="Volume type of the level.")


def _volume(name: str, server_name: str, gib: int, kind: str, opts: pulumi.ResourceOptions) -> blockstorage.Volume:
    return blockstorage.Volume(
        f"{name}-volume",
        name=f"{server_name}-data",
        size=gib,
        volume_type=kind,
        volume_retype_policy="on-demand",  # another level: Cinder gives the volume another type, data and all
        opts=opts,
    )


class KeptVolume(pulumi.ComponentResource):
    """The data volume that a host leaves behind.

    It stands in the state at the place of that host, under the same type and name, so the engine sees one and the same
    volume before the host goes, while it is away and when it comes back.
    """

    def __init__(self, name: str, args: KeptVolumeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("hatang:components:Host", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        _volume(name, args.server_name, args.volume_gib, args.volume_type, child)
        self.register_outputs({})


class Host(pulumi.ComponentResource):
    """Port, server, volume."""

    def __init__(
        self,
        name: str,
        args: HostArgs,
        *,
        project_id: pulumi.Input[str],
        network_id: pulumi.Input[str],
        subnet_ids: dict[int, pulumi.Output[str]],
        group_id: pulumi.Input[str],
        key_name: pulumi.Input[str],
        way: pulumi.Resource,
        held: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("hatang:components:Host", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        port = networking.Port(
            f"{name}-port",
            name=args.server_name,
            network_id=network_id,
            tenant_id=project_id,
            fixed_ips=[
                networking.PortFixedIpArgs(subnet_id=subnet_ids[4], ip_address=str(args.address)),
                networking.PortFixedIpArgs(subnet_id=subnet_ids[6], ip_address=str(args.address_v6)),
            ],
            security_group_ids=[group_id],
            port_security_enabled=True,
            admin_state_up=not held,  # never left out: the provider would keep what the port has
            opts=child,
        )
        server = compute.Instance(
            f"{name}-server",
            name=args.server_name,
            flavor_id=args.flavor_id,
            image_id=args.image_id,
            key_pair=key_name,
            networks=[compute.InstanceNetworkArgs(port=port.id)],
            availability_zone=args.availability_zone or None,
            metadata={"hatang_zone": args.zone},
            config_drive=True,  # subnets have no DHCP: cloud-init reads the fixed addresses from it
            power_state="shutoff" if held else "active",  # left out, the provider would leave it stopped
            # Both are of the first boot, and a server is never made anew for them: the keypair that its image got, and
            # the drive, which adopted servers and those of earlier versions may lack.
            # And it does not boot before its router leads anywhere.
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["keyPair", "configDrive"], depends_on=[way]),
        )
        if args.volume_gib:
            volume = _volume(name, args.server_name, args.volume_gib, args.volume_type, child)
            compute.VolumeAttach(f"{name}-attach", instance_id=server.id, volume_id=volume.id, opts=child)
        self.server_id: pulumi.Output[str] = server.id
        self.port = port
        self.register_outputs({"server_id": server.id})
