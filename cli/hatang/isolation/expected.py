"""Which probes get through by policy: zone matrix, approved interconnects, registry; never the state of the cloud.

So a wrong security group, port or route shows as a difference. Firewalls on the hosts narrow this further; they are not
counted on, since who rules a host rules its firewall too. Their own checks are those of SAC-03, SAC-10, SAC-13.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address

from hatang.catalogue.zones import SITES, Flow
from hatang.model.interconnect import Interconnect


@dataclass(frozen=True)
class Spot:
    """A place that sends or gets probes: a host, the bastion of a branch, or what lies outside."""

    name: str
    kind: str  # host, bastion, outside
    addresses: tuple[str, ...]
    branch: str = ""
    system: str = ""
    zone: str = ""
    services: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # of outside: address → time, dns, log …
    published: tuple[str, ...] = ()  # of a host: addresses on the Internet that lead to it


@dataclass(frozen=True)
class Policy:
    """What is allowed in one system."""

    flows: tuple[Flow, ...]
    denies_egress: bool
    ends: Mapping[str, frozenset[tuple[str, int]]]  # services whose port is the site's: address and TCP port
    ways: tuple[Interconnect, ...] = ()  # to and from other systems, that are in force


@dataclass(frozen=True)
class Probe:
    """One packet, and what policy says of it. `allowed` None: policy leaves it open, so it is not judged."""

    number: int
    source: str
    target: str
    address: str
    protocol: str
    port: int
    disguise: str  # source address of somebody else; empty: its own
    allowed: bool | None

    @property
    def version(self) -> int:
        """IP version."""
        return 6 if ":" in self.address else 4

    @property
    def what(self) -> str:
        """Protocol, port and IP version in short."""
        port = f" {self.port}" if self.port else ""
        return f"{self.protocol}{port} IPv{self.version}" + (f" as {self.disguise}" if self.disguise else "")


def probes(spots: Iterable[Spot], policies: Mapping[str, Policy], ports: Iterable[int]) -> list[Probe]:
    """Every probe between these places.

    Args:
        policies: by system.
        ports: TCP ports that are tried besides those of the matrix.
    """
    everywhere = list(spots)
    flows = [f for p in policies.values() for f in p.flows]
    sites = {port for p in policies.values() for ends in p.ends.values() for _, port in ends}
    tcp = {f.port for f in flows if f.protocol == "tcp" and f.port} | sites | set(ports)
    udp = {f.port for f in flows if f.protocol == "udp" and f.port}
    ways = [w for p in policies.values() for w in p.ways]
    tcp |= {port for w in ways if w.protocol == "tcp" for port in w.ports}
    udp |= {port for w in ways if w.protocol == "udp" for port in w.ports}
    kinds = [("tcp", p) for p in sorted(tcp)] + [("udp", p) for p in sorted(udp)] + [("icmp", 0)]
    found: list[Probe] = []

    def add(source: Spot, target: Spot, address: str, kind: tuple[str, int], disguise: str, ok: bool | None) -> None:
        found.append(Probe(len(found) + 1, source.name, target.name, address, *kind, disguise, ok))

    for source in everywhere:
        for target in everywhere:
            for address in _called(source, target):
                if not any((":" in a) == (":" in address) for a in source.addresses):
                    continue
                for kind in kinds:
                    add(source, target, address, kind, "", allowed(source, target, address, *kind, policies))
    for source, target, address, port, disguise in disguises(everywhere, policies):
        add(source, target, address, ("tcp", port), disguise, False)
    return found


def _called(source: Spot, target: Spot) -> tuple[str, ...]:
    """Addresses of the target that the source sends to: from outside there is no way but by public ones."""
    if target is source:
        return ()
    if source.kind == "outside":
        return target.published
    if source.kind == "bastion":
        return target.addresses if target.kind == "host" else ()
    return (*target.addresses, *target.published)


def allowed(
    source: Spot, target: Spot, address: str, protocol: str, port: int, policies: Mapping[str, Policy]
) -> bool | None:
    """Whether policy lets this through; None: it leaves that open."""
    if target.kind == "bastion":
        return False  # nobody calls the bastion
    if address in target.published:
        return _published(source, target, protocol, port, policies)
    if source.kind == "bastion":
        may = _flows("bastion", target.zone, protocol, port, policies[target.system])
        may = may or _serves_all(target, protocol, port, policies)
        return source.branch == target.branch and ":" not in address and may
    policy = policies[source.system]
    if target.kind == "outside":
        if not policy.denies_egress:
            return None
        services = target.services.get(address, ())
        return any(_serves(source.zone, service, address, protocol, port, policy) for service in services)
    if source.system != target.system:
        return any(_passes(w, source, target, address, protocol, port) for w in policy.ways)
    calls_out = not policy.denies_egress and _serves_all(target, protocol, port, policies)
    return _flows(source.zone, target.zone, protocol, port, policy) or calls_out


def _published(source: Spot, target: Spot, protocol: str, port: int, policies: Mapping[str, Policy]) -> bool | None:
    """Whether a public address may be called: from outside by what the matrix lets in from the Internet.

    A host calls it by way of the outside: not where what goes out is closed, and where that is left open, so is this.
    """
    serves = _serves_all(target, protocol, port, policies)
    if source.kind == "outside":
        return serves
    return None if serves and not policies[source.system].denies_egress else False


def _serves_all(target: Spot, protocol: str, port: int, policies: Mapping[str, Policy]) -> bool:
    """Whether the matrix lets the Internet in there: the whole world, and so all who have a way."""
    return _flows("internet", target.zone, protocol, port, policies[target.system])


def _passes(way: Interconnect, source: Spot, target: Spot, address: str, protocol: str, port: int) -> bool:
    """Whether an interconnect lets this through: its systems and addresses, its direction, protocol and ports."""
    if (way.source.system, way.destination.system) != (source.system, target.system):
        return False
    called = ip_address(address)
    own = [a for a in map(ip_address, source.addresses) if a.version == called.version]
    begins = any(a in n for a in own for n in way.source.networks)
    return begins and any(called in n for n in way.destination.networks) and (protocol, port) in {
        (way.protocol, p) for p in way.ports
    }  # fmt: skip


def _flows(source: str, target: str, protocol: str, port: int, policy: Policy) -> bool:
    return any(
        (f.source, f.destination, f.protocol, f.port or 0) == (source, target, protocol, port) for f in policy.flows
    )


def _serves(source: str, service: str, address: str, protocol: str, port: int, policy: Policy) -> bool:
    """Whether a service outside may be called there: those with a port of the site's at that port alone."""
    if service not in SITES:
        return _flows(source, service, protocol, port, policy)
    passes = any((f.source, f.destination, f.protocol) == (source, service, protocol) for f in policy.flows)
    return passes and (address, port) in policy.ends.get(service, ())


def disguises(spots: list[Spot], policies: Mapping[str, Policy]) -> Iterable[tuple[Spot, Spot, str, int, str]]:
    """Probes under the address of somebody who may get through: source, target, address, port, disguise."""
    hosts = [s for s in spots if s.kind == "host"]
    for source in hosts:
        for target in hosts:
            if target is source or target.system != source.system:
                continue
            for other in spots:
                if other is source or other is target or other.kind == "outside":
                    continue
                for address in target.addresses:
                    own = [a for a in other.addresses if (":" in a) == (":" in address)]
                    ports = {f.port for f in policies[target.system].flows if f.protocol == "tcp" and f.port}
                    for port in sorted(ports):
                        if own and allowed(other, target, address, "tcp", port, policies):
                            yield source, target, address, port, own[0]
                            break
