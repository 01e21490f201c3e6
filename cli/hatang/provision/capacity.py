"""What the cloud itself can still give: addresses for routers, processors, memory, disk and volumes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from ipaddress import ip_address
from math import ceil
from typing import Any

from openstack.connection import Connection

from hatang.model.capacity import Supply
from hatang.model.site import Site
from hatang.provision.cloud import guarded, placement

RESOURCES = {"VCPU": ("vcpus", 1), "MEMORY_MB": ("memory-gib", 1024), "DISK_GB": ("disk-gib", 1)}
ALL = "*"  # where the site knows no aggregates


def supplies(connection: Connection, site: Site) -> list[Supply]:
    """Of each external network, each aggregate and each back end of volumes.

    Raises:
        CloudError: a service does not answer.
    """
    looks: list[Callable[[Connection, Site], list[Supply]]] = [_routers, _compute, _volumes]
    return [supply for look in looks for supply in guarded(lambda look=look: look(connection, site))]


def _routers(connection: Connection, site: Site) -> list[Supply]:
    """IPv4 addresses in the allocation pools; one that a router has elsewhere takes none of them away."""
    network: Any = connection.network
    found = []
    for external in site.external_networks:
        there = network.find_network(external.name)
        if there is None:  # the landing was not made yet
            continue
        pools = [
            (int(ip_address(pool["start"])), int(ip_address(pool["end"])))
            for subnet in network.subnets(network_id=there.id, ip_version=4) for pool in subnet.allocation_pools
        ]  # fmt: skip
        used = {ip_address(ip["ip_address"]) for p in network.ports(network_id=there.id) for ip in p.fixed_ips}
        taken = sum(any(first <= int(a) <= last for first, last in pools) for a in used if a.version == 4)
        found.append(Supply("routers", external.name, sum(last - first + 1 for first, last in pools), taken))
    return found


def _compute(connection: Connection, site: Site) -> list[Supply]:
    """By Placement, with the ratios by which the region promises more than it has; per aggregate of the site.

    Of compute hosts that are up and take servers.
    """
    compute: Any = connection.compute
    takers = [h for h in compute.hypervisors(details=True) if (h.state, h.status) == ("up", "enabled")]
    names = {h.name: (h.service_details or {}).get("host") or h.name for h in takers}
    home = {host: a.name for a in site.aggregates for host in a.hosts}
    total: defaultdict[tuple[str, str], float] = defaultdict(float)
    taken: defaultdict[tuple[str, str], float] = defaultdict(float)
    for provider in placement(connection, "/resource_providers")["resource_providers"]:
        host = names.get(provider["name"])
        where = home.get(host or "", "" if home else ALL)
        if host is None or not where:
            continue  # no compute host, or one that none of the site's systems comes to
        path = f"/resource_providers/{provider['uuid']}"
        inventory = placement(connection, f"{path}/inventories")["inventories"]
        usages = placement(connection, f"{path}/usages")["usages"]
        for name, (what, unit) in RESOURCES.items():
            if held := inventory.get(name):
                total[what, where] += (held["total"] - held["reserved"]) * held["allocation_ratio"] / unit
                taken[what, where] += usages.get(name, 0) / unit
    return [Supply(what, where, int(n), ceil(taken[what, where])) for (what, where), n in total.items()]


def _volumes(connection: Connection, site: Site) -> list[Supply]:
    """Per back end of the site's volume types. A back end that does not know its own size has no line."""
    storage: Any = connection.block_storage
    wanted = {t.backend for t in site.volume_types}
    sizes: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    for pool in storage.backend_pools():
        facts = pool.capabilities
        sizes[str(facts.get("volume_backend_name"))].append(
            (_number(facts.get("total_capacity_gb")), _number(facts.get("free_capacity_gb")))
        )
    known = [name for name in sorted(wanted & sizes.keys()) if all(min(pool) >= 0 for pool in sizes[name])]
    return [_back_end(name, sizes[name]) for name in known]


def _back_end(name: str, pools: Iterable[tuple[float, float]]) -> Supply:
    total, free = (sum(column) for column in zip(*pools, strict=True))
    return Supply("volumes-gib", name, int(total), int(total) - int(max(0.0, free)))


def _number(said: Any) -> float:
    """A size in GiB; -1 for the words `infinite` and `unknown`."""
    return float(said) if isinstance(said, int | float) else -1.0
