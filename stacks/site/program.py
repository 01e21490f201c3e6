"""Stack `site`: the landing of one site. One stack per site. Exports: ids that the other stacks build on."""

from __future__ import annotations

import pulumi
from pulumi_openstack import blockstorage, compute, images

from hatang.stacks.components.branch import Branch, BranchArgs
from hatang.stacks.components.external import External
from hatang.stacks.components.platform import Platform, PlatformArgs
from hatang.stacks.site.config import SiteConfig


def build(config: SiteConfig) -> None:
    """Declare every resource of the landing."""
    site = config.site
    services = site.services.addresses
    externals = {e.name: External(f"external-{e.name}", e, services=services) for e in site.external_networks}
    platform = Platform(
        "platform", PlatformArgs(staff=site.staff, networks=site.platform_networks, role_ids=config.role_ids)
    )
    bastion = platform.projects["bastion"].id
    branches = {
        p.branch.value: Branch(
            f"branch-{p.branch.value}",
            BranchArgs(
                branch=p.branch.value,
                prefix=p.prefix,
                prefix_v6=p.prefix_v6,
                bastion=p.bastion,
                interconnect=p.interconnect,
                interconnect_v6=p.interconnect_v6 if p.interconnect else None,
                zone_prefix=site.zone_prefix,
            ),
            bastion_project_id=bastion,
        )
        for p in site.branches
    }
    flavors = {
        f.name: compute.Flavor(
            f"flavor-{f.name}", name=f.name, vcpus=f.vcpus, ram=f.ram_gib * 1024, disk=f.disk_gib, is_public=True
        )
        for f in site.flavors
    }
    for t in site.volume_types:
        blockstorage.VolumeTypeV3(
            f"volume-type-{t.name}", name=t.name, is_public=True, extra_specs={"volume_backend_name": t.backend}
        )
    image = images.Image(
        "image",
        name=site.image.name,
        container_format="bare",
        disk_format=site.image.disk_format,
        local_file_path=config.image_file,
        visibility="public",
    )
    for a in site.aggregates:
        compute.AggregateV2(
            f"aggregate-{a.name}",
            name=a.name,
            zone=a.name,
            hosts=list(a.hosts),
            metadata={"hatang_levels": ",".join(str(int(lv)) for lv in a.levels)},
        )
    pulumi.export("external_networks", {n: e.network_id for n, e in externals.items()})
    pulumi.export("branches", {b: c.ids for b, c in branches.items()})
    pulumi.export("flavors", {n: f.id for n, f in flavors.items()})
    pulumi.export("image_id", image.id)
    pulumi.export("platform_domain_id", platform.domain_id)
    pulumi.export("bastion_project_id", bastion)
