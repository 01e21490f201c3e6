"""Names of links, and the `ip` commands that make them."""

from __future__ import annotations

from .records import Nic


def link_name(kind: str, uuid: str) -> str:
    """Name of a link: at most 15 characters, told apart by the first eleven digits of the Neutron id."""
    return kind + uuid.replace("-", "")[:11]


def bridge_lines(bridge: str) -> list[str]:
    """`ip` commands that make a bridge. It has no address: it is the network, not a machine on it."""
    return [f"link add {bridge} type bridge", f"link set {bridge} up"]


def outer_lines(index: int, nic: Nic, home: str) -> list[str]:
    """`ip` commands that plug one port of a host into the bridge of its network.

    Args:
        home: the host's network namespace, where the other end of the link goes; empty: a tap, which qemu opens.
    """
    bridge, end = link_name("b", nic.network), link_name("p", nic.port)
    peer = f"peer name host{index} address {nic.mac} mtu {nic.mtu} netns {home}"
    made = f"link add {end} mtu {nic.mtu} type veth {peer}" if home else f"tuntap add dev {end} mode tap"
    return [made, f"link set {end} mtu {nic.mtu} master {bridge} up"]


def inner_lines(index: int, nic: Nic, first: bool) -> list[str]:
    """`ip` commands inside the host. As with a DHCP client, only the first port gives the default route."""
    link = f"host{index}"
    lines = [f"link set {link} up"]
    for a in nic.addresses:
        lines.append(f"addr add {a.ip}/{a.prefix} dev {link}" + (" nodad" if ":" in a.ip else ""))
    for a in nic.addresses if first else ():
        if a.gateway:
            lines.append(f"route add default via {a.gateway} dev {link}")
    return lines + [f"route replace {destination} via {hop} dev {link}" for destination, hop in nic.routes]
