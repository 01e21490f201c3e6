"""What servers wrote on their consoles, by Nova's API."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from openstack.exceptions import ConflictException, NotFoundException

from hatang.provision.cloud import Cloud, guarded

AT_ONCE = 8


def consoles(cloud: Cloud, server_ids: Sequence[str]) -> dict[str, str]:
    """Consoles by id of the server; empty for one that is gone or has not come up.

    Servers are asked for by the ids that the engine got: any member of a project may make one of any name.

    Raises:
        CloudError: the cloud does not answer, or keeps consoles from us.
    """
    if not server_ids:
        return {}
    compute: Any = guarded(lambda: cloud.connection.compute)  # made once, before threads use it

    def read(server_id: str) -> str:
        try:
            return str((compute.get_server_console_output(server_id) or {}).get("output") or "")
        except (NotFoundException, ConflictException):
            return ""

    with ThreadPoolExecutor(min(AT_ONCE, len(server_ids))) as pool:
        texts = list(pool.map(lambda one: guarded(lambda: read(one)), server_ids))
    return dict(zip(server_ids, map(str, texts), strict=True))
