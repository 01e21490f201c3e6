"""What everybody who may look at a system in the cloud reads: names, descriptions, tags, metadata, start-up data."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any

import pytest

from hatang.policies.checks.expected import CheckedSystem
from hatang.policies.checks.live_cloud import Live
from hatang.policies.rules import secrets


def _plain(data: str) -> str:
    """Start-up data of a server as it was written; Nova keeps it in Base64."""
    try:
        return base64.b64decode(data, validate=True).decode(errors="replace")
    except (binascii.Error, ValueError):
        return data


def _readable(live: Live) -> Iterator[tuple[str, Any]]:
    cloud: Any = live.cloud
    project = cloud.identity.get_project(live.project_id)
    yield "project", {"description": project.description, "tags": project.tags, "options": project.options}
    for server in cloud.compute.servers(all_projects=True, project_id=live.project_id):
        own = {"metadata": server.metadata, "description": server.description, "tags": server.tags}
        yield f"server {server.name}", {**own, "user data": _plain(server.user_data or "")}
    for volume in live.volumes:
        yield f"volume {volume.name}", {"metadata": volume.metadata, "description": volume.description}
    for name, group in live.groups.items():
        rules = [r.get("description") for r in group.security_group_rules]
        yield f"security group {name}", {"description": [group.description, *rules]}
    for kind, found in (("network", live.networks.values()), ("subnet", live.subnets), ("port", live.zone_ports)):
        for one in found:
            yield f"{kind} {one.name or one.id}", {"name": one.name, "description": one.description, "tags": one.tags}


@pytest.mark.control("DEV-01")
def test_nothing_readable_holds_a_secret(value: Any, system: CheckedSystem, live: Live) -> None:
    """No description, tag, metadata or start-up data of the system's objects looks like a secret."""
    faults = [f"{what} holds {place}" for what, text in _readable(live) for place in secrets.found(text)]
    assert not faults, "; ".join(faults)
