"""Rules of security groups, added by hand. Each function returns what takes the rule away again."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

from hatang.policies.mutations.place import Place, Undo


def _zone(place: Place, zone: str) -> str:
    allocation = place.record.allocation
    assert allocation is not None
    return next(str(z.cidr) for z in allocation.zones if z.kind.value == zone)


def _bastion(place: Place) -> str:
    return str(place.site.pool(place.record.agency.branch).bastion)


def _rule(place: Place, zone: str, port: int, *, out: bool = False, **remote: Any) -> Undo:
    network = place.cloud.network
    made = network.create_security_group_rule(
        security_group_id=place.ids["groups"][zone], direction="egress" if out else "ingress", ether_type="IPv4",
        protocol="tcp", port_range_min=port, port_range_max=port, **remote,
    )  # fmt: skip
    return lambda: network.delete_security_group_rule(made)


def neighbours(place: Place) -> Undo:
    """Servers of the application zone reach each other's file shares."""
    return _rule(place, "application", 445, remote_ip_prefix=_zone(place, "application"))


def members_of_the_group(place: Place) -> Undo:
    """Whoever gets the group put on his port reaches the database servers."""
    return _rule(place, "database", 5432, remote_group_id=place.ids["groups"]["database"])


def ssh_from_staff(place: Place) -> Undo:
    """Staff log in to a database server straight from their desks."""
    return _rule(place, "database", 22, remote_ip_prefix=_zone(place, "internal"))


def desktop_from_a_supplier(place: Place) -> Undo:
    """A supplier gets in from his own address."""
    return _rule(place, "application", 3389, remote_ip_prefix="192.0.2.7/32")


def updates_from_anywhere(place: Place) -> Undo:
    """Servers may fetch updates from wherever they like."""
    return _rule(place, "application", 443, out=True, remote_ip_prefix="0.0.0.0/0")


def one_place_outside(place: Place) -> Undo:
    """A database server may send to one address on the Internet."""
    return _rule(place, "database", 443, out=True, remote_ip_prefix="203.0.113.99/32")


def out_of_management(place: Place) -> Undo:
    """The management zone gets a way out, to one address."""
    return _rule(place, "management", 443, out=True, remote_ip_prefix="203.0.113.99/32")


def telnet_from_bastion(place: Place) -> Undo:
    """An old device is administered with Telnet."""
    return _rule(place, "equipment", 23, remote_ip_prefix=_bastion(place))


def wide_area_to_database(place: Place) -> Undo:
    """Another body asks the database directly."""
    return _rule(place, "database", 5432, remote_ip_prefix=_zone(place, "wan"))


def state_network_to_application(place: Place) -> Undo:
    """The application answers the whole state data network."""
    outside = next(e for e in place.site.external_networks if e.purpose == "tslcd")
    return _rule(place, "application", 8443, remote_ip_prefix=str(outside.cidr))


def database_for_a_test_system(place: Place) -> Undo:
    """Developers let their test system, somewhere else in the branch, read the data of operation."""
    prefix = place.site.pool(place.record.agency.branch).prefix
    elsewhere = IPv4Network((int(prefix.broadcast_address) - 1023, 26))
    return _rule(place, "database", 5432, remote_ip_prefix=str(elsewhere))
