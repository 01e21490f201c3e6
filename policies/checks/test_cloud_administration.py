"""The ways of administration: the bastion network of the branch and the management zones. Read from Neutron."""

from __future__ import annotations

from typing import Any

import pytest

from hatang.policies.checks.expected import CheckedSystem
from hatang.policies.checks.live_cloud import Live, facts
from hatang.policies.checks.live_rules import each_rule, lies_in, prefix_of, told
from hatang.policies.rules.services import ADMINISTRATION, reached

MANAGEMENT = ("management", "equipment")


@pytest.mark.control("SAC-07")
def test_administration_passes_through_bastion(value: Any, system: CheckedSystem, live: Live) -> None:
    """Ports of administration open to the bastion network of the branch alone, and that network to nobody outside."""
    bastion = [system.site.pool(system.agency.branch).bastion]
    faults = []
    for name, rule in each_rule(live, "ingress"):
        services = reached(ADMINISTRATION, facts(rule)[2], rule.get("port_range_min"), rule.get("port_range_max"))
        if services and not lies_in(prefix_of(rule), bastion):
            faults.append(f"{told(name, rule)}: {', '.join(services)} past the bastion")
    ports = {p.id for p in live.cloud.network.ports(network_id=live.bastion.id)}
    public = [a.floating_ip_address for a in live.cloud.network.ips() if a.port_id in ports]
    faults += [f"{a} leads from outside into the bastion network" for a in public]
    assert not faults, "; ".join(faults)


@pytest.mark.control("SAC-08")
def test_management_is_apart(value: Any, system: CheckedSystem, live: Live) -> None:
    """The bastion network is nobody else's and leads nowhere; nothing leaves the management zones but what is named."""
    network = live.bastion
    faults = []
    if network.is_shared or network.is_router_external:
        faults.append(f"{network.name} is open to every project")
    grants = live.cloud.network.rbac_policies(object_type="network", object_id=network.id)
    faults += [f"{network.name} is granted to project {g.target_project_id}" for g in grants if not network.is_shared]
    for subnet in live.cloud.network.subnets(network_id=network.id):
        if subnet.gateway_ip or subnet.host_routes:
            faults.append(f"{subnet.name} has a way out: {subnet.gateway_ip or subnet.host_routes}")
    wanted = live.wanted_rules()
    for name, rule in each_rule(live, "egress"):
        zone = name.removeprefix(f"{system.name}-")
        if zone in MANAGEMENT and zone in wanted:
            known = {r.remote for r in wanted[zone] if r.direction == "egress"}
            if facts(rule)[4] not in known:
                faults.append(f"{told(name, rule)}: a way out of the management network")
    assert not faults, "; ".join(faults)
