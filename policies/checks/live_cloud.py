"""What the cloud holds of one system, read once per run, and what the zone matrix says that it should hold."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from hatang.policies.checks.expected import CheckedSystem
from hatang.policies.rules.groups import Places, Rule, rules_of
from hatang.policies.rules.ways import in_force, routes_of_ways, rules_of_ways

if TYPE_CHECKING:
    from openstack.connection import Connection

    from hatang.model.allocation import HostAllocation
    from hatang.model.interconnect import Interconnect

ANYWHERE = ("0.0.0.0/0", "::/0")
Fact = tuple[str, str, str, int | None, str]  # as `Rule.facts`
PLATFORM = "hatang-platform"  # Keystone domain of the data centre itself


class Live:
    """Objects of one system's project, as the API lists them now."""

    def __init__(self, cloud: Connection, system: CheckedSystem) -> None:
        self.cloud, self.system = cloud, system
        self.project_id = system.ids["project_id"]

    @cached_property
    def networks(self) -> dict[str, Any]:
        """Networks by name."""
        return {n.name: n for n in self.cloud.network.networks(project_id=self.project_id)}

    @cached_property
    def subnets(self) -> list[Any]:
        """Subnets."""
        return list(self.cloud.network.subnets(project_id=self.project_id))

    @cached_property
    def ports(self) -> list[Any]:
        """Ports of the project."""
        return list(self.cloud.network.ports(project_id=self.project_id))

    @cached_property
    def groups(self) -> dict[str, Any]:
        """Security groups by name, with their rules."""
        return {g.name: g for g in self.cloud.network.security_groups(project_id=self.project_id)}

    @cached_property
    def ways(self) -> list[Interconnect]:
        """Interconnects in force. What exactly they want on the cloud is theirs; everything else is for the checks."""
        return in_force(self.system.ways)

    @cached_property
    def _all_routers(self) -> list[Any]:
        return list(self.cloud.network.routers(project_id=self.project_id))

    @cached_property
    def _all_router_ports(self) -> list[Any]:
        return [p for r in self._all_routers for p in self.cloud.network.ports(device_id=r.id)]

    @cached_property
    def routers(self) -> list[Any]:
        """Routers of the project; `routes` without those that interconnects in force want."""
        wanted = set(routes_of_ways(self.system.name, self.ways).items())
        for router in self._all_routers:
            router.routes = [r for r in router.routes or () if _hop(r) not in wanted]
        return self._all_routers

    @cached_property
    def router_ports(self) -> list[Any]:
        """All interfaces of these routers, whoever owns them, but the one that interconnects in force want."""
        return [p for p in self._all_router_ports if not self._is_wanted_leg(p)]

    def _is_wanted_leg(self, port: Any) -> bool:
        wanted = {str(a) for way in self.ways for a in self._router_of(way)}
        there = {ip["ip_address"] for ip in port.fixed_ips}
        networks = {n.id for n in self.cloud.network.networks(
            name=f"interconnect-{self.system.agency.branch.value}", project_id=self.platform_projects["bastion"].id
        )} if wanted else set()  # fmt: skip
        return bool(wanted) and there == wanted and port.network_id in networks

    def _router_of(self, way: Interconnect) -> tuple[Any, Any]:
        own = way.source if way.source.system == self.system.name else way.destination
        return own.router, own.router_v6

    def missing_ways(self) -> list[str]:
        """Legs and routes that interconnects in force want and the router does not have."""
        name = self.system.name
        routers = self.cloud.network.routers(project_id=self.project_id)
        has = {_hop(r) for router in routers for r in router.routes or ()}
        wanted = routes_of_ways(name, self.ways).items()
        found = [f"router {name}: no route to {net} via {hop}" for net, hop in sorted(wanted - has)]
        if self.ways and not any(self._is_wanted_leg(p) for p in self._all_router_ports):
            found.append(f"router {name}: does not stand on the interconnect network")
        return found

    def told(self, zone: str, fact: Fact) -> str:
        """A rule for people; with the interconnect that it is of, or was of before that was over."""
        of = [w for w in self.system.ways if fact in {
            r.facts for r in rules_of_ways(self.system.name, [w]).get(zone, ())
        }]  # fmt: skip
        more = [f"interconnect {w.id}" + (f", {w.lapsed}" if w.lapsed else "") for w in of]
        return words(fact) + (f" ({'; '.join(more)})" if more else "")

    @cached_property
    def platform_projects(self) -> dict[str, Any]:
        """Projects of the data centre itself by name: bastion, logging, backup."""
        identity: Any = self.cloud.identity
        domain = next((d for d in identity.domains(name=PLATFORM)), None)
        assert domain is not None, f"the cloud has no domain {PLATFORM}"
        return {p.name: p for p in identity.projects(domain_id=domain.id)}

    @cached_property
    def bastion(self) -> Any:
        """The bastion network of the system's branch."""
        name, owner = f"bastion-{self.system.agency.branch.value}", self.platform_projects["bastion"].id
        found = list(self.cloud.network.networks(name=name, project_id=owner))
        assert len(found) == 1, f"{len(found)} networks {name} in the platform's project bastion, not one"
        return found[0]

    @cached_property
    def volume_types(self) -> list[str]:
        """Names of all volume types of the region, private ones too."""
        storage: Any = self.cloud.block_storage
        return sorted(t.name for t in storage.types(is_public="None"))

    @cached_property
    def volumes(self) -> list[Any]:
        """Volumes of the project."""
        return [v for v in self.cloud.block_storage.volumes(all_projects=True) if v.project_id == self.project_id]

    @cached_property
    def keys(self) -> Any:
        """The key manager as the project sees it: it shows keys to their own project alone."""
        return self.cloud.connect_as_project({"id": self.project_id}).key_manager

    def encryption(self, volume_type: str) -> Any:
        """How a volume type encrypts; its `provider` is empty when it does not."""
        storage: Any = self.cloud.block_storage
        kind = next((t for t in storage.types(is_public="None") if t.name == volume_type), None)
        assert kind is not None, f"the cloud has no volume type {volume_type}"
        return storage.get_type_encryption(kind.id)

    @cached_property
    def zone_ports(self) -> list[Any]:
        """Ports on the system's networks, whoever owns them, and its own on other networks."""
        networks = [n.id for n in self.networks.values()]  # one question about all of them, since each costs time
        on_zones = {p.id: p for p in self.cloud.network.ports(network_id=networks)} if networks else {}
        return list((on_zones | {p.id: p for p in self.ports}).values())

    @property
    def server_ports(self) -> list[Any]:
        """Ports of servers."""
        return [p for p in self.ports if (p.device_owner or "").startswith("compute:")]

    @cached_property
    def floating_ips(self) -> list[Any]:
        """Public addresses that lead to a port: those of the project, and of anybody to a port of the system."""
        ports = {p.id for p in self.zone_ports}
        there = [ip for ip in self.cloud.network.ips() if ip.port_id]
        return [ip for ip in there if ip.project_id == self.project_id or ip.port_id in ports]

    @cached_property
    def given(self) -> dict[str, HostAllocation]:
        """Public addresses that the registry gave, each with its host; a system that is not public has none."""
        system = self.system
        hosts = system.allocation.hosts if system.allocation and system.spec.public else ()
        return {str(h.public_address): h for h in hosts if h.public_address}

    def is_given(self, floating_ip: Any) -> bool:
        """Whether a public address leads to the very host that the registry gave it to, at its own address."""
        host = self.given.get(floating_ip.floating_ip_address)
        port = next((p for p in self.server_ports if p.id == floating_ip.port_id), None)
        if host is None or port is None or floating_ip.project_id != self.project_id:
            return False
        fixed = str(host.address)
        stands = self.zone_of(port.network_id) == host.zone.value and fixed in {f["ip_address"] for f in port.fixed_ips}
        return stands and floating_ip.fixed_ip_address == fixed

    def zone_of(self, network_id: str) -> str:
        """The zone whose network this is; empty: none of the system's."""
        prefix = f"{self.system.name}-"
        return next((n.removeprefix(prefix) for n, x in self.networks.items() if x.id == network_id), "")

    def used_groups(self) -> dict[str, Any]:
        """Groups of the zones, and any other group that a port carries."""
        carried = {i for p in self.ports for i in p.security_group_ids or ()}
        return {n: g for n, g in self.groups.items() if g.id in carried or n.startswith(f"{self.system.name}-")}

    def wanted_rules(self) -> dict[str, tuple[Rule, ...]]:
        """Rules of each zone's group, from the matrix and from interconnects in force."""
        system = self.system
        assert system.allocation is not None, "the system has no addresses"
        subnets = {z.kind.value: (z.cidr, z.cidr_v6) for z in system.allocation.zones}
        places = Places.of(system.site.services, system.site.pool(system.agency.branch).bastion, subnets)
        zones = tuple(z.kind for z in system.allocation.zones)
        flows = system.matrix.flows(zones, system.spec.public)
        denied = system.matrix.denies_egress(system.spec.level)
        more = rules_of_ways(system.name, self.ways)
        return {z.value: (*rules_of(z.value, flows, places, denied), *more.get(z.value, ())) for z in zones}

    def of_ways(self, group: str) -> set[Fact]:
        """What rules of a group, by its name, interconnects in force want."""
        rules = rules_of_ways(self.system.name, self.ways)
        return {r.facts for zone, of in rules.items() if group == f"{self.system.name}-{zone}" for r in of}


def _hop(route: dict[str, Any]) -> tuple[str, str]:
    return str(route["destination"]), str(route["nexthop"])


def facts(rule: dict[str, Any]) -> Fact:
    """What a live rule allows, in the terms of `Rule.facts`."""
    ethertype, remote = rule["ethertype"], rule.get("remote_ip_prefix")
    if rule.get("remote_group_id") or rule.get("remote_address_group_id"):
        remote = f"group {rule.get('remote_group_id') or rule.get('remote_address_group_id')}"
    low, high = rule.get("port_range_min"), rule.get("port_range_max")
    port = low if low == high else -1  # a range of ports: never in the matrix
    anywhere = "::/0" if ethertype == "IPv6" else "0.0.0.0/0"
    return (rule["direction"], ethertype, rule.get("protocol") or "", port, remote or anywhere)


def words(fact: Fact) -> str:
    """A rule for people."""
    direction, _, protocol, port, remote = fact
    ports = "" if port is None else " a range of ports" if port < 0 else f" {port}"
    return f"{direction} {protocol or 'any protocol'}{ports} {'from' if direction == 'ingress' else 'to'} {remote}"
