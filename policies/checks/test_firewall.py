"""The host's own firewall: the rules that the kernel holds now, and that they come back after a boot."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest

from hatang.policies.checks.expected import Ask, Expected
from hatang.policies.checks.nft_rules import READ, Ruleset
from hatang.policies.checks.units import units

HOOKS = {"in": "input", "out": "output"}
WIDE = 1000  # more ports than this at once, from anywhere, is no rule about a service
SSH = 22


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
