"""A server that Nova reports ACTIVE is a booted host at the place that Neutron gives it, and nobody else gets there."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from typing import Any

import testinfra

from hatang.sandbox.hosts import image, netns
from hatang.sandbox.hosts.programs import run

from .place import Place

# The kernel has one audit log, and not for hosts; fail2ban ends when it is started before there is an auth.log.
NOT_REAL = {"auditd.service", "fail2ban.service"}


def eventually(true: Callable[[], bool], within_s: float = 5) -> bool:
    """Whether it becomes true: the data plane follows Neutron within about a second."""
    end = time.monotonic() + within_s
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.2)
    return True


def port_of(place: Place, host: str) -> Any:
    """Neutron's port of a host."""
    return next(iter(place.cloud.network.ports(device_id=place.servers[host].id)))


def banner(address: str, *prefix: str) -> str:
    """What port 22 says there; that a connection opens says little: a machine's own proxy may answer for anybody."""
    argv = [*prefix, "nc", "-w", "1", address, "22"]
    return subprocess.run(argv, input="", capture_output=True, text=True, timeout=20).stdout


def test_active_server_is_a_debian_with_systemd_as_pid_1(place: Place) -> None:
    said = place.ssh("web", "cat /proc/1/comm; hostname; id -un; sudo id -un; . /etc/os-release; echo $ID $VERSION_ID")
    assert said.split("\n")[:5] == ["systemd", place.name("web"), image.USER, "root", "debian 12"]
    place.ssh("web", "systemctl is-system-running --wait", ok=False)
    failed = {f for f in place.ssh("web", "systemctl list-units --failed --plain --no-legend").split() if "." in f}
    assert failed <= NOT_REAL


def test_mac_addresses_mtu_and_route_are_those_of_the_port(place: Place) -> None:
    port, net = port_of(place, "web"), place.cloud.network
    link = json.loads(place.ssh("web", "ip -j addr show dev host0"))[0]
    wanted = {(f["ip_address"], int(net.get_subnet(f["subnet_id"]).cidr.split("/")[1])) for f in port.fixed_ips}
    assert len(wanted) == 2, "one IPv4 and one IPv6 address"
    assert link["address"] == port.mac_address
    assert {(a["local"], a["prefixlen"]) for a in link["addr_info"] if a["scope"] == "global"} == wanted
    assert link["mtu"] == net.get_network(port.network_id).mtu == 1400
    for version in (4, 6):
        subnet = next(s for s in net.subnets(network_id=port.network_id) if s.ip_version == version)
        route = json.loads(place.ssh("web", f"ip -j -{version} route show default"))[0]
        assert route["gateway"] == subnet.gateway_ip


def test_only_the_keypairs_key_opens_the_host(place: Place) -> None:
    keys = place.inside(
        "web", "sh", "-c", "cat /home/*/.ssh/authorized_keys /root/.ssh/authorized_keys 2>/dev/null", ok=False
    )
    assert keys.split() == place.public_key.read_text().split()
    assert place.inside("web", "sh", "-c", "awk -F: '$2 ~ /^\\$/' /etc/shadow") == "", "no password opens it either"


def test_each_host_has_a_key_of_its_own_that_the_operator_knows(place: Place) -> None:
    keys = {h: place.inside(h, "cat", "/etc/ssh/ssh_host_ed25519_key.pub").split()[1] for h in ("web", "db")}
    assert len(set(keys.values())) == 2
    known = (place.sandbox.hosts_state / "known_hosts").read_text()
    assert all(key in known for key in keys.values())
    assert place.inside("web", "sh", "-c", "ls /etc/ssh/ssh_host_*_key") == "/etc/ssh/ssh_host_ed25519_key\n"


def test_ssh_config_serves_testinfra(place: Place) -> None:
    host = testinfra.get_host(f"ssh://{place.name('web')}", ssh_config=str(place.sandbox.ssh_config), sudo=True)
    assert host.service("ssh").is_running
    assert host.user().name == "root"


def test_zones_of_one_router_meet(place: Place) -> None:
    assert place.reaches("web", place.address("db"))
    assert place.reaches("db", place.address("web", 6))


def test_networks_without_a_common_router_do_not_meet(place: Place) -> None:
    assert not place.reaches("web", place.address("other")), "another system, on the same bastion network"
    assert not place.reaches("other", place.address("web"))
    assert not place.reaches("hermit", place.address("web")), "a network without a router"
    assert not place.reaches("web", place.address("hermit"))


def test_a_router_does_not_forward_between_address_scopes(place: Place) -> None:
    gateway = next(iter(place.cloud.network.subnets(network_id=place.networks["foreign"].id))).gateway_ip
    ping = place.inside("stranger", "sh", "-c", f"ping -c 1 -W 1 {gateway} >/dev/null && echo yes", ok=False)
    assert ping == "yes\n", "it reaches the router"
    assert not place.reaches("stranger", place.address("web"))
    assert not place.reaches("web", place.address("stranger"))


def test_port_22_opens_from_the_operators_namespace_only(place: Place) -> None:
    address, ident = place.address("db"), place.sandbox.ident
    assert banner(address, "nsenter", f"--net={netns.NETNS}/{ident}-op").startswith("SSH-")
    assert not banner(address, "nsenter", f"--net={netns.NETNS}/{ident}-net"), "the bridges' namespace has no way in"
    assert not banner(address), "nor has the machine itself"


def test_operator_stands_on_the_bastion_network_with_a_port_of_neutron(place: Place) -> None:
    found = list(place.cloud.network.ports(network_id=place.networks["bastion"].id, device_owner="hatang:operator"))
    assert [(p.name, p.project_id) for p in found] == [("operator", place.platform)]
    rows = json.loads(run("ip", "-n", f"{place.sandbox.ident}-op", "-j", "addr").stdout)
    here = next(r for r in rows if r["address"] == found[0].mac_address)
    assert found[0].fixed_ips[0]["ip_address"] in {a["local"] for a in here["addr_info"]}
    with netns.inside(f"{place.sandbox.ident}-op"):
        forwards = run("cat", "/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/ipv6/conf/all/forwarding").stdout
    assert forwards.split() == ["0", "0"], "two bastion networks are not joined through the operator"


def test_a_tenants_network_called_bastion_is_not_the_operators(place: Place) -> None:
    net = place.cloud.network
    trap = net.create_network(name=f"bastion-trap-{place.tag}")
    try:
        net.create_subnet(network_id=trap.id, ip_version=4, cidr="10.99.0.0/24")
        assert not eventually(lambda: bool(list(net.ports(network_id=trap.id))), within_s=2)
    finally:
        net.delete_network(trap.id)


def test_a_port_that_is_down_is_unplugged(place: Place) -> None:
    port, address = port_of(place, "db"), place.address("db")
    place.cloud.network.update_port(port, admin_state_up=False)
    try:
        assert eventually(lambda: not place.reaches("web", address))
    finally:
        place.cloud.network.update_port(port, admin_state_up=True)
    assert eventually(lambda: place.reaches("web", address))


def test_routers_follow_neutron(place: Place) -> None:
    net, address = place.cloud.network, place.address("db")
    router: Any = net.find_router(place.name("r1"))
    subnet = next(s for s in net.subnets(network_id=place.networks["app"].id) if s.ip_version == 4)
    net.remove_interface_from_router(router, subnet=subnet.id)
    assert eventually(lambda: not place.reaches("web", address))
    net.add_interface_to_router(router, subnet=subnet.id)
    assert eventually(lambda: place.reaches("web", address))
    assert place.ssh("db", "echo back", "-o", "ControlMaster=no", "-o", "ControlPath=none") == "back\n"
