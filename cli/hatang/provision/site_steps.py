"""Steps of the landing that the engine's provider lacks, by name; each finds what is there already."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from openstack.connection import Connection

from hatang.errors import InputError
from hatang.model.site import Site
from hatang.provision.state import IMAGE, StateFile

PLATFORM = "hatang-platform"  # the domain; stacks/components/platform.py
UNLIMITED = -1


def require_image(site: Site, state: StateFile) -> None:
    """The image's file is read once, when Glance gets it. Raises InputError: it is not there, and was never sent."""
    sent = state.exists() and any(r.type == IMAGE and r.id for r in state.resources())
    if not sent and not site.image.file.is_file():
        raise InputError(
            f"the file of image {site.image.name} is not there",
            where=f"site {site.name}, image.file: {site.image.file}",
            do="bring the image there, or name another file; the example's own is made by `hatang sandbox up`",
        )


def encrypt_volume_types(connection: Connection, site: Site) -> None:
    """Give volume types their encryption (DAT-02, HST-03): LUKS, keys in the region's key manager."""
    types = {t.name: t for t in connection.block_storage.types()}
    for wanted in site.volume_types:
        if not wanted.encrypted or wanted.name not in types:
            continue
        storage: Any = connection.block_storage  # its stubs mix the API versions 2 and 3
        kind = types[wanted.name]
        if not storage.get_type_encryption(kind.id).provider:
            storage.create_type_encryption(
                kind, provider="luks", cipher="aes-xts-plain64", key_size=256, control_location="front-end"
            )


def encrypted_logs_only(connection: Connection, site: Site) -> None:
    """The project of the log store gets no volume of a type that does not encrypt (LOG-17)."""
    storage: Any = connection.block_storage
    project = _platform_project(connection, "logging")
    plain = [t.name for t in storage.types(is_public="None") if not storage.get_type_encryption(t.id).provider]
    limits = {f"{field}_{name}": 0 for name in plain for field in ("volumes", "gigabytes", "snapshots")}
    if plain and any(storage.get_quota_set(project).to_dict().get(k) != 0 for k in limits):
        storage.update_quota_set(project, **limits)


def room_for_every_system(connection: Connection, _site: Site) -> None:
    """No bound on the two things that each system takes from a project it shares with all others.

    Its keypair belongs to hatang's own user and counts in that user's project; its router's leg is a port of the
    project `bastion`. With the services' own quotas a region would refuse its 101st system, or its 501st. A step, since
    a stack would take over every field of quotas that are the operator's.
    """
    compute: Any = connection.compute
    network: Any = connection.network
    own, bastion = connection.current_project_id, _platform_project(connection, "bastion")
    if compute.get_quota_set(own).key_pairs != UNLIMITED:
        compute.update_quota_set(own, key_pairs=UNLIMITED)
    if network.get_quota(bastion).ports != UNLIMITED:
        network.update_quota(bastion, ports=UNLIMITED)


def _platform_project(connection: Connection, name: str) -> str:
    identity: Any = connection.identity
    domain = identity.find_domain(PLATFORM, ignore_missing=False)
    return str(next(p.id for p in identity.projects(domain_id=domain.id) if p.name == name))


STEPS: dict[str, Callable[[Connection, Site], None]] = {
    "encryption of volume types": encrypt_volume_types,
    "encrypted volumes alone for the log store": encrypted_logs_only,
    "room for every system's keypair and router": room_for_every_system,
}
