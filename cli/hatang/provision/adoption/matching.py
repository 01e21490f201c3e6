"""Which object of the cloud each declared resource is; what is missing there; what stays unknown to hatang.

Resources come in the order in which a program declares them, so the ids that one needs are known before it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hatang.errors import InputError
from hatang.model.terms import ZoneKind
from hatang.provision.adoption.addressing import subnet_of
from hatang.provision.adoption.declared import Declaration, Declared, reference, referred, resolved
from hatang.provision.adoption.discovery import WHERE, Found
from hatang.provision.adoption.tenant import Port, Tenant
from hatang.provision.unmanaged import ROUTER


@dataclass
class Matches:
    """What was found of a program's resources.

    Attributes:
        ids: id on the cloud, by reference.
        seen: facts of the cloud that the engine's provider takes from its state and never reads, by URN.
        missing: resources that are not on the cloud; the next apply would make them.
    """

    ids: dict[str, str] = field(default_factory=dict)
    seen: dict[str, dict[str, Any]] = field(default_factory=dict)
    taken: list[Declared] = field(default_factory=list)
    missing: list[Declared] = field(default_factory=list)

    def id_of(self, resource: Declared) -> str:
        """Id on the cloud of a resource that was found."""
        return self.ids[reference(resource.urn)]


Inputs = dict[str, Any]
Finder = Callable[["_Search", Declared, Inputs], str | None]


@dataclass
class _Search:
    tenant: Tenant
    found: Found
    region: str
    matches: Matches

    def port(self, inputs: Inputs) -> Port | None:
        wanted = inputs["fixedIps"][0]["ipAddress"]
        return next(
            (
                p for p in self.tenant.ports
                if p.network == inputs["networkId"] and wanted in {a for _, a in p.addresses}
            ),
            None,
        )  # fmt: skip


def match(declaration: Declaration, tenant: Tenant, found: Found, region: str) -> Matches:
    """Find every resource of a program on the cloud.

    Raises:
        InputError: an object cannot be taken as it is, and not be changed in place either.
    """
    matches = Matches()
    search = _Search(tenant, found, region, matches)
    for resource in declaration.resources:
        if not resource.custom or resource.is_provider:
            continue
        inputs = resolved(resource.inputs, matches.ids)
        there = FINDERS[resource.type](search, resource, inputs) if _askable(resource, inputs) else None
        if there is None:
            matches.missing.append(resource)
            continue
        matches.ids[reference(resource.urn)] = there
        matches.taken.append(resource)
    return matches


def _askable(resource: Declared, inputs: Inputs) -> bool:
    """Whether what a resource is looked for by is there; a joint of something missing is missing too."""
    return not any(referred(inputs.get(key)) for key in NEEDED.get(resource.type, ()))


def unknown(tenant: Tenant, found: Found, matches: Matches) -> list[str]:
    """What the project holds and hatang would leave alone: no resource of the system, and on none of its networks."""
    ids = set(matches.ids.values())
    kinds = {
        "network": tenant.networks, "router": tenant.routers, "volume": tenant.volumes,
        "public address": tenant.public,
        "security group": tuple(g for g in tenant.groups if g.name != "default"),
    }  # fmt: skip
    return sorted(f"{kind} {x.name or '-'} {x.id}" for kind, things in kinds.items() for x in things if x.id not in ids)


def _zone(resource: Declared) -> ZoneKind:
    return ZoneKind(resource.name.split("-", 1)[1].rsplit("-", 1)[0])


def _host(resource: Declared) -> str:
    return resource.name.removeprefix("host-").rsplit("-", 1)[0]


def _project(s: _Search, _r: Declared, i: Inputs) -> str:
    return s.tenant.domain.id if i.get("isDomain") else s.tenant.project.id


def _domain_group(s: _Search, _r: Declared, i: Inputs) -> str | None:
    return next((g.id for g in s.tenant.domain_groups if g.name == i["name"]), None)


def _role(s: _Search, _r: Declared, i: Inputs) -> str | None:
    who, place = i.get("groupId") or i.get("userId"), i.get("projectId") or i.get("domainId")
    if (who, place, i["roleId"]) not in s.tenant.roles:
        return None
    return "/".join(str(i.get(k) or "") for k in ("domainId", "projectId", "groupId", "userId", "roleId"))


def _quota(s: _Search, _r: Declared, i: Inputs) -> str:
    return f"{i['projectId']}/{s.region}"


def _subnet(s: _Search, r: Declared, i: Inputs) -> str | None:
    there = subnet_of(s.tenant, i["networkId"], i["ipVersion"])
    if there and there.pool != i["subnetpoolId"]:
        raise InputError(
            f"subnet {there.name or there.id} ({there.cidr}) is not of the subnet pool of the agency's branch; Neutron "
            "gives no pool to a subnet that is there, so it would be made anew, with all its ports",
            where=f"{WHERE.format(s.tenant.project)}, resource {r.name}",
            do="ask for a new system, and move the servers' data into it; this one cannot be adopted as it is",
        )  # fmt: skip
    return there.id if there else None


def _port(s: _Search, r: Declared, i: Inputs) -> str | None:
    port = s.port(i)
    if port is None:
        return None
    s.matches.seen[r.urn] = {
        "fixedIps": [{"subnetId": n, "ipAddress": a} for n, a in _as_declared(port.addresses, i)],
        **({"securityGroupIds": sorted(port.groups)} if port.groups else {}),
        "noSecurityGroups": not port.groups,
    }
    return port.id


def _as_declared(there: tuple[tuple[str, str], ...], inputs: Inputs) -> list[tuple[str, str]]:
    """Addresses of a port in the order of the program's, as far as they are the same: order is no difference."""
    order = [x["ipAddress"] for x in inputs["fixedIps"]]
    return sorted(there, key=lambda a: order.index(a[1]) if a[1] in order else len(order))


def _interface(s: _Search, _r: Declared, i: Inputs) -> str | None:
    port = next(p for p in s.tenant.ports if p.id == i["portId"])
    return port.id if port.owner == ROUTER and port.device == i["routerId"] else None


def _rule(s: _Search, _r: Declared, i: Inputs) -> str | None:
    wanted = (
        i["direction"], i["ethertype"], i.get("protocol") or "", i.get("portRangeMin"), i.get("remoteIpPrefix") or "",
    )  # fmt: skip
    group = next(g for g in s.tenant.groups if g.id == i["securityGroupId"])
    return next((rule for rule, facts in group.rules.items() if facts == wanted), None)


def _server(s: _Search, r: Declared, i: Inputs) -> str | None:
    server = s.found.servers.get(_host(r))
    if server is None:
        return None
    if server.image != i["imageId"]:
        raise InputError(
            f"server {server.name} was made from {'image ' + server.image if server.image else 'a volume'}, not from "
            f"the site's image {i['imageId']}: it would be made anew",
            where=f"{WHERE.format(s.tenant.project)}, resource {r.name}",
            do="ask for a new system, and move its data there; a server keeps the image that it was made from",
        )  # fmt: skip
    s.matches.seen[r.urn] = {"metadata": {k: v for k, v in server.metadata.items() if k in i["metadata"]}}
    return server.id


def _attachment(s: _Search, _r: Declared, i: Inputs) -> str | None:
    volume = next(v for v in s.tenant.volumes if v.id == i["volumeId"])
    return f"{i['instanceId']}/{volume.id}" if i["instanceId"] in volume.servers else None


def _address(s: _Search, _r: Declared, i: Inputs) -> str | None:
    return next((a.id for a in s.tenant.public if a.name == i["address"]), None)


def _bound(s: _Search, _r: Declared, i: Inputs) -> str | None:
    there = (a for a in s.tenant.public if a.name == i["floatingIp"] and a.port == i["portId"])
    return next((a.id for a in there if a.fixed == i["fixedIp"]), None)


def _id(thing: Any) -> str | None:
    return thing.id if thing else None


NETWORKING = "openstack:networking/"
NEEDED = {
    "openstack:identity/groupV3:GroupV3": ("domainId",),
    "openstack:identity/roleAssignment:RoleAssignment": ("groupId", "userId", "projectId", "domainId"),
    f"{NETWORKING}subnet:Subnet": ("networkId",),
    f"{NETWORKING}port:Port": ("networkId",),
    f"{NETWORKING}routerInterface:RouterInterface": ("portId", "routerId"),
    f"{NETWORKING}secGroupRule:SecGroupRule": ("securityGroupId",),
    f"{NETWORKING}floatingIpAssociate:FloatingIpAssociate": ("portId",),
    "openstack:compute/volumeAttach:VolumeAttach": ("instanceId", "volumeId"),
}
FINDERS: dict[str, Finder] = {
    "openstack:identity/project:Project": _project,
    "openstack:identity/groupV3:GroupV3": _domain_group,
    "openstack:identity/roleAssignment:RoleAssignment": _role,
    "openstack:compute/quotaSetV2:QuotaSetV2": _quota,
    f"{NETWORKING}quotaV2:QuotaV2": _quota,
    "openstack:blockstorage/quoteSetV3:QuoteSetV3": _quota,
    f"{NETWORKING}router:Router": lambda s, r, i: _id(s.found.router),
    f"{NETWORKING}network:Network": lambda s, r, i: _id(s.found.networks.get(_zone(r))),
    f"{NETWORKING}subnet:Subnet": _subnet,
    f"{NETWORKING}port:Port": _port,
    f"{NETWORKING}routerInterface:RouterInterface": _interface,
    f"{NETWORKING}secGroup:SecGroup": lambda s, r, i: _id(s.found.groups.get(_zone(r))),
    f"{NETWORKING}secGroupRule:SecGroupRule": _rule,
    f"{NETWORKING}floatingIp:FloatingIp": _address,
    f"{NETWORKING}floatingIpAssociate:FloatingIpAssociate": _bound,
    "openstack:compute/keypair:Keypair": lambda s, r, i: i["name"] if i["name"] in s.tenant.keypairs else None,
    "openstack:compute/instance:Instance": _server,
    "openstack:blockstorage/volume:Volume": lambda s, r, i: _id(s.found.volumes.get(_host(r))),
    "openstack:compute/volumeAttach:VolumeAttach": _attachment,
}
