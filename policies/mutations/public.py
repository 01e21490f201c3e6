"""Public addresses, given by hand. Each function returns what takes the change back."""

from __future__ import annotations

from hatang.policies.mutations.place import Place, Undo


def address_by_hand(place: Place) -> Undo:
    """The platform's own project has a public address that leads to a host of the system."""
    network = place.cloud.network
    router = next(iter(network.routers(project_id=place.ids["project_id"])))
    port = next(p for p in network.ports(project_id=place.ids["project_id"]) if p.name == f"{place.name}-app")
    outside = router.external_gateway_info["network_id"]
    made = network.create_ip(floating_network_id=outside, port_id=port.id)
    return lambda: network.delete_ip(made)
