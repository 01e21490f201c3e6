"""Can a data volume that a plan deletes go at all? Else apply would stop half way, with its server gone already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from openstack.connection import Connection

from hatang.errors import RefusedError
from hatang.provision.bridge import SERVER, VOLUME
from hatang.provision.cloud import guarded


def check(name: str, steps: Iterable[Mapping[str, Any]], connection: Connection) -> None:
    """Cinder deletes no volume with snapshots, and none that is attached to a server which stays.

    Args:
        name: of the system.
        steps: of the plan, as the engine tells them.

    Raises:
        RefusedError: such a volume is to go; every one is named, with what holds it.
        CloudError: the cloud's API failed.
    """
    going = _going(steps)
    held = {
        volume: found
        for volume, place in going.get(VOLUME, {}).items()
        if (found := guarded(lambda place=place: _holders(connection, place, set(going.get(SERVER, {}).values()))))
    }
    if held:
        told = "; ".join(f"{volume}: {', '.join(found)}" for volume, found in sorted(held.items()))
        raise RefusedError(
            f"volumes that shall go cannot: {told}",
            where=f"plan of system {name}",
            do="keep them (system.kept_volumes of the request), or have the agency delete or detach what holds them, "
            "then plan again",
        )


def _going(steps: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """Ids of what is deleted for good, by type and name in the program."""
    found: dict[str, dict[str, str]] = {}
    for step in steps:
        if step["op"] == "delete" and (place := str((step.get("old") or {}).get("id") or "")):
            found.setdefault(step["type"], {})[step["urn"].rsplit("::", 1)[1]] = place
    return found


def _holders(connection: Connection, volume_id: str, going: set[str]) -> list[str]:
    storage: Any = connection.block_storage
    snapshots = storage.snapshots(details=True, all_projects=True, volume_id=volume_id)
    volume = storage.find_volume(volume_id, all_projects=True)
    servers = {a["server_id"] for a in (volume.attachments if volume else [])} - going
    return sorted(
        [f"snapshot {s.name or s.id}" for s in snapshots if s.volume_id == volume_id]
        + [f"server {server}" for server in servers]
    )
