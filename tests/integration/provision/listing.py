"""Everything that a cloud holds in its nine services, read by plain requests: independent of what hatang lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from openstack.connection import Connection

from hatang.sandbox.hosts.plan import OPERATOR  # the sandbox's own way in, made on each bastion network some time

ALL = {"all_tenants": "true"}
# Service, path, key of the list in the answer, query, headers.
LISTS: tuple[tuple[str, str, str, dict[str, str], dict[str, str]], ...] = (
    ("identity", "/domains", "domains", {}, {}),
    ("identity", "/projects", "projects", {}, {}),
    ("identity", "/users", "users", {}, {}),
    ("identity", "/groups", "groups", {}, {}),
    ("identity", "/OS-TRUST/trusts", "trusts", {}, {}),
    ("compute", "/servers", "servers", ALL, {}),
    ("compute", "/os-server-groups", "server_groups", {"all_projects": "true"}, {}),
    ("image", "/images", "images", {"limit": "1000"}, {}),
    ("network", "/networks", "networks", {}, {}),
    ("network", "/subnets", "subnets", {}, {}),
    ("network", "/ports", "ports", {}, {}),
    ("network", "/routers", "routers", {}, {}),
    ("network", "/security-groups", "security_groups", {}, {}),
    ("network", "/floatingips", "floatingips", {}, {}),
    ("network", "/subnetpools", "subnetpools", {}, {}),
    ("network", "/address-scopes", "address_scopes", {}, {}),
    ("network", "/rbac-policies", "rbac_policies", {}, {}),
    ("block-storage", "/volumes", "volumes", ALL, {}),
    ("block-storage", "/snapshots", "snapshots", ALL, {}),
    ("load-balancer", "/lbaas/loadbalancers", "loadbalancers", {}, {}),
    ("dns", "/zones", "zones", {"limit": "1000"}, {"X-Auth-All-Projects": "true"}),
)
ADAPTERS = {"block-storage": "block_storage", "load-balancer": "load_balancer"}


def everything(cloud: Connection) -> set[str]:
    """Every object, as `service path id`; allocations, keypairs and role assignments too."""
    return set(_everything(cloud))


def _everything(cloud: Connection) -> Iterator[str]:
    for service, path, key, query, headers in LISTS:
        adapter: Any = getattr(cloud, ADAPTERS.get(service, service))
        for thing in _ask(adapter, path, query, headers)[key]:
            if thing.get("device_owner") != OPERATOR:
                yield f"{service} {path} {thing['id']}"
    identity: Any = cloud.identity
    for given in _ask(identity, "/role_assignments", {}, {})["role_assignments"]:
        yield f"identity /role_assignments {sorted(given['scope'].items())} {given.get('user')} {given.get('group')}"
    compute: Any = cloud.compute
    for pair in _ask(compute, "/os-keypairs", {}, {})["keypairs"]:
        yield f"compute /os-keypairs {pair['keypair']['name']}"
    placement: Any = cloud.placement
    for provider in _ask(placement, "/resource_providers", {}, {})["resource_providers"]:
        for consumer in _ask(placement, f"/resource_providers/{provider['uuid']}/allocations", {}, {})["allocations"]:
            yield f"placement allocation {consumer}"


def described(cloud: Connection, left: set[str]) -> str:
    """What the cloud says of these objects: a failing test shall tell whose they are."""
    adapters = {path: (service, key) for service, path, key, _, _ in LISTS}
    told = []
    for service, path, which in (entry.split(" ", 2) for entry in sorted(left)):
        if path not in adapters:
            told.append(f"{service} {path} {which}")
            continue
        adapter: Any = getattr(cloud, ADAPTERS.get(service, service))
        told.append(f"{service} {path} {adapter.get(f'{path}/{which}').text}")
    return "\n".join(told)


def secrets_of(cloud: Connection, project_id: str) -> set[str]:
    """Secrets of one project; Barbican shows them to nobody else."""
    keys: Any = cloud.connect_as_project({"id": project_id}).key_manager
    return {s["secret_ref"] for s in _ask(keys, "/secrets", {}, {})["secrets"]}


def _ask(adapter: Any, path: str, query: dict[str, str], headers: dict[str, str]) -> dict[str, Any]:
    answer = adapter.get(path, params=query, headers=headers)
    assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:200]}"
    found: dict[str, Any] = answer.json()
    return found
