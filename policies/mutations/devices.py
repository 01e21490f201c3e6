"""Ports that somebody left or smuggled in."""

from __future__ import annotations

from hatang.policies.mutations.place import Place, Undo


def idle_port(place: Place) -> Undo:
    """A port for a server that never came."""
    network = place.cloud.network
    made = network.create_port(
        network_id=place.ids["networks"]["internal"], project_id=place.ids["project_id"], name="later"
    )
    return lambda: network.delete_port(made)


def port_switched_on_again(place: Place) -> Undo:
    """A port that was kept switched off is switched on, in the right security group."""
    network = place.cloud.network
    made = network.create_port(
        network_id=place.ids["networks"]["database"], project_id=place.ids["project_id"], name="reserve",
        is_admin_state_up=False, security_group_ids=[place.ids["groups"]["database"]],
    )  # fmt: skip
    network.update_port(made, is_admin_state_up=True)
    return lambda: network.delete_port(made)


def switched_off_port(place: Place) -> Undo:
    """Somebody keeps an address in the wireless zone; it is off today."""
    network = place.cloud.network
    made = network.create_port(
        network_id=place.ids["networks"]["wireless"], project_id=place.ids["project_id"], name="meeting-room",
        is_admin_state_up=False,
    )  # fmt: skip
    return lambda: network.delete_port(made)


def disguised_device(place: Place) -> Undo:
    """A device that gives itself out for a server of the system, in the right security group."""
    network = place.cloud.network
    made = network.create_port(
        network_id=place.ids["networks"]["database"], project_id=place.ids["project_id"], name=f"{place.name}-db",
        device_id=place.ids["servers"]["app"], device_owner="compute:nova",
        security_group_ids=[place.ids["groups"]["database"]],
    )  # fmt: skip
    return lambda: network.delete_port(made)
