"""The host's own firewall: the rules that the kernel holds now, and that they come back after a boot."""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import Any

import pytest

from hatang.policies.checks.expected import Ask, Expected
from hatang.policies.checks.nft_limits import unlimited
from hatang.policies.checks.nft_rules import ICMP, READ, Opening, Ruleset
from hatang.policies.checks.units import units

HOOKS = {"in": "input", "out": "output"}
WIDE = 1000  # more ports than this at once, from anywhere, is no rule about a service
SSH = 22
DHCP = ((67, 67),)
NARROWEST = {4: 8, 6: 16}  # a prefix shorter than this names no destination
PER_ORIGIN = 1000  # where nothing else is expected: that of the catalogue
PER_SERVICE = 10_000  # connections at once of all origins; ours, as the number per origin
# What answers to administrators: by the name of its process, and ports of well-known consoles.
ADMINISTRATION = ("sshd", "cockpit", "miniserv", "webmin", "x11vnc", "xrdp", "Xvnc", "systemd-journal-gatewayd")
CONSOLES = {2375: "docker", 2376: "docker", 5900: "vnc", 8005: "tomcat", 9090: "cockpit", 9990: "wildfly",
            10000: "webmin", 10250: "kubelet", 15672: "rabbitmq", 3389: "rdp"}  # fmt: skip
SOCKETS = "ss -Hlntp"


@pytest.mark.control("SAC-10")
def test_host_firewall_is_on(value: bool, ask: Ask) -> None:
    """Rules are in force, closed to what comes in, and loaded after each boot."""
    assert Ruleset(ask(READ)).base("input"), "no filter stands before what comes in"
    assert units(ask)["nftables.service"].file == "enabled", "the rules are not loaded after a boot"


@pytest.mark.control("SAC-13")
def test_default_deny(value: Any, ask: Ask) -> None:
    """What no rule names is dropped, in the directions that the level demands; no rule opens everything again."""
    rules = Ruleset(ask(READ))
    for direction in value:
        hook = HOOKS[direction]
        assert rules.is_closed(hook), f"{hook}: what no rule names is let through"
        wide = [
            o for o in rules.openings(hook)
            if o.is_bare or (o.peers is None and any(high - low >= WIDE for low, high in o.ports or ()))
        ]  # fmt: skip
        assert not wide, "rules that open everything: " + "; ".join(map(str, wide))


@pytest.mark.control("SAC-03")
def test_management_sources(value: bool, expected: Expected, ask: Ask) -> None:
    """SSH answers to the bastion network alone."""
    rules = Ruleset(ask(READ))
    assert rules.is_closed("input"), "what no rule names is let through"
    ways = [o for o in rules.openings("input") if o.admits(SSH)]
    assert ways, "no rule admits SSH from the bastion network"
    allowed = [ip_network(n) for n in expected.variables.get("firewall_management_sources", ())]
    for way in ways:
        assert way.peers is not None, f"SSH is open to all ({way})"
        for peer in way.peers:
            inside = [n for n in allowed if n.version == peer.version and peer.subnet_of(n)]  # type: ignore[arg-type]
            assert inside or not allowed, f"SSH is open to {peer}"
            assert peer.prefixlen > 0, "SSH is open to all"


def management(expected: Expected) -> list[Any]:
    """Prefixes that may administer; empty: not known, or any."""
    return [ip_network(n) for n in expected.variables.get("firewall_management_sources", ())]


def listening(ask: Ask) -> dict[int, str]:
    """TCP ports that listen for others, with the name of the process behind each."""
    found = {}
    for row in ask(SOCKETS).splitlines():
        address, _, port = row.split()[3].rpartition(":")
        if port.isdigit() and not address.split("%")[0].startswith(("127.", "[::1")):
            name = re.search(r'users:\(\("([^"]+)"', row)
            found[int(port)] = name[1] if name else ""
    return found


@pytest.mark.control("SAC-09")
def test_administration_ports_are_apart(value: bool, expected: Expected, ask: Ask) -> None:
    """What administers listens at ports of its own, which the management network alone reaches."""
    doors = listening(ask)
    assert any(name == "sshd" for name in doors.values()), "sshd listens nowhere"
    rules = Ruleset(ask(READ))
    assert rules.is_closed("input"), "what no rule names is let through"
    for port, name in sorted(doors.items()):
        if name not in ADMINISTRATION and port not in CONSOLES:
            continue
        ways = [o for o in rules.openings("input") if o.admits(port)]
        others = [o for o in ways if not _from(o, management(expected))]
        assert not others, f"{name or CONSOLES[port]} at port {port} is open to others ({others[0]})"


def _from(way: Opening, allowed: list[Any]) -> bool:
    """Whether a way in leads from these prefixes alone; from named ones where none is known."""
    if way.peers is None:
        return False
    inside = [any(n.version == p.version and p.subnet_of(n) for n in allowed) or not allowed for p in way.peers]
    return all(inside) and all(p.prefixlen for p in way.peers)


@pytest.mark.control("SAC-11")
def test_named_destinations(value: bool, ask: Ask) -> None:
    """The host is closed outwards, and each way out names where it leads."""
    rules = Ruleset(ask(READ))
    assert rules.is_closed("output"), "what no rule names may leave"
    for way in rules.openings("output"):
        if way.is_reply or way.is_loopback or way.protocol in ICMP or way.ports == DHCP:
            continue
        assert way.peers is not None, f"a way out that leads anywhere ({way})"
        wide = [p for p in way.peers if p.prefixlen < NARROWEST[p.version]]
        assert not wide, f"a way out to {wide[0]}"


@pytest.mark.control("SAC-12")
def test_connections_are_limited(value: bool, expected: Expected, ask: Ask) -> None:
    """No port that is open takes any number of connections: of one origin, or of all together."""
    number = int(expected.variables.get("firewall_connections_per_origin", PER_ORIGIN))
    found = unlimited(Ruleset(ask(READ)), number, PER_SERVICE)
    assert not found, "; ".join(found)
