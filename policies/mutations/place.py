"""Where mutations of the cloud are made: one system, put up for that and thrown away afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from hatang.model.site import Site
from hatang.registry import SystemRecord

Undo = Callable[[], object]  # takes back what a mutation did


class Place(Protocol):
    """A system on the cloud, in use and without fault."""

    cloud: Any  # the open connection of an administrator (openstack.connection.Connection)
    site: Site
    record: SystemRecord
    ids: Mapping[str, Any]  # outputs of the system's stack: project_id, networks, groups, servers …
    agency: Mapping[str, Any]  # outputs of the agency's stack: domain_id, administrators_id, auditors_id …

    @property
    def name(self) -> str:
        """Name of the system."""
        ...
