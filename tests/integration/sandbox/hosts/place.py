"""A small site made with openstacksdk: what the tests of real hosts stand on.

bastion-… ──r1── dmz (web)  app (db)  and, in no address scope, foreign (stranger)
    └──────r2── far (other)                                       alone (hermit), without a router
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatang.sandbox.hosts import control
from hatang.sandbox.lifecycle import Sandbox

if TYPE_CHECKING:
    from openstack.connection import Connection

PLATFORM = "hatang-platform"
HOSTS = {"web": "dmz", "db": "app", "other": "far", "stranger": "foreign", "hermit": "alone"}
CIDRS = {"bastion": "10.77.0.0/24", "dmz": "10.77.1.0/26", "app": "10.77.2.0/26", "far": "10.77.3.0/26"}
DMZ_V6 = "fd77:0:0:1::/64"
APP_V6 = "fd77:0:0:2::/64"
# Neutron chooses addresses at random: of these networks from this part alone, so that tests may name others.
CHOSEN = {"bastion": ("10.77.0.100", "10.77.0.200"), "dmz": ("10.77.1.2", "10.77.1.40")}
NOBODYS = "10.77.1.61"  # in the dmz
UNSCOPED = {"foreign": "10.88.1.0/26", "alone": "10.88.2.0/26"}


@dataclass
class Place:
    """The site; `made` are its servers, `undo` are the steps that remove it, in the order in which it was made."""

    cloud: Connection
    sandbox: Sandbox
    tag: str
    networks: dict[str, Any] = field(default_factory=dict)
    servers: dict[str, Any] = field(default_factory=dict)
    made: list[Any] = field(default_factory=list)
    undo: list[Callable[[], Any]] = field(default_factory=list)
    pools: dict[int, str] = field(default_factory=dict)

    def name(self, kind: str) -> str:
        """Name of an object of this site."""
        return f"{kind}-{self.tag}"

    # -- looking at hosts ---------------------------------------------------------------------------------------------

    def inside(self, host: str, *command: str, ok: bool = True) -> str:
        """Output of a command that runs in the host as root, without SSH."""
        row = next(h for h in control.hosts(self.sandbox.hosts_state) if h["name"] == self.name(host))
        done = subprocess.run([*row["shell"], *command], capture_output=True, text=True, timeout=60)
        assert not ok or done.returncode == 0, done.stderr
        return done.stdout

    def ssh(self, host: str, command: str, *options: str, ok: bool = True) -> str:
        """Output of a command over SSH, as the operator runs it."""
        argv = ["ssh", "-F", str(self.sandbox.ssh_config), "-o", "BatchMode=yes", *options, self.name(host), command]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
        assert not ok or done.returncode == 0, done.stderr
        return done.stdout

    def reaches(self, host: str, address: str, port: int = 22) -> bool:
        """Whether the host can open a TCP connection there."""
        said = self.inside(host, "sh", "-c", f"nc -z -w 1 {address} {port} && echo yes", ok=False)
        return said.strip() == "yes"

    def address(self, host: str, version: int = 4) -> str:
        """The host's address as Nova tells it."""
        entries = next(iter(self.cloud.compute.get_server(self.servers[host].id).addresses.values()))
        return str(next(e["addr"] for e in entries if e["version"] == version))

    def row(self, host: str) -> dict[str, Any] | None:
        """What the agent says of a host."""
        return next((h for h in control.hosts(self.sandbox.hosts_state) if h["name"] == self.name(host)), None)

    def status(self, host: str) -> str:
        """What Nova says of a server."""
        return str(self.cloud.compute.get_server(self.servers[host].id).status)

    def await_status(self, server_id: str, *wanted: str, timeout_s: float = 60) -> Any:
        """The server once it is in one of these states."""
        end = time.monotonic() + timeout_s
        while (server := self.cloud.compute.get_server(server_id)).status not in wanted:
            assert time.monotonic() < end, f"{server.name} is {server.status}, not {wanted}"
            time.sleep(0.2)
        return server

    # -- making it ----------------------------------------------------------------------------------------------------

    def build(self) -> None:
        """Make everything; returns when all servers are ACTIVE."""
        self._image_and_key()
        self._open_group()
        self._networks()
        self._router("r1", ["dmz", "app", "foreign"], "10.77.0.10")
        self._router("r2", ["far"], "10.77.0.11")
        with ThreadPoolExecutor(len(HOSTS)) as pool:
            self.servers = dict(zip(HOSTS, pool.map(lambda h: self.server(h, HOSTS[h]), HOSTS), strict=True))
        for server in self.servers.values():
            self.await_status(server.id, "ACTIVE", timeout_s=120)

    def server(self, host: str, network: str, image: str = "") -> Any:
        """Ask Nova for a server; it is removed with the site."""
        made = self.cloud.compute.create_server(
            name=self.name(host), image_id=image or self.image_id, flavor_id=self.flavor_id, key_name=self.name("key"),
            networks=[{"uuid": self.networks[network].id}] if network else "none",
            security_groups=[{"name": self.name("open")}],
        )  # fmt: skip
        self.made.append(made)
        return made

    def remove(self) -> None:
        """Undo everything, newest first; servers go all at once."""
        for server in self.made:
            self.cloud.compute.delete_server(server.id, ignore_missing=True)
        for server in self.made:
            self.cloud.compute.wait_for_delete(server, interval=0.2, wait=60)
        for step in reversed(self.undo):
            step()

    def _image_and_key(self) -> None:
        file = self.sandbox.cache / "images" / "host-image.json"
        image: Any = self.cloud.create_image(
            self.name("image"), filename=str(file), disk_format="raw", container_format="bare", wait=True
        )
        self.undo.append(lambda: self.cloud.image.delete_image(image.id))
        flavor = self.cloud.compute.create_flavor(name=self.name("flavor"), ram=256, vcpus=1, disk=1)
        self.undo.append(lambda: self.cloud.compute.delete_flavor(flavor.id))
        self.image_id, self.flavor_id = image.id, flavor.id
        keys = self.sandbox.state / "keys"
        keys.mkdir(exist_ok=True, mode=0o700)
        self.key = keys / self.name("key")
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.key)], check=True)
        self.undo += [self.key.unlink, self.public_key.unlink]
        name = self.name("key")
        self.cloud.compute.create_keypair(name=name, public_key=self.public_key.read_text())
        self.undo.append(lambda: self.cloud.compute.delete_keypair(name))

    def _open_group(self) -> None:
        """A group that lets everything pass: what these tests shut, they shut elsewhere."""
        net = self.cloud.network
        group = net.create_security_group(name=self.name("open"))
        self.group_id = group.id
        self.undo.append(lambda: net.delete_security_group(group))
        # The sandbox's Neutron has no template of default rules: a group begins empty, and closed outwards too.
        for direction, version in product(("ingress", "egress"), ("IPv4", "IPv6")):
            net.create_security_group_rule(security_group_id=group.id, direction=direction, ether_type=version)

    @property
    def public_key(self) -> Path:
        """The public half of the key."""
        return self.key.with_name(self.key.name + ".pub")

    def _networks(self) -> None:
        net = self.cloud.network
        for version, prefix in ((4, "10.77.0.0/16"), (6, "fd77::/48")):
            scope = net.create_address_scope(name=self.name(f"scope{version}"), ip_version=version, is_shared=True)
            self.undo.append(lambda s=scope: net.delete_address_scope(s))  # type: ignore[misc]
            pool = net.create_subnet_pool(
                name=self.name(f"pool{version}"), prefixes=[prefix], address_scope_id=scope.id, is_shared=True,
                minimum_prefix_length=64 if version == 6 else 20, maximum_prefix_length=64 if version == 6 else 28,
            )  # fmt: skip
            self.undo.append(lambda p=pool: net.delete_subnet_pool(p))  # type: ignore[misc]
            self.pools[version] = pool.id
        self.platform = self._platform_project()
        for kind, cidr in CIDRS.items():
            self._network(kind, cidr, owner=self.platform if kind == "bastion" else "")
        for kind, cidr in UNSCOPED.items():
            self._network(kind, cidr, pooled=False)
        for kind, cidr in (("dmz", DMZ_V6), ("app", APP_V6)):
            self._subnet(kind, cidr)

    def _network(self, kind: str, cidr: str, pooled: bool = True, owner: str = "") -> None:
        mine = {"project_id": owner} if owner else {}
        made = self.cloud.network.create_network(name=self.name(kind), mtu=1400, **mine)
        self.networks[kind] = made
        self.undo.append(lambda: self._delete_network(made.id))
        self._subnet(kind, cidr, pooled, owner)

    def _subnet(self, kind: str, cidr: str, pooled: bool = True, owner: str = "") -> None:
        version = 6 if ":" in cidr else 4
        more: dict[str, Any] = {"subnet_pool_id": self.pools[version]} if pooled else {}
        more |= {"project_id": owner} if owner else {}
        if version == 4 and (span := CHOSEN.get(kind)):
            more |= {"allocation_pools": [{"start": span[0], "end": span[1]}]}
        self.cloud.network.create_subnet(
            network_id=self.networks[kind].id, ip_version=version, cidr=cidr, is_dhcp_enabled=False, **more
        )

    def _delete_network(self, network: str) -> None:
        for port in self.cloud.network.ports(network_id=network, device_owner="hatang:operator"):
            self.cloud.network.delete_port(port)
        self.cloud.network.delete_network(network)

    def _router(self, kind: str, zones: Sequence[str], bastion_address: str) -> None:
        net = self.cloud.network
        router = net.create_router(name=self.name(kind))
        self.undo.append(lambda: net.delete_router(router))
        for zone in zones:
            for subnet in net.subnets(network_id=self.networks[zone].id):
                net.add_interface_to_router(router, subnet=subnet.id)
                self.undo.append(partial(net.remove_interface_from_router, router, subnet=subnet.id))
        port = net.create_port(
            network_id=self.networks["bastion"].id,
            project_id=self.platform,
            fixed_ips=[{"ip_address": bastion_address}],
        )
        net.add_interface_to_router(router, port=port.id)
        self.undo.append(lambda: net.remove_interface_from_router(router, port=port.id))

    def _platform_project(self) -> str:
        """The project `bastion` of the platform's domain; made when the site's own stack has not made it."""
        identity: Any = self.cloud.identity
        domain = identity.find_domain(PLATFORM)
        if not domain:
            domain = identity.create_domain(name=PLATFORM)
            self.undo.append(lambda: identity.delete_domain(domain))
            self.undo.append(lambda: identity.update_domain(domain, is_enabled=False))
        project = identity.find_project("bastion", domain_id=domain.id)
        if not project:
            project = identity.create_project(name="bastion", domain_id=domain.id)
            self.undo.append(lambda: identity.delete_project(project))
        return str(project.id)
