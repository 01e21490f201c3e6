"""Every quota field of Nova, Neutron and Cinder for one project: an unset field is not zero but the region's default.

Cinder counts each volume type beside the whole; types of other levels get nothing (HST-03), else any would be allowed.

Creates     3 quota sets.
Does not    limit to the exact count: Neutron counts an object and its reservation at once while it is made, so a quota
            near the count fails under parallel creation; `headroom` is added.
Protected   nothing; destroying a quota set does nothing in OpenStack.
"""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi_openstack import blockstorage, compute, networking
from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer


class QuotaArgs(BaseModel):
    """Exact needs of the project, before headroom."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    instances: int = Field(description="Servers.")
    cores: int = Field(description="Virtual CPUs.")
    ram_mib: int = Field(description="Memory, MiB.")
    volumes: int = Field(description="Volumes.")
    gigabytes: int = Field(description="Block storage, GiB.")
    volume_type: str = Field(description="The one volume type that the project may use.")
    other_volume_types: tuple[str, ...] = Field(
        description="All others of the region; Cinder reads them back together."
    )
    leaving: dict[str, int] = Field({}, description="Cinder's fields of types that volumes are just leaving.")
    networks: int = Field(description="Networks.")
    subnets: int = Field(description="Subnets.")
    ports: int = Field(description="Ports, with router interfaces.")
    security_groups: int = Field(description="Security groups, with Neutron's default one.")
    security_group_rules: int = Field(description="Rules in them.")
    floating_ips: int = Field(0, description="Public addresses, with those that are just leaving.")

    @model_serializer(mode="wrap")
    def _without_what_is_none(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Needs of a system without any are what they were before there were such: plans stay approved."""
        found: dict[str, Any] = handler(self)
        return {k: v for k, v in found.items() if v or k != "floating_ips"}


def headroom(count: int) -> int:
    """A quota for `count` objects that survives parallel creation."""
    return count * 2 + 10


def by_volume_type(args: QuotaArgs) -> dict[str, int]:
    """Cinder's quota fields of each volume type: the needs for the project's own, nothing for the others."""
    own = {"volumes": args.volumes, "gigabytes": args.gigabytes, "snapshots": args.volumes}
    return {
        f"{field}_{name}": count if name == args.volume_type else 0
        for name in sorted({args.volume_type, *args.other_volume_types})
        for field, count in own.items()
    } | args.leaving


class Quota(pulumi.ComponentResource):
    """The three quota sets of a project."""

    def __init__(
        self, name: str, args: QuotaArgs, *, project_id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("hatang:components:Quota", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.network = networking.QuotaV2(
            f"{name}-network",
            project_id=project_id,
            network=headroom(args.networks),
            subnet=headroom(args.subnets),
            port=headroom(args.ports),
            router=headroom(1),
            security_group=headroom(args.security_groups),
            security_group_rule=headroom(args.security_group_rules),
            floatingip=args.floating_ips * 2,  # no more than their reservations need: an agency could use it
            rbac_policy=0,
            subnetpool=0,
            opts=child,
        )
        compute.QuotaSetV2(
            f"{name}-compute",
            project_id=project_id,
            instances=args.instances,
            cores=args.cores,
            ram=args.ram_mib,
            key_pairs=10,
            metadata_items=32,
            server_groups=4,
            server_group_members=max(args.instances, 1),
            injected_files=0,
            injected_file_content_bytes=0,
            injected_file_path_bytes=0,
            opts=child,
        )
        blockstorage.QuoteSetV3(
            f"{name}-storage",
            project_id=project_id,
            volumes=args.volumes,
            gigabytes=args.gigabytes,
            per_volume_gigabytes=max(args.gigabytes, 1),
            snapshots=args.volumes,
            backups=args.volumes,
            backup_gigabytes=args.gigabytes,
            groups=0,
            volume_type_quota={field: str(count) for field, count in by_volume_type(args).items()},
            opts=child,
        )
        self.register_outputs({})
