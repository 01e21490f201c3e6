"""Texts about a proof, for people."""

from __future__ import annotations

from hatang.isolation.proof import Proof, Result
from hatang.locale import _


def sign(counts: dict[str, int]) -> str:
    """One cell of the matrix: ! open, x blocked, + some pass as they may, . none passes, ~ not judged."""
    for kind, shown in (("open", "!"), ("blocked", "x"), ("passed", "+"), ("stopped", "."), ("unjudged", "~")):
        if counts.get(kind):
            return shown
    return ""


def meanings() -> dict[str, str]:
    """What the signs mean."""
    return {
        "!": _("gets through and must not"),
        "x": _("must get through and does not"),
        "+": _("what may get through does, nothing else"),
        ".": _("nothing gets through, as it should be"),
        "~": _("left open by policy, not judged"),
    }


def kinds() -> dict[str, str]:
    """What is wrong in the cloud, by kind."""
    return {
        "rule-added": _("rule that policy does not know"),
        "rule-missing": _("rule that policy demands is missing"),
        "group-missing": _("security group is missing"),
        "port-groups": _("port in the wrong security group"),
        "port-security": _("port security is off"),
        "address-pair": _("allowed address pair"),
        "shared-network": _("shared network"),
        "network-granted": _("network granted by an RBAC policy"),
        "foreign-port": _("port of another project in the network"),
        "route": _("route added to the router"),
        "way-missing": _("what an approved interconnect needs is missing"),
        "router-leg": _("router stands in another network"),
        "service-address": _("somebody stands at the address of a shared service"),
        "routers": _("wrong number of routers"),
        "public-address": _("public address that the registry did not give"),
        "public-address-missing": _("public address that the registry gave is missing or leads elsewhere"),
        "address-scope": _("network outside its branch's address scope"),
        "role-granted": _("role that nobody should hold"),
    }


def difference(result: Result) -> str:
    """What a difference is."""
    return meanings()["!" if result.difference == "open" else "x"]


def verdict(proof: Proof) -> str:
    """The run in one line."""
    text = (
        _("isolation holds: {probes} probes, {arrived} got through, all as policy says; {s} s")
        if proof.holds
        else _("isolation does not hold: {probes} probes, {different} other than policy says; {s} s")
    )
    return text.format(
        probes=len(proof.results), arrived=sum(r.arrived for r in proof.results), different=len(proof.differences),
        s=proof.seconds,
    )  # fmt: skip
