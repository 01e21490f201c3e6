"""What somebody changes on the cloud by hand in a system of these tests, and how a plan names it.

Each takes the provisioner, its system's name and the cloud, and returns what it did.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from openstack.connection import Connection

from hatang.provision.provisioner import Provisioner


@dataclass(frozen=True)
class ByHand:
    """One change.

    Args:
        said: how a plan names it: of each row, sorted, the operation and how its text begins.
        is_right: whether the cloud is as it was.
        clear: takes away what is not the system's.
    """

    said: tuple[tuple[str, str], ...]
    is_right: Callable[[], bool]
    clear: Callable[[], object] = lambda: None


Change = Callable[[Provisioner, str, Connection], ByHand]


def _group(maker: Provisioner, name: str, zone: str) -> str:
    return str(maker.outputs("system", name)["groups"][zone])


def rule_added(maker: Provisioner, name: str, cloud: Connection) -> ByHand:
    """A rule that lets telnet in from anywhere."""
    network: Any = cloud.network
    made = network.create_security_group_rule(
        security_group_id=_group(maker, name, "application"), direction="ingress", ether_type="IPv4", protocol="tcp",
        port_range_min=23, port_range_max=23, remote_ip_prefix="0.0.0.0/0",
    )  # fmt: skip
    said = f"{name}-application: ingress IPv4 tcp port 23 0.0.0.0/0"
    return ByHand((("remove", said),), lambda: network.find_security_group_rule(made.id) is None)


def rule_removed(maker: Provisioner, name: str, cloud: Connection) -> ByHand:
    """The rule that lets people in to the web server is gone."""
    network: Any = cloud.network
    group = _group(maker, name, "dmz")
    rules = list(network.security_group_rules(security_group_id=group))
    victim = next(r for r in rules if r.direction == "ingress" and r.port_range_min == 443)
    network.delete_security_group_rule(victim.id)
    return ByHand(
        (("create", "group-dmz-"),),
        lambda: len(list(network.security_group_rules(security_group_id=group))) == len(rules),
    )


def foreign_leg(maker: Provisioner, name: str, cloud: Connection) -> ByHand:
    """A port nobody asked for, and a router of somebody else, in a zone of the system."""
    network: Any = cloud.network
    zone = maker.outputs("system", name)["networks"]["internal"]
    port = network.create_port(network_id=zone, name="la")
    leg = network.create_port(network_id=zone, name="chan-la")
    router = network.create_router(name="la")
    network.add_interface_to_router(router, port=leg.id)
    return ByHand(
        (("remove", f"{name}-internal: port chan-la "), ("remove", f"{name}-internal: port la ")),
        lambda: [network.find_port(p.id) for p in (port, leg)] == [None, None],
        lambda: network.delete_router(router),
    )


def quota_raised(maker: Provisioner, name: str, cloud: Connection) -> ByHand:
    """Fifty servers instead of one."""
    project = maker.outputs("system", name)["project_id"]
    compute: Any = cloud.compute
    compute.update_quota_set(project, instances=50)
    return ByHand(
        (("update", "quota-compute: instances"),), lambda: bool(compute.get_quota_set(project).instances == 1)
    )


CHANGES: tuple[Change, ...] = (rule_added, rule_removed, foreign_leg, quota_raised)
