"""The data centre's own networks, projects and ways out, changed by hand."""

from __future__ import annotations

from typing import Any

from hatang.policies.mutations.place import Place, Undo


def _project(place: Place, name: str) -> Any:
    identity = place.cloud.identity
    domain = identity.find_domain("hatang-platform")
    return next(p for p in identity.projects(domain_id=domain.id) if p.name == name)


def _bastion_name(place: Place) -> str:
    return f"bastion-{place.record.agency.branch.value}"


def bastion_for_everybody(place: Place) -> Undo:
    """Every project may put ports on the bastion network."""
    network, found = place.cloud.network, place.cloud.network.find_network(_bastion_name(place))
    network.update_network(found, is_shared=True)
    return lambda: network.update_network(found, is_shared=False)


def way_out_of_bastion(place: Place) -> Undo:
    """Hosts of the bastion network are told a way out, so that they can fetch updates."""
    network = place.cloud.network
    subnet = next(s for s in network.subnets() if s.name == _bastion_name(place))
    hop = str(place.site.pool(place.record.agency.branch).bastion[9])
    network.update_subnet(subnet, host_routes=[{"destination": "0.0.0.0/0", "nexthop": hop}])
    return lambda: network.update_subnet(subnet, host_routes=[])


def logs_shared(place: Place) -> Undo:
    """Another project may stand where the logs are."""
    network = place.cloud.network
    made = network.create_rbac_policy(
        object_type="network", object_id=network.find_network("logging").id, action="access_as_shared",
        target_project_id=place.cloud.current_project_id,
    )  # fmt: skip
    return lambda: network.delete_rbac_policy(made)


def plain_logs(place: Place) -> Undo:
    """Logs may be kept on a volume that is not encrypted."""
    project, storage = _project(place, "logging").id, place.cloud.block_storage
    storage.update_quota_set(project, volumes___DEFAULT__=5)
    return lambda: storage.update_quota_set(project, volumes___DEFAULT__=0)


def backup_for_everybody(place: Place) -> Undo:
    """Every project may reach the backup network."""
    network, found = place.cloud.network, place.cloud.network.find_network("backup")
    network.update_network(found, is_shared=True)
    return lambda: network.update_network(found, is_shared=False)


def backup_for_an_agency(place: Place) -> Undo:
    """The agency's administrators may work in the project of the copies: whoever has them, has both."""
    identity, role = place.cloud.identity, place.cloud.identity.find_role("member")
    project, group = _project(place, "backup").id, place.agency["administrators_id"]
    identity.assign_project_role_to_group(project, group, role)
    return lambda: identity.unassign_project_role_from_group(project, group, role)


def another_gate(place: Place) -> Undo:
    """The state data network is left through another gate."""
    network = place.cloud.network
    wanted = next(e for e in place.site.external_networks if e.purpose == "tslcd")
    subnet = next(s for s in network.subnets() if s.cidr == str(wanted.cidr))
    pools = [{"start": str(wanted.cidr[2]), "end": str(wanted.cidr[-6])}]  # Neutron gives no gateway out of a pool
    network.update_subnet(subnet, allocation_pools=pools, gateway_ip=str(wanted.cidr[-2]))
    before = [{"start": str(wanted.cidr[2]), "end": str(wanted.cidr[-2])}]
    return lambda: network.update_subnet(subnet, gateway_ip=str(wanted.gateway), allocation_pools=before)


def way_round_the_gate(place: Place) -> Undo:
    """The system's router sends a part of the addresses over a host of its own."""
    network, allocation = place.cloud.network, place.record.allocation
    assert allocation is not None
    hop = str(allocation.zones[0].cidr[9])
    router = place.ids["router_id"]
    network.add_extra_routes_to_router(
        router, {"router": {"routes": [{"destination": "192.0.2.0/24", "nexthop": hop}]}}
    )
    return lambda: network.update_router(router, routes=[])


def same_addresses(place: Place) -> Undo:
    """Another project takes addresses of this system."""
    network, allocation = place.cloud.network, place.record.allocation
    assert allocation is not None
    made = network.create_network(name="by-hand")
    network.create_subnet(
        network_id=made.id, ip_version=4, cidr=str(allocation.zones[0].cidr), is_dhcp_enabled=False, name="by-hand"
    )
    return lambda: network.delete_network(made)


def service_in_clear(place: Place) -> Undo:
    """An address of the cloud's API in a second region, without TLS."""
    identity = place.cloud.identity
    service = next(s for s in identity.services() if s.type == "network")
    region = identity.create_region(id="by-hand")
    made = identity.create_endpoint(
        service_id=service.id, interface="public", region_id=region.id, url="http://198.51.100.7:9696"
    )

    def undo() -> None:
        identity.delete_endpoint(made)
        identity.delete_region(region)

    return undo
