"""Networks, ports and security groups, changed by hand. Each function returns what takes the change back."""

from __future__ import annotations

from hatang.policies.mutations.place import Place, Undo


def narrow_rule(place: Place) -> Undo:
    """One address gets in at a port that the matrix does not know."""
    return _rule(place, "192.0.2.7/32", 3389)


def open_rule(place: Place) -> Undo:
    """Everybody gets in."""
    return _rule(place, "0.0.0.0/0", 3389)


def _rule(place: Place, remote: str, port: int) -> Undo:
    network = place.cloud.network
    made = network.create_security_group_rule(
        security_group_id=place.ids["groups"]["database"], direction="ingress", ether_type="IPv4", protocol="tcp",
        port_range_min=port, port_range_max=port, remote_ip_prefix=remote,
    )  # fmt: skip
    return lambda: network.delete_security_group_rule(made)


def missing_rule(place: Place) -> Undo:
    """A rule of the matrix is removed."""
    network = place.cloud.network
    rules = network.security_group_rules(security_group_id=place.ids["groups"]["application"], direction="ingress")
    old = next(r for r in rules if r.port_range_min == 22)
    network.delete_security_group_rule(old)
    return lambda: network.create_security_group_rule(
        security_group_id=old.security_group_id, direction="ingress", ether_type=old.ether_type, protocol=old.protocol,
        port_range_min=22, port_range_max=22, remote_ip_prefix=old.remote_ip_prefix, description=old.description,
        project_id=place.ids["project_id"],
    )  # fmt: skip


def other_addresses(place: Place) -> Undo:
    """A server may send from addresses that are not its own."""
    network = place.cloud.network
    port = next(p for p in network.ports(project_id=place.ids["project_id"]) if p.name == f"{place.name}-app")
    network.update_port(port, allowed_address_pairs=[{"ip_address": "10.0.0.0/8"}])
    return lambda: network.update_port(port, allowed_address_pairs=[])


def zone_off(place: Place) -> Undo:
    """A zone's network is switched off."""
    network, zone = place.cloud.network, place.ids["networks"]["wireless"]
    network.update_network(zone, is_admin_state_up=False)
    return lambda: network.update_network(zone, is_admin_state_up=True)


def strange_network(place: Place) -> Undo:
    """A network that is no zone."""
    network = place.cloud.network
    made = network.create_network(name=f"{place.name}-extra", project_id=place.ids["project_id"])
    return lambda: network.delete_network(made)


def address_to_server(place: Place) -> Undo:
    """An engineer binds an address of the platform's own project to a server; the system's own quota lets none."""
    network = place.cloud.network
    router = network.get_router(place.ids["router_id"])
    port = next(p for p in network.ports(project_id=place.ids["project_id"]) if p.name == f"{place.name}-app")
    made = network.create_ip(floating_network_id=router.external_gateway_info["network_id"], port_id=port.id)
    return lambda: network.delete_ip(made)


def port_outside(place: Place) -> Undo:
    """A port of the system directly on the external network."""
    network = place.cloud.network
    outside = network.find_network("internet")
    made = network.create_port(network_id=outside.id, project_id=place.ids["project_id"], name="public")
    return lambda: network.delete_port(made)
