"""Deletes everything of a project, whoever made it: what hatang's engine knows, and what the agency made itself.

The engine removes what it made, and refuses a project that still holds something else. So what servers, volumes,
images, keys, names and addresses there are goes first, through the services' APIs; then the engine takes away the rest;
then what OpenStack makes by itself, the default security group and the quota records. Each part may run again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import Any

from openstack.connection import Connection
from openstack.exceptions import BadRequestException, ConflictException

from hatang.errors import StepError
from hatang.locale import _
from hatang.provision import deletion, holdings, unmanaged
from hatang.provision.cloud import guarded
from hatang.provision.holdings import Thing

WAIT_S = 180.0  # until servers and volumes are gone
WITH_THE_PROJECT = ("project", "role-assignment", "keypair", "usage")  # go with the rest, or with the project
Say = Callable[[str], None]


def contents(connection: Connection, project_id: str, name: str, networks: Collection[str], say: Say) -> None:
    """Delete what stands on the project's networks and in its stores, and wait until it is gone.

    Args:
        networks: ids of the network's objects that the engine made and will take away itself.

    Raises:
        CloudError: a service refused or does not answer.
        StepError: something did not go in `WAIT_S` seconds; it is named.
    """
    within = holdings.inside(connection, project_id)
    if within is None:
        return
    _admin_inside(connection, project_id)
    deletion.release(connection, project_id)
    within = connection.connect_as_project({"id": project_id})  # with the role that it has now
    end = time.monotonic() + WAIT_S
    while True:
        listing = holdings.of_project(connection, project_id, name)
        left = [x for things in listing.values() for x in things if not _stays(x, networks)]
        if not left:
            return
        if time.monotonic() > end:
            told = "; ".join(map(str, left[:10]))
            raise StepError(f"project {name} still holds: {told}", where=f"project {project_id}",
                do="see why these do not go, then run the same command again")  # fmt: skip
        for thing in sorted(left, key=_order):
            _delete(connection, within, thing, say)
        time.sleep(1)


def leftovers(connection: Connection, project_id: str) -> None:
    """The default security group and the records of quotas, which outlive a project. Raises CloudError."""
    network: Any = connection.network
    for group in guarded(lambda: [g for g in network.security_groups() if g.project_id == project_id]):
        guarded(lambda group=group: network.delete_security_group(group.id, ignore_missing=True))
    for path, adapter in (
        (f"/os-quota-sets/{project_id}", connection.compute),
        (f"/os-quota-sets/{project_id}", connection.block_storage),
        (f"/quotas/{project_id}", connection.network),
    ):
        answer = guarded(lambda adapter=adapter, path=path: adapter.delete(path))
        if answer.status_code not in (200, 202, 204, 404):
            raise StepError(f"the record of a quota was not deleted: {answer.status_code}", where=path,
                do="run the same command again")  # fmt: skip


def wait_until_empty(connection: Connection, project_id: str, name: str, wait_s: float = 60.0) -> holdings.Listing:
    """List all nine services until none holds anything of the project; returns the last listing.

    Raises:
        StepError: something is left; it is named.
    """
    end = time.monotonic() + wait_s
    while True:
        listing = holdings.of_project(connection, project_id, name)
        if not (left := holdings.told(listing)):
            return listing
        if time.monotonic() > end:
            raise StepError(f"of system {name} there is left: {'; '.join(left[:10])}", where=f"project {project_id}",
                do="run the same command again; what stays must be deleted by hand")  # fmt: skip
        time.sleep(1)


def _stays(thing: Thing, networks: Collection[str]) -> bool:
    default = (thing.kind, thing.name) == ("security-group", "default")  # Neutron keeps it as long as the project
    return thing.kind in WITH_THE_PROJECT or default or thing.id in networks


def _order(thing: Thing) -> int:
    return list(DELETIONS).index(thing.kind)


def _admin_inside(connection: Connection, project_id: str) -> None:
    """Let hatang's own user at everything of the project; the role goes with the project."""
    identity: Any = connection.identity

    def give() -> None:
        role = next(r for r in identity.roles() if r.name == "admin")
        identity.assign_project_role_to_user(project_id, connection.current_user_id, role.id)

    guarded(give)


def _delete(connection: Connection, within: Connection, thing: Thing, say: Say) -> None:
    say(_("deleting {thing}").format(thing=thing))

    def turn() -> None:
        try:
            DELETIONS[thing.kind](connection, within, thing.id)
        except (ConflictException, BadRequestException):  # Cinder says 400 of a volume that has snapshots
            return  # in use by something that goes first; the next round tries again

    guarded(turn)


def _volume(connection: Connection, _within: Connection, thing: str) -> None:
    storage: Any = connection.block_storage
    found = storage.find_volume(thing, ignore_missing=True, all_projects=True)
    if found is not None and found.status in ("available", "error", "error_deleting"):
        storage.delete_volume(found, ignore_missing=True)


def _snapshot(connection: Connection, _within: Connection, thing: str) -> None:
    connection.block_storage.delete_snapshot(thing, ignore_missing=True)


def _balancer(_connection: Connection, within: Connection, thing: str) -> None:
    balancers: Any = within.load_balancer
    balancers.delete_load_balancer(thing, ignore_missing=True, cascade=True)


def _image(connection: Connection, _within: Connection, thing: str) -> None:
    image: Any = connection.image
    image.update_image(thing, is_protected=False)
    image.delete_image(thing, ignore_missing=True)


def _port(connection: Connection, _within: Connection, thing: str) -> None:
    unmanaged.remove(connection, {"kind": "Port", "id": thing, "what": ""})


def _router(connection: Connection, _within: Connection, thing: str) -> None:
    network: Any = connection.network
    for port in list(network.ports(device_id=thing)):
        if port.device_owner == unmanaged.ROUTER:
            network.remove_interface_from_router(thing, port_id=port.id)
    network.delete_router(thing, ignore_missing=True)


# In the order in which they are tried: what uses another goes first.
DELETIONS: dict[str, Callable[[Connection, Connection, str], Any]] = {
    "load-balancer": _balancer,
    "server": lambda c, w, i: c.compute.delete_server(i, ignore_missing=True),
    "server-group": lambda c, w, i: w.compute.delete_server_group(i, ignore_missing=True),
    "trust": lambda c, w, i: c.identity.delete(f"/OS-TRUST/trusts/{i}"),
    "image": _image,
    "floating-ip": lambda c, w, i: c.network.delete_ip(i, ignore_missing=True),
    "subnet-pool": lambda c, w, i: c.network.delete_subnet_pool(i, ignore_missing=True),
    "address-scope": lambda c, w, i: c.network.delete_address_scope(i, ignore_missing=True),
    "address-group": lambda c, w, i: c.network.delete_address_group(i, ignore_missing=True),
    "rbac-policy": lambda c, w, i: c.network.delete_rbac_policy(i, ignore_missing=True),
    "qos-policy": lambda c, w, i: c.network.delete_qos_policy(i, ignore_missing=True),
    "trunk": lambda c, w, i: c.network.delete_trunk(i, ignore_missing=True),
    "router": _router,
    "port": _port,
    "subnet": lambda c, w, i: c.network.delete_subnet(i, ignore_missing=True),
    "network": lambda c, w, i: c.network.delete_network(i, ignore_missing=True),
    "security-group": lambda c, w, i: c.network.delete_security_group(i, ignore_missing=True),
    "backup": lambda c, w, i: c.block_storage.delete_backup(i, ignore_missing=True),
    "snapshot": _snapshot,
    "volume": _volume,
    "secret": lambda c, w, i: w.key_manager.delete(f"/secrets/{i}"),
    "container": lambda c, w, i: w.key_manager.delete(f"/containers/{i}"),
    "zone": lambda c, w, i: w.dns.delete_zone(i, ignore_missing=True, delete_shares=True),
}
