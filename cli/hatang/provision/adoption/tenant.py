"""What a project holds, as its adoption needs it: read once, plain, so that matching needs no cloud."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from openstack.connection import Connection

from hatang.errors import InputError
from hatang.provision.cloud import guarded

Facts = tuple[str, str, str, int | None, str]  # as Rule.facts


@dataclass(frozen=True)
class Thing:
    """An object with id and name."""

    id: str
    name: str


@dataclass(frozen=True)
class Subnet(Thing):
    """A subnet."""

    network: str
    version: int
    cidr: str
    gateway: str
    pool: str


@dataclass(frozen=True)
class Port(Thing):
    """A port; addresses as (subnet, address)."""

    network: str
    device: str
    owner: str
    addresses: tuple[tuple[str, str], ...]
    groups: tuple[str, ...]
    mac: str = ""


@dataclass(frozen=True)
class Group(Thing):
    """A security group; its rules by id, those left out that the zone matrix cannot express."""

    rules: dict[str, Facts]


@dataclass(frozen=True)
class Server(Thing):
    """A server. `image` is empty when it starts from a volume."""

    flavor: str
    image: str
    metadata: dict[str, str]


@dataclass(frozen=True)
class Volume(Thing):
    """A volume and the servers that it is attached to."""

    size: int
    servers: tuple[str, ...]
    boots: bool = False


@dataclass(frozen=True)
class PublicAddress(Thing):
    """A floating address, by its name; the port and the fixed address that it leads to, empty: to nothing."""

    port: str
    fixed: str


@dataclass(frozen=True)
class Tenant:
    """Everything of a project, and of its domain what an agency's stack makes.

    Attributes:
        roles: (user or group, project or domain, role), ids.
        keypairs: names of the keypairs of hatang's own user.
    """

    project: Thing
    domain: Thing
    domain_groups: tuple[Thing, ...] = ()
    roles: frozenset[tuple[str, str, str]] = frozenset()
    networks: tuple[Thing, ...] = ()
    subnets: tuple[Subnet, ...] = ()
    ports: tuple[Port, ...] = ()
    routers: tuple[Thing, ...] = ()
    groups: tuple[Group, ...] = ()
    servers: tuple[Server, ...] = ()
    volumes: tuple[Volume, ...] = ()
    keypairs: frozenset[str] = field(default_factory=frozenset)
    public: tuple[PublicAddress, ...] = ()


def read(connection: Connection, project_id: str, bastion_network: str) -> Tenant:
    """The tenant as it stands on the cloud. Reading changes nothing there.

    Args:
        bastion_network: id of the bastion network of the agency's branch; legs of the project's routers on it count.

    Raises:
        InputError: there is no such project.
        CloudError: the cloud does not answer.
    """
    identity: Any = connection.identity
    project = guarded(lambda: identity.find_project(project_id))
    if project is None:
        raise InputError(
            f"the cloud has no project {project_id}", where="--project",
            do="state the project's id: openstack project list --domain DOMAIN",
        )  # fmt: skip
    tenant: Tenant = guarded(lambda: _read(connection, project, bastion_network))
    return tenant


def _read(connection: Any, project: Any, bastion_network: str) -> Tenant:
    network, identity, pid = connection.network, connection.identity, project.id
    domain = identity.get_domain(project.domain_id)
    routers = _things(network.routers(project_id=pid))
    networks = _things(network.networks(project_id=pid))
    known = {n.id for n in networks}
    legs = [p for r in routers for p in network.ports(device_id=r.id)]
    ports = {p.id: p for p in (*network.ports(project_id=pid), *legs) if p.network_id in {*known, bastion_network}}
    compute, storage = connection.compute, connection.block_storage
    return Tenant(
        Thing(pid, project.name),
        Thing(domain.id, domain.name),
        _things(identity.groups(domain_id=domain.id)),
        frozenset(_roles(identity, {"scope.project.id": pid})) | frozenset(
            _roles(identity, {"scope.domain.id": domain.id})
        ),
        networks,
        tuple(
            Subnet(s.id, s.name, s.network_id, s.ip_version, s.cidr, s.gateway_ip or "", s.subnet_pool_id or "")
            for s in network.subnets() if s.network_id in known
        ),
        tuple(_port(p) for p in ports.values()),
        routers,
        # Asked for one project's groups, Neutron would make its default group anew; so all are asked for.
        tuple(_group(g) for g in network.security_groups() if g.project_id == pid),
        tuple(_server(s) for s in compute.servers(all_projects=True, project_id=pid)),
        tuple(_volume(v) for v in storage.volumes(all_projects=True) if v.project_id == pid),
        frozenset(k.name for k in compute.keypairs()),
        tuple(
            PublicAddress(a.id, a.floating_ip_address, a.port_id or "", a.fixed_ip_address or "")
            for a in network.ips(project_id=pid)
        ),
    )  # fmt: skip


def _things(listed: Any) -> tuple[Thing, ...]:
    return tuple(Thing(x.id, x.name or "") for x in listed)


def _roles(identity: Any, scope: dict[str, str]) -> list[tuple[str, str, str]]:
    found = identity.get("/role_assignments", params=scope).json()["role_assignments"]
    place = next(iter(scope.values()))
    return [((a.get("user") or a.get("group"))["id"], place, a["role"]["id"]) for a in found]


def _port(p: Any) -> Port:
    return Port(
        p.id, p.name or "", p.network_id, p.device_id or "", p.device_owner or "",
        tuple((f["subnet_id"], f["ip_address"]) for f in p.fixed_ips), tuple(p.security_group_ids or ()),
        p.mac_address or "",
    )  # fmt: skip


def _group(g: Any) -> Group:
    return Group(g.id, g.name, {r["id"]: facts for r in g.security_group_rules if (facts := rule_facts(r))})


def rule_facts(rule: dict[str, Any]) -> Facts | None:
    """What the zone matrix says of a rule; None: it cannot say this (a group as other end, a range of ports)."""
    low, high = rule.get("port_range_min"), rule.get("port_range_max")
    if rule.get("remote_group_id") or rule.get("remote_address_group_id") or low != high:
        return None
    return rule["direction"], rule["ethertype"], rule.get("protocol") or "", low, rule.get("remote_ip_prefix") or ""


def _server(s: Any) -> Server:
    return Server(s.id, s.name, _flavor(s.flavor), (s.image.id if s.image else "") or "", dict(s.metadata or {}))


def _flavor(flavor: Any) -> str:
    return str(flavor.get("original_name") or flavor.get("name") or flavor.get("id"))


def _volume(v: Any) -> Volume:
    servers = tuple(a["server_id"] for a in v.attachments)
    return Volume(v.id, v.name or "", v.size, servers, bool(v.is_bootable))
