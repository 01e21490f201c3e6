"""`hatang isolation prove` holds on what hatang made, and finds and names what somebody changed by hand."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from .conftest import Pair

FOLLOWS_S = 2.5  # the data plane is what Neutron says within two seconds
Undo = Callable[[], Any]


def delete_rules(pair: Pair, rules: tuple[Any, ...]) -> None:
    for rule in rules:
        pair.cloud.network.delete_security_group_rule(rule)


def rule_by_hand(pair: Pair) -> Undo:
    made: Any = pair.cloud.network.create_security_group_rule(
        security_group_id=pair.group("lap-mot-application"), direction="ingress", ether_type="IPv4", protocol="tcp",
        port_range_min=7777, port_range_max=7777,
    )  # fmt: skip
    # What goes out of level 3 is closed too: the rule alone lets nothing through, a second one does.
    out: Any = pair.cloud.network.create_security_group_rule(
        security_group_id=pair.group("lap-mot-dmz"), direction="egress", ether_type="IPv4", protocol="tcp",
        port_range_min=7777, port_range_max=7777,
    )  # fmt: skip
    return partial(delete_rules, pair, (made, out))


def rule_taken_away(pair: Pair) -> Undo:
    net = pair.cloud.network
    rule = next(r for r in net.security_group_rules(
        security_group_id=pair.group("lap-mot-application"), direction="ingress") if r.port_range_min == 8080 and
        r.ether_type == "IPv4")  # fmt: skip
    net.delete_security_group_rule(rule)
    return lambda: net.create_security_group_rule(
        security_group_id=rule.security_group_id, direction="ingress", ether_type="IPv4", protocol="tcp",
        port_range_min=8080, port_range_max=8080, remote_ip_prefix=rule.remote_ip_prefix, project_id=rule.project_id,
        description=rule.description,
    )  # fmt: skip


def wrong_group(pair: Pair) -> Undo:
    port = pair.port("lap-mot-web")
    pair.cloud.network.update_port(port, security_groups=[pair.group("lap-mot-application")])
    return lambda: pair.cloud.network.update_port(port, security_groups=[pair.group("lap-mot-dmz")])


def port_security_off(pair: Pair) -> Undo:
    port = pair.port("lap-hai-app")
    pair.cloud.network.update_port(port, security_groups=[], is_port_security_enabled=False)
    own = pair.group("lap-hai-application")
    return lambda: pair.cloud.network.update_port(port, is_port_security_enabled=True, security_groups=[own])


def address_pair(pair: Pair) -> Undo:
    port = pair.port("lap-mot-app")
    bastion = next(p for p in pair.cloud.network.ports(device_owner="hatang:operator")
                   if p.fixed_ips[0]["ip_address"].startswith("10.75."))  # fmt: skip
    pair.cloud.network.update_port(
        port, allowed_address_pairs=[{"ip_address": bastion.fixed_ips[0]["ip_address"]}]
    )  # fmt: skip
    return lambda: pair.cloud.network.update_port(port, allowed_address_pairs=[])


def shared_network(pair: Pair) -> Undo:
    network: Any = pair.cloud.network.find_network("lap-mot-dmz")
    pair.cloud.network.update_network(network, is_shared=True)
    return lambda: pair.cloud.network.update_network(network, is_shared=False)


def granted_network(pair: Pair) -> Undo:
    net = pair.cloud.network
    network: Any = net.find_network("lap-mot-application")
    other: Any = net.find_network("lap-hai-application")
    made: Any = net.create_rbac_policy(
        object_type="network", object_id=network.id, action="access_as_shared", target_project_id=other.project_id
    )
    return lambda: net.delete_rbac_policy(made)


def route(pair: Pair) -> Undo:
    net = pair.cloud.network
    router: Any = net.find_router("lap-mot")
    hop = next(p for p in net.ports(name="router-lap-hai")).fixed_ips[0]["ip_address"]
    subnet = next(s for s in net.subnets(name="lap-hai-dmz-4"))
    net.update_router(router, routes=[{"destination": subnet.cidr, "nexthop": hop}])
    return lambda: net.update_router(router, routes=[])


def role_granted(pair: Pair) -> Undo:
    """The people of one agency read in a project of the other."""
    identity: Any = pair.cloud.identity
    domain = identity.find_domain("h99-11").id
    group = next(g for g in identity.groups(domain_id=domain) if g.name == "auditors")
    project, role = identity.find_project("lap-hai").id, identity.find_role("reader")
    identity.assign_project_role_to_group(project, group, role)
    return lambda: identity.unassign_project_role_from_group(project, group, role)


def scope_removed(pair: Pair) -> Undo:
    """The branch's subnet pool leaves its address scope: its networks can be routed to from anywhere."""
    net = pair.cloud.network
    pool: Any = next(p for p in net.subnet_pools() if p.name == "committee-6")
    scope = pool.address_scope_id
    net.update_subnet_pool(pool, address_scope_id=None)
    return lambda: net.update_subnet_pool(pool, address_scope_id=scope)


def public_address(pair: Pair) -> Undo:
    net = pair.cloud.network
    router: Any = net.find_router("lap-mot")
    outside = router.external_gateway_info["network_id"]
    # Of the platform's own project: that of the system may have none.
    made: Any = net.create_ip(floating_network_id=outside, port_id=pair.port("lap-mot-web").id)
    return lambda: net.delete_ip(made)


def address_moved(pair: Pair) -> Undo:
    """The Internet reaches another host than the one at the border."""
    net = pair.cloud.network
    given: Any = next(a for a in net.ips() if a.port_id == pair.port("lap-hai-gateway").id)
    net.update_ip(given, port_id=pair.port("lap-hai-web").id)
    return lambda: net.update_ip(given, port_id=pair.port("lap-hai-gateway").id)


def at_the_log_store(pair: Pair) -> Undo:
    """The router stands outside where hosts send their logs: its network answers it no more, and logs go to it."""
    net = pair.cloud.network
    router: Any = net.find_router("lap-mot")
    before = router.external_gateway_info
    subnet = before["external_fixed_ips"][0]["subnet_id"]
    there = {**before, "external_fixed_ips": [{"subnet_id": subnet, "ip_address": "198.18.0.20"}]}
    net.update_router(router, external_gateway_info=there)
    return lambda: net.update_router(router, external_gateway_info=before)


def joined(pair: Pair) -> Undo:
    """Routes both ways and groups that let one system's web into the other's application."""
    net = pair.cloud.network
    undo: list[Undo] = []
    for a, b in (("lap-mot", "lap-hai"), ("lap-hai", "lap-mot")):
        router: Any = net.find_router(a)
        hop = next(p for p in net.ports(name=f"router-{b}")).fixed_ips[0]["ip_address"]
        far = [s.cidr for z in ("dmz", "application") for s in net.subnets(name=f"{b}-{z}-4")]
        net.update_router(router, routes=[{"destination": c, "nexthop": hop} for c in far])
        undo.append(lambda r=router: net.update_router(r, routes=[]))  # type: ignore[misc]
    for group, direction in (("lap-mot-dmz", "egress"), ("lap-hai-application", "ingress")):
        rule: Any = net.create_security_group_rule(
            security_group_id=pair.group(group), direction=direction, ether_type="IPv4", protocol="tcp",
            port_range_min=3389, port_range_max=3389,
        )  # fmt: skip
        undo.append(lambda r=rule: net.delete_security_group_rule(r))  # type: ignore[misc]
    return lambda: [u() for u in undo]


# mutation, the kind that names it, a packet that shows it: (from, to, difference) or None where no packet can
MUTATIONS: list[tuple[Callable[[Pair], Undo], str, tuple[str, str, str] | None]] = [
    (rule_by_hand, "rule-added", ("lap-mot-web", "lap-mot-app", "open")),
    (rule_taken_away, "rule-missing", ("lap-mot-web", "lap-mot-app", "blocked")),
    (wrong_group, "port-groups", ("lap-mot-web", "lap-mot-app", "blocked")),
    (port_security_off, "port-security", ("bastion-committee", "lap-hai-app", "open")),
    (address_pair, "address-pair", None),
    (shared_network, "shared-network", None),
    (granted_network, "network-granted", None),
    (route, "route", None),
    (role_granted, "role-granted", None),
    (scope_removed, "address-scope", None),
    (public_address, "public-address", None),
    (address_moved, "public-address", ("outside", "lap-hai-gateway", "blocked")),
    (at_the_log_store, "service-address", ("lap-mot-app", "outside", "blocked")),
    (joined, "route", ("lap-mot-web", "lap-hai-app", "open")),
]


def test_what_hatang_made_holds_and_leaves_nothing_on_the_hosts(pair: Pair) -> None:
    found = pair.prove(code=0)
    assert found["holds"]
    assert not found["troubles"]
    went = {(r["from"], r["to"], r["protocol"], r["port"], r["version"]) for r in found["arrived"]}
    assert {("lap-mot-web", "lap-mot-app", "tcp", 8080, v) for v in (4, 6)} <= went
    assert ("bastion-committee", "lap-hai-web", "tcp", 22, 4) in went
    assert ("lap-hai-app", "outside", "tcp", 6514, 4) in went
    assert {r for r in went if r[0] == "outside"} == {("outside", "lap-hai-gateway", "tcp", 443, 4)}
    assert not {r for r in went if r[0][:7] != r[1][:7] and r[0].startswith("lap-") and r[1].startswith("lap-")}
    said = pair.hatang("host", "ssh", "lap-mot-web", "--", "pgrep -fc '[e]xec.sys.stdin' || true").out
    assert said.strip() == "0"
    assert pair.hatang("host", "ssh", "lap-mot-web", "--", "ls /tmp | grep -v systemd-private || true").out == ""


EVERY_RUN = (rule_by_hand, port_security_off, address_moved, joined)  # one per layer, together; each alone with --long


def test_changes_by_hand_are_all_found_and_named(pair: Pair) -> None:
    chosen = [m for m in MUTATIONS if m[0] in EVERY_RUN]
    undo: list[Undo] = []
    try:
        undo += [mutate(pair) for mutate, _kind, _packet in chosen]
        time.sleep(FOLLOWS_S)
        found = pair.prove(code=1)
    finally:
        for put_right in reversed(undo):
            put_right()
    assert {kind for _mutate, kind, _packet in chosen} <= {c["kind"] for c in found["causes"]}
    seen = {(d["from"], d["to"], d["difference"]) for d in found["differences"]}
    assert {packet for _mutate, _kind, packet in chosen} <= seen
    _holds_again(pair)


@pytest.mark.long
@pytest.mark.parametrize(("mutate", "kind", "packet"), MUTATIONS, ids=lambda x: getattr(x, "__name__", None))
def test_a_change_by_hand_is_found_and_named(
    pair: Pair, mutate: Callable[[Pair], Undo], kind: str, packet: tuple[str, str, str] | None
) -> None:
    undo = mutate(pair)
    try:
        time.sleep(FOLLOWS_S)
        found = pair.prove(code=1)
    finally:
        undo()
    assert kind in {c["kind"] for c in found["causes"]}
    if packet:
        assert packet in {(d["from"], d["to"], d["difference"]) for d in found["differences"]}
    _holds_again(pair)


def _holds_again(pair: Pair) -> None:
    time.sleep(FOLLOWS_S)
    again = pair.prove(code=None)
    assert not (again["differences"] or again["causes"] or again["troubles"]), "and it holds again"
