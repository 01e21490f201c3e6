"""What no group, route and subnet of a stack may declare: HST-01, NET-12, NET-22, SAC-07, SAC-11, TSL-03."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import ip_network

from .planned import Limits, Planned, Violation
from .services import ADMINISTRATION, CLEAR_TEXT, reached

RULE = "openstack:networking/secGroupRule:SecGroupRule"
SUBNET = "openstack:networking/subnet:Subnet"
ROUTE = "openstack:networking/routerRoute:RouterRoute"
WAY = "ways-"  # names of what an interconnect wants begin so (stacks/components/ways.py)
WIDEST = {4: 20, 6: 64}  # prefix lengths of the largest zone that a site may have
EVERYWHERE = (None, "", "0.0.0.0/0", "::/0")
NEIGHBOURS_APART_FROM = 4  # NET-12
ONLY_NEEDED_FROM = 4  # SAC-11


def administration_from_bastion(r: Planned, limits: Limits) -> str:
    """SAC-07: ports of administration open to the bastion networks alone."""
    if r.type != RULE or r.props.get("direction") != "ingress" or not limits.bastions:
        return ""
    # A rule without a protocol is refused by SAC-13 already.
    services = _services(r, ADMINISTRATION) if r.props.get("protocol") else []
    if not services or _inside(r.props.get("remote_ip_prefix"), limits.bastions):
        return ""
    return f"opens {', '.join(services)} past the bastion"


def no_service_in_clear(r: Planned, _limits: Limits) -> str:
    """NET-22: no protocol passes that carries administration or copies in clear."""
    if r.type != RULE or r.props.get("port_range_min") is None:
        return ""
    services = _services(r, CLEAR_TEXT)
    return f"lets {', '.join(services)} through, in clear" if services else ""


def addresses_not_groups(r: Planned, _limits: Limits) -> str:
    """NET-12: the other end is a prefix of the matrix; into a group anybody's port may be put later."""
    is_group = r.type == RULE and (r.props.get("remote_group_id") or r.props.get("remote_address_group_id"))
    return "names a group as the other end" if is_group else ""


def ways_are_narrow(r: Planned, _limits: Limits) -> str:
    """HST-01: between systems only what an interconnect names: one service, at most a zone; no other routes."""
    if r.type == ROUTE:
        if not r.name.startswith(WAY):
            return "is a route that no interconnect wants"
        return "leads to more than a zone" if _is_wide(r.props.get("destination_cidr")) else ""
    if r.type != RULE or not r.name.startswith(WAY):
        return ""
    low, high = r.props.get("port_range_min"), r.props.get("port_range_max")
    if r.props.get("protocol") not in ("tcp", "udp") or low is None or low != high:
        return "lets more than one service pass between systems"
    return "lets more than a zone pass" if _is_wide(r.props.get("remote_ip_prefix")) else ""


def _is_wide(prefix: str | None) -> bool:
    if not prefix:
        return True
    net = ip_network(prefix)
    return net.prefixlen < WIDEST[net.version]


def flow_violations(resources: Sequence[Planned], level: str) -> Iterator[Violation]:
    """Rules over all groups and subnets of a system's stack."""
    own: dict[str, set[str]] = {}
    for r in resources:
        if r.type == SUBNET:
            own.setdefault(_zone(r.name, "zone-"), set()).add(str(r.props.get("cidr")))
            if not r.props.get("subnetpool_id"):
                yield Violation("TSL-03", r.name, "takes addresses past the branch's pool")
    for r in resources:
        if r.type != RULE:
            continue
        remote = r.props.get("remote_ip_prefix")
        if r.props.get("direction") == "ingress":
            zone = next((z for z in own if r.name.startswith(f"group-{z}-ingress")), "")
            if int(level) >= NEIGHBOURS_APART_FROM and remote in own.get(zone, ()):
                yield Violation("NET-12", r.name, "lets neighbours in the zone reach each other")
        elif int(level) >= ONLY_NEEDED_FROM and (remote in EVERYWHERE or not r.props.get("protocol")):
            yield Violation("SAC-11", r.name, "lets servers out to more than they need")


def _services(r: Planned, services: dict[int, str]) -> list[str]:
    low, high = (None if n is None else int(n) for n in (r.props.get("port_range_min"), r.props.get("port_range_max")))
    return reached(services, r.props.get("protocol"), low, high)


def _inside(prefix: str | None, wanted: Sequence[str]) -> bool:
    if not prefix:
        return False
    one = ip_network(prefix)
    others = [ip_network(w) for w in wanted]
    return any(isinstance(one, type(o)) and one.subnet_of(o) for o in others)  # type: ignore[arg-type]


def _zone(name: str, prefix: str) -> str:
    return name.removeprefix(prefix).rsplit("-subnet-", 1)[0]
