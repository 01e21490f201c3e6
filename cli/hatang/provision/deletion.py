"""Deletion in several steps (BKP-13): servers that hold data are locked by the platform.

Cinder deletes no volume that is attached, and Nova detaches none from a locked server; what an administrator locked,
nobody of the agency unlocks. So a volume goes only after the platform has unlocked its server, the agency has detached
it, and somebody has deleted it. The engine works without an administrator's role inside a project, so hatang unlocks
before it works, and locks again afterwards.
"""

from __future__ import annotations

from typing import Any

from openstack.connection import Connection

from hatang.catalogue.volumes import goes_in_several_steps
from hatang.provision.cloud import guarded
from hatang.registry import SystemRecord

WHY = "BKP-13: holds data; the platform unlocks it"


def is_demanded(record: SystemRecord) -> bool:
    """Whether the system's level and kind demand several confirmations, and it has volumes at all."""
    return bool(record.spec.data_volumes()) and goes_in_several_steps(record.spec)


def hold(connection: Connection, project_id: str) -> int:
    """Lock the servers of a project that have volumes; returns how many were not locked. Raises CloudError."""
    return _each(connection, project_id, locked=False)


def release(connection: Connection, project_id: str) -> int:
    """Unlock the servers of a project; returns how many were locked. Raises CloudError."""
    return _each(connection, project_id, locked=True)


def lock_all(connection: Connection, project_id: str, why: str) -> int:
    """Lock all servers of a project, with volumes or without; returns how many were not locked. Raises CloudError."""
    compute: Any = connection.compute

    def turn() -> int:
        found = [s for s in compute.servers(all_projects=True, project_id=project_id) if not s.is_locked]
        for server in found:
            compute.lock_server(server, locked_reason=why)
        return len(found)

    return int(guarded(turn))


def _each(connection: Connection, project_id: str, *, locked: bool) -> int:
    compute: Any = connection.compute

    def turn() -> int:
        found = [
            s for s in compute.servers(all_projects=True, project_id=project_id)
            if bool(s.is_locked) is locked and (locked or s.attached_volumes)
        ]  # fmt: skip
        for server in found:
            if locked:
                compute.unlock_server(server)
            else:
                compute.lock_server(server, locked_reason=WHY)
        return len(found)

    return int(guarded(turn))
