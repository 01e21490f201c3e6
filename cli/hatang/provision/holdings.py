"""What a project holds in each of the nine services, as the APIs list it: before it is purged, and until it is empty.

Barbican shows secrets to their own project alone, so it can be asked only while the project is there; hatang makes sure
that nothing is left in it before the project goes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, NamedTuple

from openstack.connection import Connection
from openstack.exceptions import ForbiddenException, HttpException, NotFoundException

from hatang.provision.cloud import endpoint, guarded, placement

SERVICES = (
    "identity", "compute", "placement", "image", "network", "block-storage", "key-manager", "load-balancer", "dns",
)  # fmt: skip
OPTIONAL = ("key-manager", "load-balancer", "dns")  # a region may lack them; then nothing can stand there


class Thing(NamedTuple):
    """One object that a project holds."""

    kind: str
    name: str
    id: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name or '-'} {self.id}"


Listing = dict[str, list[Thing]]  # by service


def of_project(connection: Connection, project_id: str, name: str) -> Listing:
    """Everything of a project; a service that holds nothing has an empty list, one that the region lacks has none.

    Args:
        name: of the system; its keypair belongs to hatang's own user and is known by that name alone.

    Raises:
        CloudError: a service does not answer. What could not be asked is never taken for empty.
    """
    offered = [s for s in SERVICES if s not in OPTIONAL or endpoint(connection, s)]
    return {s: sorted(guarded(partial(LOOKS[s], connection, project_id, name))) for s in offered}


def inside(connection: Connection, project_id: str) -> Connection | None:
    """A connection within the project; None: it is gone. Raises CloudError."""
    identity: Any = connection.identity
    there = guarded(lambda: [p for p in identity.projects() if p.id == project_id])
    return connection.connect_as_project({"id": project_id}) if there else None


def told(listing: Listing) -> list[str]:
    """Everything of a listing, one line each."""
    return [f"{service}: {what}" for service in SERVICES for what in listing.get(service, [])]


def _row(kind: str, thing: Any) -> Thing:
    return Thing(kind, getattr(thing, "name", None) or "", thing.id)


def _mine(kind: str, listed: Iterable[Any], project_id: str) -> list[Thing]:
    return [_row(kind, x) for x in listed if getattr(x, "project_id", None) == project_id]


def _identity(connection: Connection, project_id: str, _name: str) -> list[Thing]:
    identity: Any = connection.identity
    found = [_row("project", p) for p in identity.projects() if p.id == project_id]
    for given in identity.get("/role_assignments", params={"scope.project.id": project_id}).json()["role_assignments"]:
        who = (given.get("user") or given.get("group"))["id"]
        found.append(Thing("role-assignment", given["role"]["id"], who))
    found += [
        Thing("trust", "", x["id"])
        for x in identity.get("/OS-TRUST/trusts").json()["trusts"]
        if x["project_id"] == project_id
    ]
    return found


def _compute(connection: Connection, project_id: str, name: str) -> list[Thing]:
    compute: Any = connection.compute
    found = [_row("server", s) for s in compute.servers(all_projects=True, project_id=project_id)]
    found += _mine("server-group", compute.server_groups(all_projects=True), project_id)
    return found + [_row("keypair", k) for k in compute.keypairs() if k.name == name]


def _placement(connection: Connection, project_id: str, _name: str) -> list[Thing]:
    usages = placement(connection, "/usages", project_id=project_id)["usages"]
    return [Thing("usage", what, str(n)) for what, n in usages.items() if n]


def _image(connection: Connection, project_id: str, _name: str) -> list[Thing]:
    return [_row("image", i) for i in connection.image.images(owner=project_id) if i.owner_id == project_id]


def _network(connection: Connection, project_id: str, name: str) -> list[Thing]:
    network: Any = connection.network
    found = _mine("network", network.networks(), project_id)
    found += _mine("subnet", network.subnets(), project_id)
    leg = f"router-{name}"  # its way to the bastion network: a port of the platform
    found += [_row("port", p) for p in network.ports() if p.project_id == project_id or p.name == leg]
    found += _mine("router", network.routers(), project_id)
    # Asked for one project's groups, Neutron would make its default group anew; so all are asked for.
    found += _mine("security-group", network.security_groups(), project_id)
    found += _mine("floating-ip", network.ips(), project_id)
    for kind, listed in _EXTENSIONS.items():
        found += _mine(kind, _if_offered(partial(_listed, listed, network)), project_id)
    return found


def _storage(connection: Connection, project_id: str, _name: str) -> list[Thing]:
    storage: Any = connection.block_storage
    found = _mine("volume", storage.volumes(all_projects=True), project_id)
    found += _mine("snapshot", storage.snapshots(all_projects=True), project_id)
    for backup in _if_offered(lambda: list(storage.backups(all_projects=True))):
        owner = getattr(backup, "project_id", None) or backup.to_dict().get("os-backup-project-attr:project_id")
        found += [_row("backup", backup)] if owner == project_id else []
    return found


def _keys(connection: Connection, project_id: str, _name: str) -> list[Thing]:
    within = inside(connection, project_id)
    if within is None:
        return []
    keys: Any = within.key_manager
    found = [Thing("secret", s.name or "", s.secret_ref.rsplit("/", 1)[1]) for s in keys.secrets()]
    return found + [Thing("container", c.name or "", c.container_ref.rsplit("/", 1)[1]) for c in keys.containers()]


def _balancers(connection: Connection, project_id: str, _name: str) -> list[Thing]:
    return _mine("load-balancer", connection.load_balancer.load_balancers(project_id=project_id), project_id)


def _dns(connection: Connection, project_id: str, _name: str) -> list[Thing]:
    answer = connection.dns.get("/zones", headers={"X-Auth-All-Projects": "true"}, params={"limit": 1000})
    answer.raise_for_status()
    return [Thing("zone", z["name"], z["id"]) for z in answer.json()["zones"] if z["project_id"] == project_id]


def _listed(listed: Callable[[Any], Iterable[Any]], network: Any) -> list[Any]:
    return list(listed(network))


def _if_offered(listed: Callable[[], list[Any]]) -> list[Any]:
    """A list of something that not every region offers; where the service refuses for another reason, it raises."""
    try:
        return listed()
    except NotFoundException:
        return []
    except ForbiddenException:
        raise
    except HttpException as exc:
        if exc.response is not None and exc.response.status_code in (404, 501):
            return []
        raise


_EXTENSIONS: dict[str, Callable[[Any], Iterable[Any]]] = {
    "subnet-pool": lambda n: n.subnet_pools(),
    "address-scope": lambda n: n.address_scopes(),
    "address-group": lambda n: n.address_groups(),
    "rbac-policy": lambda n: n.rbac_policies(),
    "qos-policy": lambda n: n.qos_policies(),
    "trunk": lambda n: n.trunks(),
}
LOOKS: dict[str, Callable[[Connection, str, str], list[Thing]]] = {
    "identity": _identity, "compute": _compute, "placement": _placement, "image": _image, "network": _network,
    "block-storage": _storage, "key-manager": _keys, "load-balancer": _balancers, "dns": _dns,
}  # fmt: skip
