"""After a kill: what the engine was creating may be on the cloud, and its state does not know. Nothing may exist twice.

The state lists operations that were under way. For each creation the cloud is searched for the object by its name, in
its own project or domain: a namesake of somebody else is not ours. One that the state does not know is removed, and the
next run makes it anew; what is not there yet may still come, and is looked for again (late.py). Besides these, only
servers and volumes of the state itself are removed, when they never came to be.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from openstack.exceptions import NotFoundException

from hatang.provision import late
from hatang.provision.cloud import guarded
from hatang.provision.state import Known, StateFile

SETTLE_S = 5.0
SERVER = "openstack:compute/instance:Instance"
VOLUME = "openstack:blockstorage/volume:Volume"
PROJECT = "openstack:identity/project:Project"
Say = Callable[[str], None]
Connection = Any  # openstack.connection.Connection; its stubs mix versions of the APIs


def recover(state: StateFile, connection: Connection, say: Say) -> bool:
    """Put the cloud in order after a kill; returns whether the next run must refresh.

    The caller holds `Engine.alone`.
    """
    if not state.exists():
        return False
    state.break_lock()
    pending = state.pending()
    if sweep(state, connection, say):
        state.ask_refresh()
    if not pending and not state.wants_refresh():
        return False
    state.ask_refresh()
    _remove_stillborn(state, connection, say)
    if not pending:
        return True
    # What was sent a moment before the kill is still being worked on; most of it is there after this.
    time.sleep(max(0.0, SETTLE_S - state.age_s()))
    known = state.known()
    # Children first: an object in use cannot be removed.
    order = {t: i for i, t in enumerate(FINDERS)}
    own = _project_of(state)
    creating = [replace(r, inputs=_with_owner(r, own)) for kind, r in pending if kind == "creating" and r.type in order]
    creating.sort(key=lambda r: order[r.type])
    missing = [r for r in creating if not _remove_unknown(connection, r.type, r.name, r.inputs, known, say)]
    late.remember(state, missing)
    state.clear_pending()
    return True


def sweep(state: StateFile, connection: Connection, say: Say) -> int:
    """Remove what a killed run had asked for and the cloud made too late for `recover`; returns how many.

    The caller holds `Engine.alone`, and calls it after the engine too: then a late one stands beside its successor.
    """
    order = {t: i for i, t in enumerate(FINDERS)}
    return late.sweep(
        state,
        lambda x, known: _remove_unknown(connection, x.type, x.name, x.inputs, known, say),
        key=lambda x: order.get(x.type, len(order)),
    )


def _remove_unknown(
    connection: Connection, kind: str, name: str, inputs: dict[str, Any], known: set[tuple[str, str]], say: Say
) -> int:
    """Remove what answers to these inputs and the state does not know."""
    find, remove = FINDERS[kind]
    there = [x for x in guarded(lambda: list(find(connection, inputs))) if (kind, str(x.id)) not in known]
    for found in there:
        say(f"removing {name}: it was being made when the last run was killed")
        _remove(connection, remove, found)
    return len(there)


def _remove_stillborn(state: StateFile, connection: Connection, say: Say) -> None:
    """Servers that never ran, volumes that never held anything: the engine takes them as made; they stay broken."""
    compute: Any = connection.compute
    storage: Any = connection.block_storage
    for resource in state.resources():
        if resource.type == SERVER:
            server = guarded(lambda r=resource: compute.find_server(r.id, all_projects=True))
            if server is not None and server.status == "ERROR" and server.launched_at is None:
                say(f"removing {resource.name}: the cloud could not build it")
                _remove(connection, _remove_server, server)
        elif resource.type == VOLUME:
            volume = guarded(lambda r=resource: storage.find_volume(r.id, all_projects=True))
            if volume is not None and volume.status == "error" and not volume.attachments:
                say(f"removing {resource.name}: the cloud could not make it")
                _remove(connection, _remove_volume, volume)


def _remove(connection: Connection, remove: Callable[[Connection, Any], Any], found: Any) -> None:
    """Remove one object; gone meanwhile is as good."""

    def unless_gone() -> None:
        with contextlib.suppress(NotFoundException):
            remove(connection, found)

    guarded(unless_gone)


def _project_of(state: StateFile) -> str | None:
    """The project that a system's stack made: its servers and volumes, whose inputs name no project, are in it."""
    made = [r.id for r in state.resources() if r.type == PROJECT and not r.inputs.get("isDomain")]
    return made[0] if len(made) == 1 else None


def _with_owner(resource: Known, own: str | None) -> dict[str, Any]:
    """Inputs with the project that owns the object; `tenantId` is how the engine's provider names it."""
    inside = resource.type in (SERVER, VOLUME)
    # Without its project nothing can have been made in it: a name that no project has finds nothing.
    return {**resource.inputs, "tenantId": own or "(none)"} if inside else resource.inputs


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
        return [d for d in c.identity.domains() if d.name == inputs["name"]]
    return [p for p in c.identity.projects(domain_id=inputs.get("domainId")) if p.name == inputs["name"]]


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


Finder = tuple[Callable[[Connection, dict[str, Any]], Iterable[Any]], Callable[[Connection, Any], Any]]
# Role assignments and quotas are put, not posted: making them again changes nothing.
FINDERS: dict[str, Finder] = {
    "openstack:compute/volumeAttach:VolumeAttach": (_attachments, _detach),
    SERVER: (_servers, _remove_server),
    VOLUME: (_volumes, _remove_volume),
    "openstack:networking/secGroupRule:SecGroupRule": (_rules, lambda c, f: c.network.delete_security_group_rule(f)),
    "openstack:networking/routerInterface:RouterInterface": (_interfaces, _remove_interface),
    "openstack:networking/port:Port": (
        lambda c, i: _owned(c, c.network.ports(network_id=i.get("networkId")), i),
        lambda c, f: c.network.delete_port(f),
    ),
    "openstack:networking/secGroup:SecGroup": (
        lambda c, i: _owned(c, c.network.security_groups(), i),
        lambda c, f: c.network.delete_security_group(f),
    ),
    "openstack:networking/router:Router": (
        lambda c, i: _owned(c, c.network.routers(), i),
        lambda c, f: c.network.delete_router(f),
    ),
    "openstack:networking/subnet:Subnet": (
        lambda c, i: _owned(c, c.network.subnets(network_id=i.get("networkId")), i),
        lambda c, f: c.network.delete_subnet(f),
    ),
    "openstack:networking/network:Network": (
        lambda c, i: _owned(c, c.network.networks(), i),
        lambda c, f: c.network.delete_network(f),
    ),
    "openstack:networking/subnetPool:SubnetPool": (
        lambda c, i: _owned(c, c.network.subnet_pools(), i),
        lambda c, f: c.network.delete_subnet_pool(f),
    ),
    "openstack:networking/addressScope:AddressScope": (
        lambda c, i: _owned(c, c.network.address_scopes(ip_version=i["ipVersion"]), i),
        lambda c, f: c.network.delete_address_scope(f),
    ),
    "openstack:compute/keypair:Keypair": (
        lambda c, i: [k for k in c.compute.keypairs() if k.name == i["name"]],
        lambda c, f: c.compute.delete_keypair(f),
    ),
    "openstack:compute/flavor:Flavor": (
        lambda c, i: [f for f in c.compute.flavors() if f.name == i["name"]],
        lambda c, f: c.compute.delete_flavor(f),
    ),
    "openstack:compute/aggregateV2:AggregateV2": (
        lambda c, i: [a for a in c.compute.aggregates() if a.name == i["name"] and not a.hosts],
        lambda c, f: c.compute.delete_aggregate(f),
    ),
    "openstack:blockstorage/volumeTypeV3:VolumeTypeV3": (
        lambda c, i: [t for t in c.block_storage.types() if t.name == i["name"]],
        lambda c, f: c.block_storage.delete_type(f),
    ),
    "openstack:images/image:Image": (
        lambda c, i: [m for m in c.image.images(owner=c.current_project_id) if m.name == i["name"]],
        lambda c, f: c.image.delete_image(f),
    ),
    "openstack:identity/groupV3:GroupV3": (
        lambda c, i: [g for g in c.identity.groups(domain_id=i.get("domainId")) if g.name == i["name"]],
        lambda c, f: c.identity.delete_group(f),
    ),
    PROJECT: (_projects, _remove_project),
}
