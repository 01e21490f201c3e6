"""The reader of limits on connections: what stands before each way in, how it counts, and what counts for none."""

from __future__ import annotations

from typing import Any

import pytest

from hatang.policies.checks.nft_limits import unlimited
from hatang.policies.checks.nft_rules import Ruleset
from tests.unit.checks.test_nft_rules import ACCEPT, BASTION, DPORT, SADDR, match, ruleset

DROP: dict[str, Any] = {"drop": None}
NEW = match({"ct": {"key": "state"}}, "new")
SSH = match(DPORT, 22)
SERVICE = [{"meta": {"key": "l4proto"}}, {"payload": {"protocol": "th", "field": "dport"}}]
PER_ORIGIN, PER_SERVICE = 50, 500


def count(most: int, *first: dict[str, Any], inv: bool = True) -> dict[str, Any]:
    """A dynamic set that counts connections by these parts of the packet."""
    limit = {"ct count": {"val": most, **({"inv": True} if inv else {})}}
    return {"set": {"op": "add", "elem": {"concat": [*first, *SERVICE]}, "set": "@x", "stmt": [limit]}}


def origin(family: str, most: int = PER_ORIGIN, **more: Any) -> dict[str, Any]:
    return count(most, {"payload": {"protocol": family, "field": "saddr"}}, **more)


LIMITS = ([origin("ip"), DROP], [origin("ip6"), DROP], [count(PER_SERVICE), DROP])


def missing(*rules: list[dict[str, Any]]) -> list[str]:
    return unlimited(ruleset(*rules), PER_ORIGIN, PER_SERVICE)


def words(found: list[str]) -> set[str]:
    return {text.rsplit(": ", 1)[1] for text in found}


ALL = {
    "no limit of 50 for one IPv4 origin", "no limit of 50 for one IPv6 origin", "no limit of 500 for the service",
}  # fmt: skip


def test_a_way_in_behind_all_limits_lacks_nothing() -> None:
    assert missing(*LIMITS, [SSH, ACCEPT]) == []


def test_a_way_in_without_limits_lacks_all() -> None:
    assert words(missing([SSH, ACCEPT])) == ALL


def test_a_limit_behind_the_way_in_is_none() -> None:
    assert words(missing([SSH, ACCEPT], *LIMITS)) == ALL


@pytest.mark.parametrize(
    ("limits", "lacking"),
    [
        (([origin("ip", 51), DROP], *LIMITS[1:]), {"no limit of 50 for one IPv4 origin"}),
        ((LIMITS[0], LIMITS[2]), {"no limit of 50 for one IPv6 origin"}),
        ((*LIMITS[:2], [count(501), DROP]), {"no limit of 500 for the service"}),
        (([origin("ip", inv=False), DROP], *LIMITS[1:]), {"no limit of 50 for one IPv4 origin"}),
        (([origin("ip")], *LIMITS[1:]), {"no limit of 50 for one IPv4 origin"}),
        (([match(SADDR, BASTION), origin("ip"), DROP], *LIMITS[1:]), {"no limit of 50 for one IPv4 origin"}),
        (([match(DPORT, 443), origin("ip"), DROP], *LIMITS[1:]), {"no limit of 50 for one IPv4 origin"}),
    ],
    ids=[
        "too many",
        "one family",
        "too many in all",
        "below the count",
        "does not refuse",
        "of others",
        "of another port",
    ],
)
def test_what_counts_for_no_limit(limits: tuple[list[dict[str, Any]], ...], lacking: set[str]) -> None:
    assert words(missing(*limits, [SSH, ACCEPT])) == lacking


def test_limits_of_new_connections_count_and_so_do_those_of_a_chain_that_is_called() -> None:
    place = {"family": "inet", "table": "t"}
    more: tuple[dict[str, Any], ...] = (
        {"chain": {**place, "name": "limits"}},
        *({"rule": {**place, "chain": "limits", "expr": limit}} for limit in LIMITS),
    )
    rules = ruleset([NEW, SSH, {"jump": {"target": "limits"}}], [SSH, ACCEPT], more=more)
    assert unlimited(rules, PER_ORIGIN, PER_SERVICE) == []
    left = ruleset([NEW, match(DPORT, 443), {"jump": {"target": "limits"}}], [SSH, ACCEPT], more=more)
    assert words(unlimited(left, PER_ORIGIN, PER_SERVICE)) == ALL


def test_answers_and_the_host_itself_need_none() -> None:
    established = match({"ct": {"key": "state"}}, "established")
    assert missing([established, ACCEPT], [match({"meta": {"key": "iif"}}, "lo"), ACCEPT]) == []


def test_no_ruleset_has_no_way_in_of_its_own() -> None:
    assert unlimited(Ruleset('{"nftables": []}'), PER_ORIGIN, PER_SERVICE) == []
