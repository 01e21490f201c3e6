"""Floating IPs of Neutron as translation in the namespace of their router."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import asdict
from pathlib import Path

import pytest

from hatang.sandbox.hosts import router_text
from hatang.sandbox.hosts.dataplane import _load
from hatang.sandbox.hosts.plan import Lists, Node, Published, compute

from .lists import floating_ip, network, two_systems, with_address, with_internet

PAIR = Published("192.0.2.100", "10.1.1.10", "r1g")


def router(lists: Lists, name: str = "r1") -> Node:
    """A router of the plan."""
    return next(r for r in compute(lists).routers if r.id == name)


def rules(node: Node, chain: str) -> list[str]:
    """Rules of one chain, with ports in place of links."""
    text = router_text.text(node, {leg.port: leg.port for leg in node.legs})
    body = text.split(f"  chain {chain} {{\n")[1].split("  }\n")[0]
    return [line.strip() for line in body.splitlines()][1:]


def test_a_floating_ip_stands_on_the_gateway_of_its_router() -> None:
    assert router(with_address(two_systems())).published == (PAIR,)
    assert router(with_address(two_systems()), "r2").published == ()


@pytest.mark.parametrize(
    "change",
    [
        {"router_id": None, "port_id": None, "fixed_ip_address": None},
        {"floating_network_id": "elsewhere"},
        {"router_id": "r2"},
    ],
)
def test_one_that_leads_nowhere_is_nowhere(change: dict[str, str | None]) -> None:
    lists = with_address(two_systems())
    lists.networks.append(network("elsewhere"))
    lists.floating_ips[0].update(change)
    assert all(r.published == () for r in compute(lists).routers)


def test_a_router_that_is_down_translates_nothing_nor_does_one_whose_gateway_is() -> None:
    lists = with_address(two_systems())
    next(p for p in lists.ports if p["id"] == "r1g")["admin_state_up"] = False
    assert router(lists).published == ()
    lists.routers[0]["admin_state_up"] = False
    assert [r.id for r in compute(lists).routers] == ["r2"]


def test_in_goes_what_is_sent_to_it_and_out_what_the_address_behind_sends_before_all_else() -> None:
    node = router(with_address(two_systems()))
    assert "dnat ip to ip daddr map { 192.0.2.100 : 10.1.1.10 }" in rules(node, "prerouting")
    out = rules(node, "postrouting")
    own = out.index('oifname "r1g" snat ip to ip saddr map { 10.1.1.10 : 192.0.2.100 }')
    assert own < out.index('oifname "r1g" meta nfproto ipv4 masquerade')


def test_nothing_comes_in_by_the_gateway_but_what_was_translated() -> None:
    in_by_gateway = [r for r in rules(router(with_address(two_systems())), "forward") if "accept" in r]
    [way] = [r for r in in_by_gateway if "iifname" not in r and "established" not in r]
    assert way == 'oifname { "r1a", "r1b", "r1d", "r1e" } ct status dnat accept'
    without = rules(router(with_internet(two_systems(), snat=True)), "forward")
    assert not [r for r in without if "dnat accept" in r]


def test_without_masquerading_the_address_behind_goes_out_and_nobody_else() -> None:
    node = router(with_address(two_systems(), snat=False))
    assert 'iifname "r1d" oifname "r1g" ip saddr { 10.1.1.10 } accept' in rules(node, "forward")
    assert not [r for r in rules(node, "forward") if r.endswith('oifname "r1g" meta nfproto ipv4 accept')]
    assert not [r for r in rules(node, "postrouting") if "masquerade" in r or "snat ip to 192.0.2.20" in r]


def test_a_record_of_an_earlier_version_is_none(tmp_path: Path) -> None:
    node, record = router(with_address(two_systems())), tmp_path / "nodes.json"
    record.write_text(json.dumps({"r1": asdict(node)}))
    assert _load(record) == {"r1": node}
    earlier = {k: v for k, v in asdict(node).items() if k != "published"}
    record.write_text(json.dumps({"r1": earlier}))
    assert _load(record) == {}


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("nft"), reason="nftables needs root")
@pytest.mark.parametrize("snat", [True, False])
def test_the_kernel_takes_these_rules(snat: bool) -> None:
    lists = with_address(two_systems(), snat)
    lists.floating_ips.append(floating_ip("192.0.2.101", "r1", "app", "10.1.2.10"))
    for node in (*compute(lists).routers, *compute(two_systems()).routers):
        text = router_text.text(node, {leg.port: leg.port for leg in node.legs})
        subprocess.run(["unshare", "-n", "nft", "-f", "-"], input=text, text=True, check=True)
