"""Lists as Neutron gives them, short to write."""

from __future__ import annotations

from typing import Any

from hatang.sandbox.hosts.plan import GATEWAY, INTERFACE, OPERATOR, Lists

PLATFORM = "platform-project"
POOLS = [{"id": "pool-a", "address_scope_id": "scope-a"}, {"id": "pool-b", "address_scope_id": "scope-b"}]


def network(id: str, **more: Any) -> dict[str, Any]:
    """A network that is up."""
    return {"id": id, "name": id, "project_id": "tenant", "mtu": 1400, "admin_state_up": True, **more}


def subnet(id: str, on: str, cidr: str, pool: str | None = "pool-a", gateway: str | None = None) -> dict[str, Any]:
    """A subnet out of a pool."""
    return {
        "id": id, "network_id": on, "cidr": cidr, "ip_version": 6 if ":" in cidr else 4, "subnetpool_id": pool,
        "gateway_ip": gateway,
    }  # fmt: skip


def port(id: str, on: str, owner: str, device: str, **fixed: str) -> dict[str, Any]:
    """A port that is up; `fixed` are addresses by subnet."""
    return {
        "id": id, "network_id": on, "mac_address": "fa:16:3e:00:00:01", "device_owner": owner, "device_id": device,
        "admin_state_up": True, "fixed_ips": [{"subnet_id": s, "ip_address": ip} for s, ip in fixed.items()],
    }  # fmt: skip


def two_systems() -> Lists:
    """Two systems of one branch with a router each on one bastion network, where the operator stands."""
    return Lists(
        networks=[network("bastion-party", project_id=PLATFORM), network("dmz"), network("app"), network("far")],
        subnets=[
            subnet("sb", "bastion-party", "10.1.0.0/24"),
            subnet("sd", "dmz", "10.1.1.0/26"),
            subnet("sd6", "dmz", "fd00:1::/64"),
            subnet("sa", "app", "10.1.2.0/26"),
            subnet("sf", "far", "10.1.9.0/26"),
        ],
        ports=[
            port("op", "bastion-party", OPERATOR, "operator", sb="10.1.0.250"),
            port("r1b", "bastion-party", INTERFACE, "r1", sb="10.1.0.10"),
            port("r1d", "dmz", INTERFACE, "r1", sd="10.1.1.1"),
            port("r1e", "dmz", INTERFACE, "r1", sd6="fd00:1::1"),
            port("r1a", "app", INTERFACE, "r1", sa="10.1.2.1"),
            port("r2b", "bastion-party", INTERFACE, "r2", sb="10.1.0.11"),
            port("r2f", "far", INTERFACE, "r2", sf="10.1.9.1"),
            port("web", "dmz", "compute:nova", "server", sd="10.1.1.10"),
        ],
        routers=[{"id": "r1"}, {"id": "r2"}],
        pools=POOLS,
    )


def with_internet(lists: Lists, snat: bool) -> Lists:
    """The first router gets a gateway on an external network."""
    lists.networks.append(network("internet"))
    lists.subnets.append(subnet("si", "internet", "192.0.2.0/24", None, "192.0.2.1"))
    lists.ports.append(port("r1g", "internet", GATEWAY, "r1", si="192.0.2.20"))
    fixed = [{"subnet_id": "si", "ip_address": "192.0.2.20"}]
    lists.routers[0]["external_gateway_info"] = {"enable_snat": snat, "external_fixed_ips": fixed}
    return lists


def with_address(lists: Lists, snat: bool = True) -> Lists:
    """The first router gets a gateway too, and the server `web` behind it a floating IP."""
    with_internet(lists, snat)
    lists.floating_ips.append(floating_ip("192.0.2.100", "r1", "web", "10.1.1.10"))
    lists.ports.append(port("fip", "internet", "network:floatingip", "fip-192.0.2.100", si="192.0.2.100"))
    return lists


def floating_ip(address: str, router: str | None, port: str | None, fixed: str | None) -> dict[str, Any]:
    """A floating IP on the external network."""
    return {
        "id": f"fip-{address}", "floating_ip_address": address, "fixed_ip_address": fixed, "port_id": port,
        "floating_network_id": "internet", "router_id": router, "status": "ACTIVE" if port else "DOWN",
    }  # fmt: skip
