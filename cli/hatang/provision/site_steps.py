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


STEPS: dict[str, Callable[[Connection, Site], None]] = {"encryption of volume types": encrypt_volume_types}
