"""What a test leaves of its systems: all but servers, which cost memory; the cloud itself goes with the run."""

from __future__ import annotations

from openstack.connection import Connection


def take_away(cloud: Connection, *systems: str) -> None:
    """Delete the systems' servers, and their hosts with them; destroying a system has tests of its own."""
    for server in cloud.compute.servers(all_projects=True):
        if any(server.name.startswith(f"{system}-") for system in systems):
            cloud.compute.delete_server(server)
