"""Steps of the landing that the engine's provider lacks, by name; each finds what is there already."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from openstack.connection import Connection

from hatang.model.site import Site


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
    identity: Any = connection.identity
    storage: Any = connection.block_storage
    domain = identity.find_domain("hatang-platform", ignore_missing=False)
    project = next(p for p in identity.projects(domain_id=domain.id) if p.name == "logging")
    plain = [t.name for t in storage.types(is_public="None") if not storage.get_type_encryption(t.id).provider]
    limits = {f"{field}_{name}": 0 for name in plain for field in ("volumes", "gigabytes", "snapshots")}
    if plain and any(storage.get_quota_set(project.id).to_dict().get(k) != 0 for k in limits):
        storage.update_quota_set(project.id, **limits)


STEPS: dict[str, Callable[[Connection, Site], None]] = {
    "encryption of volume types": encrypt_volume_types,
    "encrypted volumes alone for the log store": encrypted_logs_only,
}
