"""How each kind of object is found on the cloud by what the engine asked for, and how it is removed.

For recovery.py. Found is what has this name in its own project or domain: a namesake of somebody else is not ours. Of
domains, projects and groups only empty ones are: whatever somebody uses was not made a moment ago.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import chain, islice
from typing import Any, NamedTuple

from hatang.provision.state import IMAGE, PROJECT, SERVER, VOLUME

Connection = Any  # openstack.connection.Connection; its stubs mix versions of the APIs
Recent = Callable[[Any, dict[str, Any], float], bool]
CLOCKS_S = 300.0  # by how much the cloud's clock may be behind ours


class Finder(NamedTuple):
    """Of one kind of object.

    find: lists what answers to these inputs of the engine.
    remove: removes one of them.
    recent: whether it may have been made since that moment (seconds since the epoch), for these inputs. False where
        nothing tells: then what a failed run may have left stays, and the next run says that the name is taken.
    """

    find: Callable[[Connection, dict[str, Any]], Iterable[Any]]
    remove: Callable[[Connection, Any], Any]
    recent: Recent


def _dated(found: Any, _inputs: dict[str, Any], since: float) -> bool:
    if not found.created_at:
        return False
    made = datetime.fromisoformat(str(found.created_at))
    return (made if made.tzinfo else made.replace(tzinfo=UTC)).timestamp() >= since - CLOCKS_S


def _always(*_: Any) -> bool:
    return True


def _never(*_: Any) -> bool:
    return False


def _same_key(found: Any, inputs: dict[str, Any], _since: float) -> bool:
    return str(found.public_key).split()[:2] == str(inputs.get("publicKey")).split()[:2]


class _Joint:
    """What joins two objects and is none itself; its id is the engine's."""

    def __init__(self, joint_id: str, inputs: dict[str, Any]) -> None:
        self.id, self.inputs = joint_id, inputs


def _owned(c: Connection, items: Iterable[Any], inputs: dict[str, Any]) -> list[Any]:
    """Those of this name in the project that the inputs name, else in the automation's own, where they were made."""
    owner = inputs.get("tenantId") or c.current_project_id
    return [i for i in items if i.name == inputs.get("name") and i.project_id == owner]


def _projects(c: Connection, inputs: dict[str, Any]) -> list[Any]:
    if inputs.get("isDomain"):
        return [d for d in c.identity.domains() if d.name == inputs["name"] and not _lives_in_domain(c, d.id)]
    named = [p for p in c.identity.projects(domain_id=inputs.get("domainId")) if p.name == inputs["name"]]
    return [p for p in named if not _lives_in_project(c, p.id)]


def _lives_in_domain(c: Connection, domain: str) -> bool:
    listed = (c.identity.projects, c.identity.users, c.identity.groups)
    return any(True for x in chain.from_iterable(each(domain_id=domain) for each in listed) if x.id != domain)


def _lives_in_project(c: Connection, project: str) -> bool:
    return any(
        True
        for _ in chain(
            islice(c.network.networks(project_id=project), 1),
            islice(c.compute.servers(all_projects=True, project_id=project), 1),
            islice(c.block_storage.volumes(all_projects=True, project_id=project), 1),
        )
    )


def _groups(c: Connection, inputs: dict[str, Any]) -> list[Any]:
    named = [g for g in c.identity.groups(domain_id=inputs.get("domainId")) if g.name == inputs["name"]]
    return [g for g in named if not list(c.identity.group_users(g))]


def _remove_project(c: Connection, found: Any) -> None:
    if type(found).__name__ == "Domain":
        c.identity.update_domain(found, is_enabled=False)
        c.identity.delete_domain(found)
    else:
        c.identity.delete_project(found)


def _servers(c: Connection, inputs: dict[str, Any]) -> list[Any]:
    return _owned(c, c.compute.servers(all_projects=True, name=f"^{inputs['name']}$"), inputs)


def _remove_server(c: Connection, found: Any) -> None:
    c.compute.delete_server(found, force=False)
    c.compute.wait_for_delete(found, interval=0.5, wait=120)


def _attachments(c: Connection, inputs: dict[str, Any]) -> list[Any]:
    server, volume = inputs.get("instanceId"), inputs.get("volumeId")
    if not c.compute.find_server(server, all_projects=True):
        return []
    there = any(a.volume_id == volume for a in c.compute.volume_attachments(server))
    return [_Joint(f"{server}/{volume}", inputs)] if there else []


def _detach(c: Connection, found: Any) -> None:
    server, volume = found.id.split("/")
    c.compute.delete_volume_attachment(server, volume)
    end = time.monotonic() + 60
    while c.block_storage.get_volume(volume).status in ("detaching", "in-use") and time.monotonic() < end:
        time.sleep(0.5)


def _volumes(c: Connection, inputs: dict[str, Any]) -> list[Any]:
    return _owned(c, c.block_storage.volumes(all_projects=True), inputs)


def _remove_volume(c: Connection, found: Any) -> None:
    end = time.monotonic() + 60
    while c.block_storage.get_volume(found.id).status in ("creating", "attaching") and time.monotonic() < end:
        time.sleep(0.5)
    c.block_storage.delete_volume(found, force=True)


def _rules(c: Connection, inputs: dict[str, Any]) -> list[Any]:
    return [
        r
        for r in c.network.security_group_rules(security_group_id=inputs.get("securityGroupId"))
        if (r.direction, r.ether_type, r.protocol or "", r.port_range_min, r.remote_ip_prefix)
        == (
            inputs.get("direction"), inputs.get("ethertype"), inputs.get("protocol") or "",
            inputs.get("portRangeMin"), inputs.get("remoteIpPrefix"),
        )
    ]  # fmt: skip


def _interfaces(c: Connection, inputs: dict[str, Any]) -> list[Any]:
    ports = c.network.ports(device_id=inputs.get("routerId"), device_owner="network:router_interface")
    wanted = (inputs.get("subnetId"), inputs.get("portId"))
    return [
        _Joint(p.id, inputs) for p in ports if p.id == wanted[1] or wanted[0] in {f["subnet_id"] for f in p.fixed_ips}
    ]


def _remove_interface(c: Connection, found: Any) -> None:
    subnet, port = found.inputs.get("subnetId"), found.inputs.get("portId")
    what = {"subnet": subnet} if subnet else {"port": port}
    c.network.remove_interface_from_router(found.inputs["routerId"], **what)


def _of_neutron(kind: str, recent: Recent = _dated, **asked: str) -> Finder:
    """Objects of Neutron with a name and a project; `asked`: parameters of the listing, by the engine's inputs."""
    return Finder(
        lambda c, i: _owned(c, getattr(c.network, f"{kind}s")(**{key: i.get(name) for key, name in asked.items()}), i),
        lambda c, f: getattr(c.network, f"delete_{kind}")(f),
        recent,
    )


def _addresses(c: Connection, inputs: dict[str, Any]) -> list[Any]:
    """A floating address has no name: it is what it is. Of the project that the inputs name alone."""
    found = c.network.ips(floating_ip_address=inputs.get("address"), project_id=inputs.get("tenantId"))
    return [a for a in found if a.floating_ip_address == inputs.get("address")]


def _associations(c: Connection, inputs: dict[str, Any]) -> list[Any]:
    found = c.network.ips(floating_ip_address=inputs.get("floatingIp"), port_id=inputs.get("portId"))
    return [_Joint(a.id, inputs) for a in found if a.floating_ip_address == inputs.get("floatingIp") and a.port_id]


# Role assignments and quotas are put, not posted: making them again changes nothing.
FINDERS: dict[str, Finder] = {
    "openstack:networking/floatingIpAssociate:FloatingIpAssociate": Finder(
        _associations, lambda c, f: c.network.update_ip(f.id, port_id=None), _always
    ),
    "openstack:networking/floatingIp:FloatingIp": Finder(_addresses, lambda c, f: c.network.delete_ip(f), _dated),
    "openstack:compute/volumeAttach:VolumeAttach": Finder(_attachments, _detach, _always),
    SERVER: Finder(_servers, _remove_server, _dated),
    VOLUME: Finder(_volumes, _remove_volume, _dated),
    "openstack:networking/secGroupRule:SecGroupRule": Finder(
        _rules, lambda c, f: c.network.delete_security_group_rule(f), _dated
    ),
    "openstack:networking/routerInterface:RouterInterface": Finder(_interfaces, _remove_interface, _always),
    "openstack:networking/port:Port": _of_neutron("port", network_id="networkId"),
    "openstack:networking/secGroup:SecGroup": _of_neutron("security_group"),
    "openstack:networking/router:Router": _of_neutron("router"),
    "openstack:networking/subnet:Subnet": _of_neutron("subnet", network_id="networkId"),
    "openstack:networking/network:Network": _of_neutron("network"),
    "openstack:networking/subnetPool:SubnetPool": _of_neutron("subnet_pool"),
    # Neutron does not say when it made one.
    "openstack:networking/addressScope:AddressScope": _of_neutron("address_scope", _never, ip_version="ipVersion"),
    "openstack:compute/keypair:Keypair": Finder(
        lambda c, i: [k for k in c.compute.keypairs() if k.name == i["name"]],
        lambda c, f: c.compute.delete_keypair(f),
        _same_key,
    ),
    "openstack:compute/flavor:Flavor": Finder(
        lambda c, i: [f for f in c.compute.flavors() if f.name == i["name"]],
        lambda c, f: c.compute.delete_flavor(f),
        _never,
    ),
    "openstack:compute/aggregateV2:AggregateV2": Finder(
        lambda c, i: [a for a in c.compute.aggregates() if a.name == i["name"] and not a.hosts],
        lambda c, f: c.compute.delete_aggregate(f),
        _never,
    ),
    "openstack:blockstorage/volumeTypeV3:VolumeTypeV3": Finder(
        lambda c, i: [t for t in c.block_storage.types() if t.name == i["name"]],
        lambda c, f: c.block_storage.delete_type(f),
        _never,
    ),
    IMAGE: Finder(
        lambda c, i: [m for m in c.image.images(owner=c.current_project_id) if m.name == i["name"]],
        lambda c, f: c.image.delete_image(f),
        _dated,
    ),
    "openstack:identity/groupV3:GroupV3": Finder(_groups, lambda c, f: c.identity.delete_group(f), _always),
    PROJECT: Finder(_projects, _remove_project, _always),
}
ORDER = {kind: place for place, kind in enumerate(FINDERS)}  # children first: an object in use cannot be removed
