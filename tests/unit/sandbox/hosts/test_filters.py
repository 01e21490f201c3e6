"""What ports let through, computed from Neutron's lists, and its nftables text; nft itself takes the text."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import Any

import pytest

from hatang.sandbox.hosts.filter_text import text
from hatang.sandbox.hosts.filters import Filters, filters
from hatang.sandbox.hosts.plan import Lists

from .lists import two_systems


def rule(direction: str = "ingress", **more: Any) -> dict[str, Any]:
    """A rule as Neutron lists it."""
    bare = dict.fromkeys(("protocol", "port_range_min", "port_range_max", "remote_ip_prefix", "remote_group_id"))
    return {"direction": direction, "ethertype": "IPv4", "remote_address_group_id": None, **bare, **more}


def group(id: str, *rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A security group as Neutron lists it."""
    return {"id": id, "stateful": True, "security_group_rules": list(rules), **more}


def with_web(*groups: dict[str, Any], **port: Any) -> Lists:
    """Two systems; the server's port carries these groups."""
    lists = two_systems()
    lists.ports[-1] |= {"security_groups": [g["id"] for g in groups], **port}
    lists.groups.extend(groups)
    return lists


def chain(lists: Lists, name: str) -> list[str]:
    """Rules of one chain."""
    found: Filters = filters(lists)
    made = text(found, dict.fromkeys(found.networks, 7))
    block = re.search(rf"  chain {name} \{{\n(.*?)\n  \}}", made, re.S)
    assert block, f"no chain {name}"
    return [line.strip() for line in block[1].splitlines()]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (
            rule(protocol="tcp", port_range_min=22, port_range_max=22, remote_ip_prefix="10.1.0.0/24"),
            "ether type ip ip saddr 10.1.0.0/24 meta l4proto 6 th dport 22 accept",
        ),
        (
            rule(protocol="udp", port_range_min=1000, port_range_max=2000),
            "ether type ip meta l4proto 17 th dport 1000-2000 accept",
        ),
        (
            rule(ethertype="IPv6", protocol="icmp", remote_ip_prefix="fd00::1/128"),
            "ether type ip6 ip6 saddr fd00::1 meta l4proto 58 accept",
        ),
        (
            rule(protocol="icmp", port_range_min=8, port_range_max=0),
            "ether type ip meta l4proto 1 icmp type 8 icmp code 0 accept",
        ),
        (rule(protocol="112"), "ether type ip meta l4proto 112 accept"),
        (rule(remote_group_id="g"), "ether type ip ip saddr @m4_g accept"),
        (rule(remote_address_group_id="ag-1"), "ether type ip ip saddr @a4_ag_1 accept"),
        (rule(), "ether type ip accept"),
    ],
)
def test_a_rule_as_packets_see_it(given: dict[str, Any], wanted: str) -> None:
    assert chain(with_web(group("g", given)), "ingress_g") == [wanted]


def test_what_goes_out_names_its_destination_and_stands_apart() -> None:
    lists = with_web(group("g", rule("egress", protocol="tcp", remote_ip_prefix="10.9.0.0/16"), rule()))
    assert chain(lists, "egress_g") == ["ether type ip ip daddr 10.9.0.0/16 meta l4proto 6 accept"]
    assert chain(lists, "ingress_g") == ["ether type ip accept"]
    assert chain(lists, "s_pweb")[-2:] == ["jump egress_g", "drop"]
    assert chain(lists, "i_pweb")[-2:] == ["jump ingress_g", "drop"]


def test_a_port_without_groups_gets_answers_alone() -> None:
    assert chain(with_web(), "i_pweb")[-3:] == ["meta mark 1 accept", "meta mark 2 drop", "drop"]


def test_a_stateless_group_lets_no_answer_through_by_itself() -> None:
    stateless = group("g", rule(), stateful=False)
    assert "meta mark 1 accept" not in chain(with_web(stateless), "i_pweb")
    assert "meta mark 1 accept" in chain(with_web(stateless, group("h")), "i_pweb"), "one stateful group is enough"


def test_members_of_a_remote_group_are_all_its_ports_with_their_pairs() -> None:
    lists = with_web(group("g", rule(remote_group_id="far")), group("far"))
    lists.ports[-1]["security_groups"] = ["g"]
    lists.ports.append(
        {
            **lists.ports[-1], "id": "vip", "security_groups": ["far"],
            "fixed_ips": [{"subnet_id": "sa", "ip_address": "10.1.2.5"}],
            "allowed_address_pairs": [{"ip_address": "10.1.2.64/28", "mac_address": "fa:16:3e:00:00:09"}],
        }
    )  # fmt: skip
    found = filters(lists)
    assert next(g.members for g in found.groups if g.id == "far") == ("10.1.2.5/32", "10.1.2.64/28")
    assert "elements = { 10.1.2.5, 10.1.2.64/28 }" in text(found, dict.fromkeys(found.networks, 7))


def test_a_host_sends_from_its_own_addresses_and_pairs_alone() -> None:
    pair = {"ip_address": "10.1.1.40", "mac_address": "FA:16:3E:00:00:02"}
    rules = chain(with_web(allowed_address_pairs=[pair]), "e_pweb")
    assert rules[0] == "ether saddr != { fa:16:3e:00:00:01, fa:16:3e:00:00:02 } drop"
    ways = [r for r in rules if r.endswith("goto s_pweb") and "ip saddr" in r]
    assert ways == [
        "ether saddr fa:16:3e:00:00:01 ip saddr 10.1.1.10 goto s_pweb",
        "ether saddr fa:16:3e:00:00:02 ip saddr 10.1.1.40 goto s_pweb",
    ]
    assert "ether saddr fa:16:3e:00:00:01 ip6 saddr fe80::f816:3eff:fe00:1 goto s_pweb" in rules
    assert rules[-1] == "drop"


def test_without_port_security_everything_passes() -> None:
    lists = with_web(group("g"), port_security_enabled=False)
    assert chain(lists, "e_pweb") == chain(lists, "i_pweb") == ["accept"]


def test_unknown_ports_pass_nothing_routers_are_trusted_and_the_bastion_is_not_called() -> None:
    assert chain(two_systems(), "got") == [
        "type filter hook forward priority 20; policy accept;",
        'oifname vmap { "pweb" : goto i_pweb, "rop" : goto operator }',
        'oifname "p*" drop',
    ]
    assert chain(two_systems(), "sent")[-1] == 'iifname "p*" drop'
    assert chain(two_systems(), "operator")[-2:] == ["meta mark 1 accept", "drop"]


def test_each_network_has_its_own_zone_of_connections() -> None:
    made = text(filters(two_systems()), {"app": 1, "bastion-party": 2, "dmz": 3, "far": 4})
    assert 'ct zone set iifname map { "bapp" : 1, "bbastionpart" : 2, "bdmz" : 3, "bfar" : 4 }' in made


@pytest.mark.skipif(not shutil.which("nft"), reason="nft is not installed")
def test_nft_takes_the_text() -> None:
    lists = with_web(
        group("g", rule(protocol="tcp", port_range_min=22, port_range_max=80), rule(remote_group_id="g"),
              rule(ethertype="IPv6", protocol="icmp", port_range_min=128), rule("egress", protocol="sctp")),
        allowed_address_pairs=[{"ip_address": "fd00:1::/80", "mac_address": "fa:16:3e:00:00:02"}],
    )  # fmt: skip
    lists.address_groups.append({"id": "ag-1", "addresses": ["10.2.0.0/16", "fd02::/64"]})
    found = filters(lists)
    made = text(found, dict.fromkeys(found.networks, 7))
    done = subprocess.run(["unshare", "-n", "nft", "-c", "-f", "-"], input=made, capture_output=True, text=True)
    if "Operation not permitted" in done.stderr:
        pytest.skip("a network namespace needs root")
    assert done.returncode == 0, done.stderr
