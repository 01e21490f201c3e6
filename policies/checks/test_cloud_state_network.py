"""The way onto the state data network and the addresses there (Circular 06/2026). Read from Neutron."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest

from hatang.policies.checks.expected import CheckedSystem
from hatang.policies.checks.live_cloud import Live
from hatang.policies.checks.live_rules import Prefix, overlaps


@pytest.mark.control("TSL-01")
def test_state_network_is_joined_through_its_gate(value: Any, system: CheckedSystem, live: Live) -> None:
    """The one way out of a system is its gateway on the site's external network, and that network's one gate."""
    network = live.cloud.network
    outside = {n.id: n for n in network.networks(is_router_external=True)}
    planned = {e.name: e for e in system.site.external_networks}
    faults = []
    for router in live.routers:
        if router.routes:
            ways = ", ".join(f"{r['destination']} over {r['nexthop']}" for r in router.routes)
            faults.append(f"router {router.name} has ways of its own: {ways}")
        gateway = outside.get((router.external_gateway_info or {}).get("network_id", ""))
        if gateway is None:
            continue  # nowhere joined
        wanted = planned.get(gateway.name)
        if wanted is None:
            faults.append(f"router {router.name} leads to {gateway.name}, which is none of the site's ways out")
            continue
        if gateway.provider_physical_network != wanted.physical_network:
            faults.append(f"{wanted.name} stands on physical network {gateway.provider_physical_network}")
        for subnet in network.subnets(network_id=gateway.id, ip_version=4):
            if (subnet.cidr, subnet.gateway_ip) != (str(wanted.cidr), str(wanted.gateway)):
                faults.append(f"{wanted.name} leads through {subnet.gateway_ip}, not the gate {wanted.gateway}")
    faults += [f"subnet {s.name} sends hosts round the gate: {s.host_routes}" for s in live.subnets if s.host_routes]
    assert not faults, "; ".join(faults)


@pytest.mark.control("TSL-03")
def test_addresses_are_those_assigned(value: Any, system: CheckedSystem, live: Live) -> None:
    """Every subnet is out of the branch's pool and prefix, and no other subnet of the region overlaps."""
    assert system.allocation is not None, "the system has no addresses"
    pool = system.site.pool(system.agency.branch)
    pools = {p.id: p.name for p in live.cloud.network.subnet_pools()}
    own = {s.id for s in live.subnets}
    taken: list[Prefix] = [system.allocation.block, *(z.cidr_v6 for z in system.allocation.zones)]
    faults = []
    for subnet in live.subnets:
        if pools.get(subnet.subnet_pool_id or "") != f"{system.agency.branch.value}-{subnet.ip_version}":
            faults.append(f"subnet {subnet.name or subnet.cidr} is not out of the branch's pool")
        elif not overlaps(ip_network(subnet.cidr), (pool.prefix, pool.prefix_v6)):
            faults.append(f"subnet {subnet.name or subnet.cidr} lies outside the branch's prefix")
    for subnet in live.cloud.network.subnets():
        if subnet.id not in own and overlaps(ip_network(subnet.cidr), taken):
            faults.append(f"subnet {subnet.name or subnet.id} of another project overlaps: {subnet.cidr}")
    assert not faults, "; ".join(faults)
