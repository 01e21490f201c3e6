"""What is tried upon: what the system that is named really has, and the platform; and by which names it would show."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hatang.provision.cloud import guarded
from hatang.provision.holdings import of_project
from hatang.registry import Registry, SystemRecord

if TYPE_CHECKING:
    from openstack.connection import Connection

PLATFORM = "hatang-platform"
MOST = 4  # real objects of a kind that are asked for one by one, beside the decoy
KINDS = {
    "network": "network", "subnet": "subnet", "port": "port", "router": "router", "security-group": "security_group",
    "server": "server", "volume": "volume", "image": "image",
}  # fmt: skip
SHARED = ("role-assignment", "usage")  # name roles and people, who may be the asker's own
COMMON = {"default", "administrators", "auditors"}  # names that every agency has
SHORTEST = 4  # of a name that is looked for: a shorter one stands in every text


@dataclass
class Target:
    """Ids by kind, and everything that must not show."""

    values: dict[str, list[str]] = field(default_factory=dict)
    secret: set[str] = field(default_factory=set)

    def hide(self, *words: Any) -> None:
        """These must not show."""
        self.secret |= {w for x in words if len(w := str(x or "")) >= SHORTEST and w not in COMMON}

    def shown_in(self, text: str, known: str) -> list[str]:
        """What of it a text shows that was not `known` before: the asker's own words reveal nothing."""
        return sorted(s for s in self.secret if s in text and _stands(s, text) and not _stands(s, known))


def _stands(word: str, text: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text) is not None


def target(cloud: Connection, registry: Registry, record: SystemRecord) -> Target:
    """The system's project with what stands in it, its agency's domain, and the platform. Raises CloudError."""
    name, code = record.spec.name, record.agency.code
    project, agency = registry.remote_ids("system", name)["project_id"], registry.remote_ids("agency", code)
    found = Target()
    found.values |= {
        "project": [project], "domain": [agency["domain_id"]], "domain_name": [record.agency.slug],
        "group": [agency[k] for k in ("administrators_id", "auditors_id") if k in agency],
    }  # fmt: skip
    found.hide(project, name, record.agency.slug, *agency.values())
    for thing in (x for things in of_project(cloud, project, name).values() for x in things):
        if thing.kind not in SHARED:
            found.hide(thing.name, thing.id)
        if thing.kind in KINDS:
            found.values.setdefault(KINDS[thing.kind], []).append(thing.id)
    guarded(lambda: _platform(cloud, found))
    found.values = {k: v[:MOST] for k, v in found.values.items()}
    return found


def _platform(cloud: Connection, found: Target) -> None:
    identity, network, image = _untyped(cloud)
    domain = identity.find_domain(PLATFORM, ignore_missing=False)
    projects = list(identity.projects(domain_id=domain.id))
    networks = [n for n in network.networks() if n.project_id in {p.id for p in projects}]
    pools, scopes = list(network.subnet_pools()), list(network.address_scopes())
    found.values |= {
        "platform_domain": [domain.id], "platform_project": _ids(projects), "platform_network": _ids(networks),
        "pool": _ids(pools), "scope": _ids(scopes), "automation": [str(cloud.current_user_id)],
        "public_image": _ids(image.images(visibility="public")),
    }  # fmt: skip
    # A system's own subnets and networks name the ids of pool and scope: these are no secret, their names are.
    # `logging` and `backup` are words of every text.
    found.hide(PLATFORM, domain.id, *_ids(projects), *_ids(networks))
    found.hide(*(n.name for n in networks if n.name.startswith("bastion-")), *(x.name for x in (*pools, *scopes)))
    found.hide(*(g.id for g in identity.groups(domain_id=domain.id)))
    for role in identity.roles():
        if role.name in ("manager", "member", "reader"):
            found.values[f"role_{role.name}"] = [role.id]


def _ids(things: Iterable[Any]) -> list[str]:
    return [str(x.id) for x in things]


def _untyped(cloud: Connection) -> tuple[Any, Any, Any]:
    """The SDK's proxies have no types that hold."""
    return cloud.identity, cloud.network, cloud.image
