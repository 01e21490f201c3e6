"""A tenant that somebody made by hand exactly as hatang would have made it, and parts of it for tests to alter."""

from __future__ import annotations

from functools import cache
from ipaddress import IPv4Network

from hatang.model.terms import ZoneKind
from hatang.provision.adoption.declared import Declaration, declare
from hatang.provision.adoption.tenant import Group, Port, PublicAddress, Server, Subnet, Tenant, Thing, Volume
from hatang.provision.engine import Stack
from hatang.provision.unmanaged import ROUTER
from hatang.registry import SystemRecord
from hatang.stacks.system.program import build
from tests.unit.stacks.recorded import ROLES, system_config, system_record

SYSTEM = Stack("hatang-system", "thu")


@cache
def asked(public: bool = False) -> SystemRecord:
    """The system that is asked for: level 2, host app with a volume, host web; a public one has a gateway too."""
    return system_record(2, public=public)


@cache
def declaration(public: bool = False) -> Declaration:
    """What the stack of the system declares."""
    config = system_config(asked(public))
    return declare(SYSTEM, lambda: build(config))


def zones() -> list[ZoneKind]:
    """Its zones."""
    allocation = asked().allocation
    assert allocation is not None
    return [z.kind for z in allocation.zones]


@cache
def tenant(public: bool = False) -> Tenant:
    """The tenant."""
    config, allocation = system_config(asked(public)), asked(public).allocation
    assert allocation is not None
    project, router = "project", "router-1"
    networks, subnets, ports, groups = [], [], [], []
    for kind, zone in config.zones.items():
        net = f"net-{kind}"
        networks.append(Thing(net, zone.network_name))
        for version, cidr, pool in ((4, zone.cidr, zone.pool_v4), (6, zone.cidr_v6, zone.pool_v6)):
            subnets.append(Subnet(f"sub-{kind}-{version}", "", net, version, str(cidr), str(cidr[1]), pool))
        gateway = ((f"sub-{kind}-4", str(zone.cidr[1])), (f"sub-{kind}-6", str(zone.cidr_v6[1])))
        ports.append(Port(f"gate-{kind}", "", net, router, ROUTER, gateway, ()))
    for kind, group in config.groups.items():
        rules = {f"rule-{kind}-{r.key}": r.facts for r in group.rules}
        groups.append(Group(f"group-{kind}", group.group_name, rules))
    leg = (("bastion-subnet", str(config.bastion_address)),)
    ports.append(Port("leg", "", "bastion", router, ROUTER, leg, ()))
    servers: list[Server] = []
    volumes: list[Volume] = []
    for name, place in config.hosts.items():
        args = place.args
        own = ((f"sub-{place.zone}-4", str(args.address)), (f"sub-{place.zone}-6", str(args.address_v6)))
        mac = f"fa:16:3e:00:00:0{len(servers)}"
        ports.append(
            Port(f"port-{name}", args.server_name, f"net-{place.zone}", f"server-{name}", "compute:shared", own,
                 (f"group-{place.zone}",), mac)
        )  # fmt: skip
        servers.append(Server(f"server-{name}", args.server_name, "small", "image", {"hatang_zone": place.zone}))
        if args.volume_gib:
            volumes.append(Volume(f"volume-{name}", f"{args.server_name}-data", args.volume_gib, (f"server-{name}",)))
    roles = {("administrators", project, ROLES["member"]), ("auditors", project, ROLES["reader"]),
             ("automation", project, ROLES["member"])}  # fmt: skip
    public_addresses = [
        PublicAddress(f"public-{name}", str(args.address), f"port-{name}", str(args.fixed))
        for name, args in config.published.items()
    ]
    return Tenant(
        Thing(project, "thu"), Thing("domain", "h99-01"), (), frozenset(roles), tuple(networks), tuple(subnets),
        tuple(ports), (Thing(router, "thu"),), tuple(groups), tuple(servers), tuple(volumes), frozenset({"thu"}),
        tuple(public_addresses),
    )  # fmt: skip


def cidr(kind: ZoneKind) -> IPv4Network:
    """IPv4 subnet of a zone."""
    allocation = asked().allocation
    assert allocation is not None
    return next(z.cidr for z in allocation.zones if z.kind is kind)
