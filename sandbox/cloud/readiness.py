"""What "ready" means for each service: not an open port, but an authenticated answer which proves its inner parts.

Each probe raises or returns a reason while the service is not ready, and returns None when it is. A probe also warms
up token validation and the client sessions of its service, one request at a time.
"""

from __future__ import annotations

from collections.abc import Callable

from .configfiles import BACKEND, BACKENDS
from .rest import Session
from .settings import Settings

EXTENSIONS = frozenset(  # what the stacks of the product rely on
    [
        "address-scope",
        "allowed-address-pairs",
        "ext-gw-mode",
        "external-net",
        "extraroute",
        "port-security",
        "project-id",
        "provider",
        "quotas",
        "rbac-policies",
        "router",
        "security-group",
        "standard-attr-tag",
        "subnet_allocation",
    ]
)
Probe = Callable[[Session, Settings], "str | None"]


def _keystone(k: Session, s: Settings) -> str | None:
    types = {x["type"] for x in k.get("keystone", "/services")["services"]}
    return None if len(types) >= len(s.services) else f"catalogue incomplete: {sorted(types)}"


def _placement(k: Session, s: Settings) -> str | None:
    k.get("placement", "/resource_providers")
    return None


def _glance(k: Session, s: Settings) -> str | None:
    k.get("glance", "/v2/images?limit=1")
    stores = k.get("glance", "/v2/info/stores")["stores"]
    return None if stores else "no store"


def _nova(k: Session, s: Settings) -> str | None:
    up = {(x["binary"], x["host"]) for x in k.get("nova", "/os-services")["services"] if x["state"] == "up"}
    wanted = {("nova-conductor", BACKEND), ("nova-scheduler", BACKEND), *(("nova-compute", h) for h in s.compute_hosts)}
    if wanted - up:
        return f"not up: {sorted(wanted - up)}"
    k.get("nova", "/servers?limit=1")
    providers = {p["name"]: p["uuid"] for p in k.get("placement", "/resource_providers")["resource_providers"]}
    for host in s.compute_hosts:
        if host not in providers:
            return f"placement does not know {host}"
        if not k.get("placement", f"/resource_providers/{providers[host]}/inventories")["inventories"]:
            return f"{host} has no inventory"
    return None


def _neutron(k: Session, s: Settings) -> str | None:
    k.get("neutron", "/v2.0/networks?limit=1")
    k.get("neutron", "/v2.0/security-groups?limit=1")
    known = {x["alias"] for x in k.get("neutron", "/v2.0/extensions")["extensions"]}
    missing = EXTENSIONS - known
    return f"extensions missing: {missing}" if missing else None


def _cinder(k: Session, s: Settings) -> str | None:
    services = k.get("cinder", f"/{k.project_id}/os-services")["services"]
    up = {x["binary"] for x in services if x["state"] == "up"}
    if not {"cinder-volume", "cinder-scheduler"} <= up:
        return f"up so far: {sorted(up)}"
    pools = k.get("cinder", f"/{k.project_id}/scheduler-stats/get_pools")["pools"]
    missing = set(BACKENDS) - {p["name"].partition("@")[2].partition("#")[0] for p in pools}
    return f"the scheduler knows no pool of {sorted(missing)} yet" if missing else None


def _barbican(k: Session, s: Settings) -> str | None:
    k.get("barbican", "/v1/secrets?limit=1")
    return None


def _octavia(k: Session, s: Settings) -> str | None:
    k.get("octavia", "/v2/lbaas/loadbalancers?limit=1")
    providers = {p["name"] for p in k.get("octavia", "/v2/lbaas/providers")["providers"]}
    return None if "sandbox" in providers else f"providers: {providers}"


def _designate(k: Session, s: Settings) -> str | None:
    k.get("designate", "/v2/zones?limit=1")
    pools = k.get("designate", "/v2/pools")["pools"]
    return None if pools and pools[0]["ns_records"] else "the default pool has no name server"


PROBES: dict[str, Probe] = {
    "keystone": _keystone,
    "placement": _placement,
    "glance": _glance,
    "nova": _nova,
    "neutron": _neutron,
    "cinder": _cinder,
    "barbican": _barbican,
    "octavia": _octavia,
    "designate": _designate,
}
