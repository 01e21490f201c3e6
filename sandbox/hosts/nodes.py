"""Makes one node of the plan, a router or an end, of what stands there: what is as it should be goes on as it is."""

from __future__ import annotations

from . import netns, router_text
from .links import link_name
from .plan import Node

ENDS = ("operator", "outside")  # nodes that packets do not go through


def make(l2: str, name: str, node: Node, before: Node | None) -> None:
    """Make the node in the namespace `name`, where `before` stands. Raises HostsError.

    Args:
        l2: namespace of the bridges.
    """
    netns.add(name)
    had = {leg.port: leg for leg in before.legs} if before else {}
    want = {leg.port: leg for leg in node.legs}
    gone = [port for port in had if want.get(port) != had[port]]
    netns.batch(name, [f"link del {link_name('q', port)}" for port in gone], force=True)
    if node.id not in ENDS:  # before there is anything that packets could come by
        netns.nft(name, router_text.text(node, {port: link_name("q", port) for port in want}))
    _plug(l2, name, [leg.port for leg in node.legs if had.get(leg.port) != leg], node)
    old = set(before.routes) if before else set()
    netns.batch(name, [f"route del {d} via {hop}" for d, hop in sorted(old - set(node.routes))], force=True)
    netns.batch(name, [f"route replace {d} via {hop}" for d, hop in node.routes], force=True)
    # A new namespace inherits the machine's setting: the operator's must not join two branches' bastion networks.
    forwards = "0" if node.id in ENDS else "1"
    # Two links on one network, as a router has with a port per IP version: each answers for its own address alone.
    values = {"net.ipv4.ip_forward": forwards, "net.ipv6.conf.all.forwarding": forwards}
    values |= {"net.ipv4.conf.all.arp_ignore": "1", "net.ipv4.conf.all.arp_announce": "2"}
    netns.sysctl(name, values)
    there = {(p.gateway, p.floating) for p in before.published if p.gateway not in gone} if before else set()
    _publish(name, node, there)
    # As Neutron's L3 agent does; after the rules and addresses are the new ones, so that nothing comes back.
    led = {(p.floating, p.fixed) for p in before.published} if before else set()
    leads = {(p.floating, p.fixed) for p in node.published}
    netns.forget(name, sorted({floating for floating, _ in led - leads}))


def _plug(l2: str, name: str, ports: list[str], node: Node) -> None:
    """Links of these ports, from the bridges into the namespace."""
    outer, inner = [], []
    for leg in [leg for leg in node.legs if leg.port in ports]:
        end, link = link_name("r", leg.port), link_name("q", leg.port)
        outer += [
            f"link add {end} mtu {leg.mtu} type veth peer name {link} address {leg.mac} mtu {leg.mtu} netns {name}",
            f"link set {end} master {link_name('b', leg.network)} up",
        ]
        inner.append(f"link set {link} up")
        inner += [f"addr add {a} dev {link}" + (" nodad" if ":" in a else "") for a in leg.addresses]
    netns.batch(l2, outer)
    netns.batch(name, inner)


def _publish(name: str, node: Node, there: set[tuple[str, str]]) -> None:
    """Floating addresses on the links of the gateways: `there` are some already. Neighbours are told of new ones."""
    wanted = {(p.gateway, p.floating) for p in node.published}
    gone = [f"addr del {address}/32 dev {link_name('q', port)}" for port, address in sorted(there - wanted)]
    netns.batch(name, gone, force=True)
    new = sorted(wanted - there)
    netns.batch(name, [f"addr replace {address}/32 dev {link_name('q', port)}" for port, address in new])
    macs = {leg.port: leg.mac for leg in node.legs}
    for port, address in new:
        netns.announce(name, link_name("q", port), macs[port], address)
