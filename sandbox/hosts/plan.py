"""What the data plane should be, computed from Neutron's lists: no I/O, so that it can be tested as it is.

A network is a bridge. A router is a namespace with one link per port, forwarding between its own interfaces only where
their subnets share an address scope, as Neutron's L3 agent does; it translates the floating IPs that stand on it. The
operator is a namespace with one port on each bastion network and a way to what lies behind the routers there. A port
whose admin state is down, or that is gone, is unplugged. Each port has a link of its own on the bridge (`p…` of a host,
`r…` of a router or the operator); what a port lets through, by its security groups and port security, is computed in
`filters`; what a router lets through, in `router_text`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import ip_interface
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from .filters import Filters, filters

BASTION_PREFIX = "bastion-"
PLATFORM_DOMAIN = "hatang-platform"
OPERATOR = "hatang:operator"
INTERFACE = "network:router_interface"
GATEWAY = "network:router_gateway"


@dataclass(frozen=True)
class Leg:
    """One link of a router or of the operator into a network."""

    port: str
    network: str
    mac: str
    mtu: int
    addresses: tuple[str, ...]  # with prefix length
    scopes: tuple[tuple[int, str], ...]  # (IP version, address scope id or "")
    is_gateway: bool = False


@dataclass(frozen=True)
class Published:
    """A floating IP: the address outside, the one inside that it leads to, and the port of the gateway it stands on."""

    floating: str
    fixed: str
    gateway: str


@dataclass(frozen=True)
class Node:
    """A router, or the operator: legs, routes (destination, next hop) and floating IPs."""

    id: str
    legs: tuple[Leg, ...]
    routes: tuple[tuple[str, str], ...] = ()
    masquerades: bool = False
    published: tuple[Published, ...] = ()


def node_from_dict(raw: dict[str, Any]) -> Node:
    """A node from JSON, equal to the one that was written."""
    legs = tuple(
        Leg(**{**leg, "addresses": tuple(leg["addresses"]), "scopes": tuple((v, s) for v, s in leg["scopes"])})
        for leg in raw["legs"]
    )
    published = tuple(Published(**p) for p in raw["published"])
    return Node(raw["id"], legs, tuple((d, hop) for d, hop in raw["routes"]), raw["masquerades"], published)


@dataclass(frozen=True)
class Plan:
    """The whole data plane besides the hosts."""

    bridges: frozenset[str]
    plugged: frozenset[str]  # ids of all ports that are up, on networks that are up
    routers: tuple[Node, ...]
    operator: Node
    outside: Node
    filters: Filters


@dataclass(frozen=True)
class Lists:
    """Neutron's own lists."""

    networks: list[dict[str, Any]]
    subnets: list[dict[str, Any]]
    ports: list[dict[str, Any]]
    routers: list[dict[str, Any]]
    pools: list[dict[str, Any]]
    groups: list[dict[str, Any]] = field(default_factory=list)
    address_groups: list[dict[str, Any]] = field(default_factory=list)
    floating_ips: list[dict[str, Any]] = field(default_factory=list)


def compute(lists: Lists) -> Plan:
    """The data plane that these lists describe."""
    subnets = {s["id"]: s for s in lists.subnets}
    mtus = {n["id"]: n.get("mtu") or 1450 for n in lists.networks}
    scopes = {p["id"]: p.get("address_scope_id") or "" for p in lists.pools}

    def leg(port: dict[str, Any]) -> Leg:
        fixed = [(f["ip_address"], subnets[f["subnet_id"]]) for f in port["fixed_ips"] if f["subnet_id"] in subnets]
        return Leg(
            port["id"], port["network_id"], port["mac_address"], mtus.get(port["network_id"], 1450),
            tuple(f"{ip}/{s['cidr'].split('/')[1]}" for ip, s in fixed),
            tuple(sorted({(int(s["ip_version"]), scopes.get(s["subnetpool_id"] or "", "")) for _, s in fixed})),
            port["device_owner"] == GATEWAY,
        )  # fmt: skip

    dark = {n["id"] for n in lists.networks if not n.get("admin_state_up", True)}
    ports = [p for p in lists.ports if p.get("admin_state_up", True) and p["network_id"] not in dark]
    router_ports = [p for p in ports if p["device_owner"] in (INTERFACE, GATEWAY)]
    routers = []
    for r in sorted(lists.routers, key=lambda r: str(r["id"])):
        if r.get("admin_state_up", True):
            legs = tuple(sorted((leg(p) for p in router_ports if p["device_id"] == r["id"]), key=lambda x: x.port))
            masquerades = bool((r.get("external_gateway_info") or {}).get("enable_snat"))
            published = _published(r["id"], legs, lists.floating_ips)
            routers.append(Node(r["id"], legs, _router_routes(r, subnets), masquerades, published))
    operator_legs = tuple(sorted((leg(p) for p in ports if p["device_owner"] == OPERATOR), key=lambda x: x.port))
    bridges = frozenset(n["id"] for n in lists.networks)
    plugged = frozenset(p["id"] for p in ports)
    operator = Node("operator", operator_legs, _operator_routes(operator_legs, routers))
    return Plan(bridges, plugged, tuple(routers), operator, _outside(lists, mtus), filters(lists))


def _outside(lists: Lists, mtus: dict[str, int]) -> Node:
    """What lies behind the external networks: it stands at their gateways' addresses, and forwards nothing."""
    legs = []
    for network in sorted((n for n in lists.networks if n.get("router:external")), key=lambda n: str(n["id"])):
        here = [s for s in lists.subnets if s["network_id"] == network["id"] and s["gateway_ip"]]
        if here:
            ident = str(uuid5(NAMESPACE_OID, f"outside {network['id']}"))
            mac = ":".join(["02", *(ident[i : i + 2] for i in (0, 2, 4, 6, 9))])
            addresses = tuple(sorted(f"{s['gateway_ip']}/{s['cidr'].split('/')[1]}" for s in here))
            legs.append(Leg(ident, network["id"], mac, mtus[network["id"]], addresses, ()))
    return Node("outside", tuple(legs))


def missing_operator_ports(lists: Lists, owners: set[str]) -> list[str]:
    """Bastion networks of these projects with a subnet, on which the operator has no port yet."""
    has = {p["network_id"] for p in lists.ports if p["device_owner"] == OPERATOR}
    served = {s["network_id"] for s in lists.subnets}
    return sorted(
        n["id"] for n in lists.networks
        if n["name"].startswith(BASTION_PREFIX) and n["project_id"] in owners
        and n["id"] in served and n["id"] not in has
    )  # fmt: skip


def _router_routes(router: dict[str, Any], subnets: dict[str, dict[str, Any]]) -> tuple[tuple[str, str], ...]:
    routes = [(r["destination"], r["nexthop"]) for r in router.get("routes") or []]
    gateway = router.get("external_gateway_info") or {}
    for fixed in gateway.get("external_fixed_ips", []):
        subnet = subnets.get(fixed["subnet_id"])
        if subnet and subnet["gateway_ip"]:
            routes.append(("::/0" if int(subnet["ip_version"]) == 6 else "0.0.0.0/0", subnet["gateway_ip"]))
    return tuple(sorted(routes))


def _published(router: str, legs: tuple[Leg, ...], floating_ips: list[dict[str, Any]]) -> tuple[Published, ...]:
    """Floating IPs that lead somewhere through this router, whose gateway is on their network."""
    gateways = {leg.network: leg.port for leg in legs if leg.is_gateway}
    return tuple(
        Published(f["floating_ip_address"], f["fixed_ip_address"], gateways[f["floating_network_id"]])
        for f in sorted(floating_ips, key=lambda f: str(f["floating_ip_address"]))
        if f["router_id"] == router and f["fixed_ip_address"] and f["floating_network_id"] in gateways
    )


def _operator_routes(legs: tuple[Leg, ...], routers: Iterable[Node]) -> tuple[tuple[str, str], ...]:
    """To each other network of a router that stands on a bastion network: by that router's address there."""
    bastions = {leg.network for leg in legs}
    routes = set()
    for router in routers:
        here = [leg for leg in router.legs if leg.network in bastions]
        for way in here:
            for leg in router.legs:
                if leg is way or leg.is_gateway:
                    continue
                for target in leg.addresses:
                    hop = [a for a in way.addresses if (":" in a) == (":" in target)]
                    if hop:
                        routes.add((str(ip_interface(target).network), hop[0].split("/")[0]))
    return tuple(sorted(routes))
