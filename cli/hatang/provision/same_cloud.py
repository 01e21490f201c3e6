"""Is this the cloud that the state was made on? On another one the engine would begin to build everything anew."""

from __future__ import annotations

from typing import Any

from openstack.connection import Connection

from hatang.errors import RefusedError
from hatang.provision.cloud import guarded
from hatang.provision.state import NETWORK, PROJECT, Known, StateFile


def check(site: str, state: StateFile, connection: Connection) -> None:
    """Look for the domains and networks of the landing by their ids; one of them is enough.

    Somebody who deleted the domain by hand has left the networks: that is drift, and an apply mends it.

    Args:
        site: its name.
        state: of the landing; of one that was never applied nothing is looked for.

    Raises:
        RefusedError: the cloud has none of them.
        CloudError: the cloud's API failed.
    """
    known = [r for r in state.resources() if r.id] if state.exists() else []
    domains = [r for r in known if r.type == PROJECT and r.inputs.get("isDomain")]
    networks = [r for r in known if r.type == NETWORK]
    if not domains or guarded(lambda: any(_has(connection, r) for r in domains + networks)):
        return
    raise RefusedError(
        f"the state of site {site} was made on another cloud: its domain {domains[0].inputs.get('name')} "
        f"({domains[0].id}) and its networks are not on this one",
        where=f"{state.path}; cloud {connection.auth.get('auth_url', '')}",
        do="name the cloud that it was made on (HATANG_CLOUDS_FILE, HATANG_CLOUD); if that one is gone for good, "
        "begin with an empty state folder (--state)",
    )


def _has(connection: Connection, resource: Known) -> bool:
    identity: Any = connection.identity
    network: Any = connection.network
    find = network.find_network if resource.type == NETWORK else identity.find_domain
    return find(resource.id) is not None
