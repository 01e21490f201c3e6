"""Which network, router, group, server and volume of a tenant is which of a system; and the addresses it uses.

Told by name as hatang would name it, or by the mapping file. What is not told without doubt is never guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from hatang.errors import InputError
from hatang.model.adoption import AdoptionMap
from hatang.model.site import Site
from hatang.model.system import System
from hatang.model.terms import ZoneKind
from hatang.provision.adoption.tenant import Group, Port, Server, Tenant, Thing, Volume

T = TypeVar("T", bound=Thing)
WHERE = "project {0.name} ({0.id})"


@dataclass(frozen=True)
class Found:
    """Objects of the cloud by what they are in the system; what is not there is left out."""

    router: Thing | None = None
    networks: dict[ZoneKind, Thing] = field(default_factory=dict)
    groups: dict[ZoneKind, Group] = field(default_factory=dict)
    servers: dict[str, Server] = field(default_factory=dict)
    ports: dict[str, Port] = field(default_factory=dict)
    volumes: dict[str, Volume] = field(default_factory=dict)


def discover(tenant: Tenant, system: System, zones: Sequence[ZoneKind], given: AdoptionMap, site: Site) -> Found:
    """Which is which.

    Raises:
        InputError: several objects come into question; the mapping names what is not there; a server is no host of
            the request; a server's flavor, place or volume is not as the request says.
    """
    _known_keys(system, zones, given)
    network = {
        z: x for z in zones if (x := _one(tenant, "network", tenant.networks, given.zones.get(z), f"zones.{z.value}",
                                          (f"{system.name}-{z.value}", z.value)))
    }  # fmt: skip
    groups = {
        z: x for z in zones if (x := _one(tenant, "security group", tenant.groups, given.groups.get(z),
                                          f"groups.{z.value}", (f"{system.name}-{z.value}", z.value)))
    }  # fmt: skip
    _different(tenant, "network", network)
    _different(tenant, "security group", groups)
    servers = _servers(tenant, system, given)
    _flavors(tenant, system, servers, site)
    return Found(
        _router(tenant, system, given), network, groups, servers,
        {h: _port(tenant, system, h, s, network) for h, s in servers.items()},
        _volumes(tenant, system, servers, given),
    )  # fmt: skip


def _known_keys(system: System, zones: Sequence[ZoneKind], given: AdoptionMap) -> None:
    hosts, level = {h.name for h in system.hosts}, int(system.level)
    for part, keys in (("hosts", given.hosts), ("volumes", given.volumes)):
        if strange := sorted(set(keys) - hosts):
            raise InputError(
                f"system {system.name} has no host {', '.join(strange)}", where=f"mapping file ({part})",
                do=f"write one of: {', '.join(sorted(hosts))}",
            )  # fmt: skip
    for part, kinds in (("zones", given.zones), ("groups", given.groups)):
        if unknown := sorted({k.value for k in kinds} - {z.value for z in zones}):
            raise InputError(
                f"level {level} has no zone {', '.join(unknown)}", where=f"mapping file ({part})",
                do=f"write one of: {', '.join(z.value for z in zones)}",
            )  # fmt: skip


def _one(
    tenant: Tenant, what: str, things: Iterable[T], wanted: str | None, key: str, names: tuple[str, ...]
) -> T | None:
    """The one thing that is wanted by name or id, or has one of these names. None: nothing was wanted, none is so."""
    things = list(things)
    found = [t for t in things if (wanted in (t.id, t.name) if wanted else t.name in names)]
    if len(found) > 1:
        raise _several(tenant, what, found, key)
    if wanted and not found:
        raise InputError(
            f"{WHERE.format(tenant.project)} has no {what} {wanted}", where=f"mapping file ({key})",
            do=f"write the name or id of one of: {_told(things)}",
        )  # fmt: skip
    return found[0] if found else None


def _several(tenant: Tenant, what: str, found: Sequence[Thing], key: str) -> InputError:
    part, _, name = key.partition(".")
    line = f"{part}: {{{name}: {found[0].id}}}" if name else f"{part}: {found[0].id}"
    return InputError(
        f"{len(found)} {what}s come into question for {key}: {_told(found)}", where=WHERE.format(tenant.project),
        do=f"write into a mapping file (--map) which it is, such as: {line}",
    )  # fmt: skip


def _different(tenant: Tenant, what: str, chosen: Mapping[ZoneKind, Thing]) -> None:
    seen: dict[str, ZoneKind] = {}
    for zone, thing in chosen.items():
        if thing.id in seen:
            raise InputError(
                f"{what} {thing.name} would be that of zones {seen[thing.id].value} and {zone.value}",
                where=WHERE.format(tenant.project), do="a zone has one of its own; correct the mapping file",
            )  # fmt: skip
        seen[thing.id] = zone


def _router(tenant: Tenant, system: System, given: AdoptionMap) -> Thing | None:
    found = _one(tenant, "router", tenant.routers, given.router or None, "router", (system.name,))
    if found is None and len(tenant.routers) > 1:
        raise _several(tenant, "router", tenant.routers, "router")
    return found or next(iter(tenant.routers), None)


def _servers(tenant: Tenant, system: System, given: AdoptionMap) -> dict[str, Server]:
    found: dict[str, Server] = {}
    for host in system.hosts:
        wanted = given.hosts.get(host.name)
        there = [s for s in tenant.servers if wanted in _handles(tenant, s)] if wanted else [
            s for s in tenant.servers if s.name in (system.server_name(host.name), host.name)
        ]  # fmt: skip
        if len(there) > 1:
            raise _several(tenant, "server", there, f"hosts.{host.name}")
        if wanted and not there:
            raise InputError(
                f"{WHERE.format(tenant.project)} has no server {wanted}", where=f"mapping file (hosts.{host.name})",
                do=f"write name, id, fixed address or MAC address of one of: {_told(tenant.servers)}",
            )  # fmt: skip
        if there:
            found[host.name] = there[0]
    taken = {s.id for s in found.values()}
    if left := [s for s in tenant.servers if s.id not in taken]:
        names = ", ".join(h.name for h in system.hosts if h.name not in found) or "none is without server"
        raise InputError(
            f"server {_told(left)} is no host of system {system.name}", where=WHERE.format(tenant.project),
            do=f"add it to the request's hosts, or say which host it is in a mapping file (hosts); still free: {names}",
        )  # fmt: skip
    if len(taken) < len(found):
        raise InputError("one server stands for two hosts", where="mapping file (hosts)",
            do="name a server of its own for each host")  # fmt: skip
    return found


def _handles(tenant: Tenant, server: Server) -> set[str]:
    ports = [p for p in tenant.ports if p.device == server.id]
    return {server.id, server.name, *(p.mac for p in ports), *(a for p in ports for _, a in p.addresses)}


def _flavors(tenant: Tenant, system: System, servers: dict[str, Server], site: Site) -> None:
    known = {f.name for f in site.flavors}
    for i, host in enumerate(system.hosts):
        server = servers.get(host.name)
        if server is None or server.flavor == host.flavor:
            continue
        if server.flavor not in known:
            raise InputError(
                f"server {server.name} has flavor {server.flavor}, which site {site.name} does not offer",
                where=WHERE.format(tenant.project),
                do="add a flavor of this size and name to the site file and apply the site, or resize the server "
                f"to one of: {', '.join(sorted(known))}",
            )  # fmt: skip
        raise InputError(
            f"server {server.name} has flavor {server.flavor}, the request says {host.flavor}: a resize would "
            "restart it", where=f"system.hosts[{i}].flavor", do=f"submit a request with flavor: {server.flavor}",
        )  # fmt: skip


def _port(tenant: Tenant, system: System, host: str, server: Server, networks: dict[ZoneKind, Thing]) -> Port:
    zone = next(h.zone for h in system.hosts if h.name == host)
    ports = [p for p in tenant.ports if p.device == server.id]
    network = networks.get(zone)
    if network is None or len(ports) != 1 or ports[0].network != network.id:
        there = ", ".join(sorted({p.network for p in ports})) or "none"
        raise InputError(
            f"server {server.name} has {len(ports)} ports (networks {there}); host {host} has one, in zone {zone.value}"
            f" ({network.name if network else 'no network found'})", where=WHERE.format(tenant.project),
            do="name the zone's network in the mapping file (zones), or detach the other ports first",
        )  # fmt: skip
    return ports[0]


def _volumes(tenant: Tenant, system: System, servers: dict[str, Server], given: AdoptionMap) -> dict[str, Volume]:
    found: dict[str, Volume] = {}
    for i, host in enumerate(system.hosts):
        server = servers.get(host.name)
        own = [v for v in tenant.volumes if server and server.id in v.servers and not v.boots]
        name = f"{system.server_name(host.name)}-data"
        among = tenant.volumes if host.name in given.volumes else own
        volume = _one(tenant, "volume", among, given.volumes.get(host.name), f"volumes.{host.name}", (name,))
        if volume is None and len(own) > 1:
            raise _several(tenant, "volume", own, f"volumes.{host.name}")
        volume = volume or next(iter(own), None)
        has = volume.size if volume else 0
        if server and has != host.volume_gib:
            raise InputError(
                f"server {server.name} has a data volume of {has} GiB, the request says {host.volume_gib} (0: none)",
                where=f"system.hosts[{i}].volume_gib", do=f"submit a request with volume_gib: {has}",
            )  # fmt: skip
        if volume:
            found[host.name] = volume
    return found


def _told(things: Iterable[Thing]) -> str:
    return ", ".join(f"{t.name or '(no name)'} ({t.id})" for t in things) or "none is there"
