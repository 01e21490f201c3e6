"""The reader of rulesets sees each door that a rule opens; what it does not understand, it takes for open."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hatang.policies.checks.nft_rules import Ruleset

SADDR = {"payload": {"protocol": "ip", "field": "saddr"}}
DPORT = {"payload": {"protocol": "tcp", "field": "dport"}}
BASTION = {"prefix": {"addr": "10.75.255.0", "len": 24}}
ANY = "input: any protocol all ports anywhere"
ACCEPT: dict[str, Any] = {"accept": None}


def match(left: Any, right: Any, op: str = "==") -> dict[str, Any]:
    return {"match": {"op": op, "left": left, "right": right}}


def ruleset(*rules: list[dict[str, Any]], policy: str = "drop", more: tuple[dict[str, Any], ...] = ()) -> Ruleset:
    place = {"family": "inet", "table": "t"}
    chain = {"chain": {**place, "name": "input", "type": "filter", "hook": "input", "prio": 0, "policy": policy}}
    written = [{"rule": {**place, "chain": "input", "expr": list(r)}} for r in rules]
    return Ruleset(json.dumps({"nftables": [chain, *written, *more]}))


def ways(rules: Ruleset) -> list[str]:
    return [str(o) for o in rules.openings("input") if o.admits(22)]


def test_no_rules_is_open() -> None:
    assert not Ruleset('{"nftables": []}').is_closed("input")
    assert not ruleset(policy="accept").is_closed("input")
    assert ruleset().is_closed("input")


def test_half_of_ip_is_not_closed() -> None:
    chain = {"family": "ip", "table": "t", "name": "i", "type": "filter", "hook": "input", "prio": 0, "policy": "drop"}
    assert not Ruleset(json.dumps({"nftables": [{"chain": chain}]})).is_closed("input")


@pytest.mark.parametrize(
    ("rule", "door"),
    [
        ([match(SADDR, BASTION), match(DPORT, 22), ACCEPT], ["input: tcp 22 10.75.255.0/24"]),
        ([match(DPORT, 22), ACCEPT], ["input: tcp 22 anywhere"]),
        ([match(DPORT, {"set": [80, 22]}), ACCEPT], ["input: tcp 80,22 anywhere"]),
        ([match(DPORT, {"range": [20, 30]}), ACCEPT], ["input: tcp 20-30 anywhere"]),
        ([match(DPORT, 443), ACCEPT], []),
        ([match(SADDR, BASTION, "!="), match(DPORT, 22), ACCEPT], ["input: tcp 22 anywhere"]),
        ([match({"ct": {"key": "state"}}, ["established", "related"], "in"), ACCEPT], []),
        ([match({"ct": {"key": "state"}}, ["established", "new"], "in"), ACCEPT], [ANY]),
        ([match({"meta": {"key": "iif"}}, "lo"), ACCEPT], []),
        ([match({"meta": {"key": "iifname"}}, "host0"), ACCEPT], [ANY]),
        ([match({"payload": {"protocol": "icmp", "field": "type"}}, "echo-request"), ACCEPT], []),
        ([{"counter": {"packets": 0, "bytes": 0}}, ACCEPT], [ANY]),
        ([match(DPORT, 22), {"drop": None}], []),
    ],
)  # fmt: skip
def test_doors_to_ssh(rule: list[dict[str, Any]], door: list[str]) -> None:
    assert ways(ruleset(rule)) == door


def test_rule_that_accepts_all_is_bare() -> None:
    (opening,) = ruleset([ACCEPT]).openings("input")
    assert opening.is_bare
    (reply,) = ruleset([match({"ct": {"key": "state"}}, "established"), ACCEPT]).openings("input")
    assert not reply.is_bare


def test_jump_is_followed_with_what_leads_to_it() -> None:
    place = {"family": "inet", "table": "t"}
    more = (
        {"chain": {**place, "name": "admin"}},
        {"rule": {**place, "chain": "admin", "expr": [match(DPORT, 22), ACCEPT]}},
    )
    rules = ruleset([match(SADDR, BASTION), {"jump": {"target": "admin"}}], more=more)
    assert ways(rules) == ["input: tcp 22 10.75.255.0/24"]


def test_named_set_is_looked_up() -> None:
    more = ({"set": {"family": "inet", "table": "t", "name": "admins", "type": "ipv4_addr", "elem": ["10.1.2.3"]}},)
    rules = ruleset([match(SADDR, "@admins"), match(DPORT, 22), ACCEPT], more=more)
    assert ways(rules) == ["input: tcp 22 10.1.2.3/32"]


def test_verdict_map_is_read() -> None:
    rule = [{"vmap": {"key": DPORT, "data": {"set": [[22, {"accept": None}], [23, {"drop": None}]]}}}]
    assert ways(ruleset(rule)) == ["input: tcp 22 anywhere"]
