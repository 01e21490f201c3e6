"""What hatang knows by itself of a system's way: addresses, servers, approvals, changes, hardening, checks."""

from __future__ import annotations

from datetime import datetime
from ipaddress import IPv4Network
from typing import Any

import pytest

from hatang.policies.checks.expected import CheckedSystem
from hatang.policies.checks.kept import Kept


@pytest.mark.control("AST-01")
def test_servers_are_listed(value: Any, system: CheckedSystem, kept: Kept) -> None:
    """Every server asked for is listed with its zone, static address and serial number, and no other one is."""
    kept.in_use_or(bool(kept.hosts))
    assert system.allocation is not None, "the system has no addresses"
    wanted = {system.spec.server_name(h.name): (h.zone.value, str(h.address)) for h in system.allocation.hosts}
    asked = {system.spec.server_name(h.name): h.zone.value for h in system.spec.hosts}
    listed = {h["name"]: h for h in kept.hosts}
    faults = [f"{n} is not listed" for n in sorted(asked.keys() - listed.keys())]
    faults += [f"{n} is listed, and nobody asked for it" for n in sorted(listed.keys() - asked.keys())]
    for name in sorted(listed.keys() & asked.keys()):
        host = listed[name]
        if (host["zone"], host["address"]) != wanted.get(name) or host["zone"] != asked[name]:
            faults.append(f"{name} is listed in zone {host['zone']} with {host['address']}, which is not as allocated")
        if not host["server_id"]:
            faults.append(f"{name} is listed without a serial number")
    assert not faults, "; ".join(faults)


@pytest.mark.control("CFG-03")
def test_servers_were_hardened_before_use(value: Any, kept: Kept) -> None:
    """Every server was hardened in full, and before it came into use: with its system, or added later."""
    kept.in_use_or(bool(kept.facts["hardened"]))
    assert kept.hosts, "no server is on record"
    first: dict[str, datetime] = {}
    for run in kept.rows("hardened"):
        if run["whole"]:
            first[run["server_id"]] = min(run["at"], first.get(run["server_id"], run["at"]))
    used = {s["server_id"]: s["used_at"] for s in kept.rows("servers")}
    faults = []
    for host in kept.hosts:
        at, since = first.get(host["server_id"]), used.get(host["server_id"], kept.in_use_at)
        if at is None:
            faults.append(f"{host['name']} has no full hardening on record")
        elif since is not None and at > since:
            faults.append(f"{host['name']} was hardened in full only on {at:%Y-%m-%d %H:%M}, after it came into use")
    assert not faults, "; ".join(faults)


@pytest.mark.control("HST-05")
def test_plan_was_carried_out_before_use(value: Any, kept: Kept) -> None:
    """Before the system came into use: its request was approved, its plan applied, and a check found nothing unmet."""
    kept.in_use_or(False)
    used = kept.in_use_at
    assert used is not None
    approved = [a for a in kept.rows("approved") if a["at"] <= used]
    assert approved, "the request was not approved before the system came into use"
    done = [d for d in kept.rows("deployments") if d["kind"] == "apply" and d["is_ok"] and d["finished_at"] <= used]
    assert done, "no plan was applied before the system came into use"
    checked = [c for c in kept.rows("check_runs") if done[0]["finished_at"] <= c["at"] <= used]
    assert checked, "the system was not checked before it came into use"
    left = {state: n for state in ("not-met", "not-checked") if (n := checked[-1]["counts"].get(state, 0))}
    assert not left, f"the last check before use found {', '.join(f'{n} {state}' for state, n in left.items())}"


@pytest.mark.control("NET-17")
def test_changes_were_approved_and_planned(value: Any, kept: Kept) -> None:
    """Every change of the cloud that hatang made has its plan and began after an approval, the first after its own.

    Later ones may reach what was approved by other steps (a run that goes on after a failure, a repair).
    """
    changes = [d for d in kept.rows("deployments") if d["kind"] == "apply"]
    kept.in_use_or(bool(changes))
    assert changes, "no change is on record"
    approved = kept.rows("approved")
    faults = []
    for i, change in enumerate(changes):
        when = f"the change of {change['started_at']:%Y-%m-%d %H:%M}"
        if len(change["plan_digest"]) != 64:
            faults.append(f"{when} has no plan on record")
        before = [a["plan"] for a in approved if a["at"] <= change["started_at"]]
        if not before:
            faults.append(f"{when} began before anybody approved it")
        elif i == 0 and not {change["plan_digest"], ""} & set(before):  # empty: approved before plans were recorded
            faults.append(f"{when} followed another plan than the one approved")
    assert not faults, "; ".join(faults)


@pytest.mark.control("TSL-03")
def test_addresses_are_from_the_plan(value: Any, system: CheckedSystem, kept: Kept) -> None:
    """The system's addresses lie in its branch's prefix, and nothing else of the site uses them."""
    kept.in_use_or(system.allocation is not None)
    assert system.allocation is not None, "the system has no addresses"
    block, pool = system.allocation.block, system.site.pool(system.agency.branch)
    faults = (
        [] if block.subnet_of(pool.prefix) else [f"block {block} lies outside {pool.prefix} of branch {pool.branch}"]
    )
    faults += [
        f"zone {z.kind} {z.cidr} lies outside {block}" for z in system.allocation.zones if not z.cidr.subnet_of(block)
    ]
    networks = {z.kind: z.cidr for z in system.allocation.zones}
    for host in system.allocation.hosts:
        if host.zone not in networks or host.address not in networks[host.zone]:
            faults.append(f"address {host.address} of {host.name} lies outside zone {host.zone}")
    foreign = {f"system {name}": IPv4Network(cidr) for name, cidr in kept.facts["blocks"].items()}
    foreign |= {f"network {n.name} of the platform": n.cidr for n in system.site.platform_networks}
    foreign |= {f"bastion of branch {p.branch}": p.bastion for p in system.site.branches}
    foreign |= {f"prefix of branch {p.branch}": p.prefix for p in system.site.branches if p.branch != pool.branch}
    faults += [f"block {block} overlaps {cidr}, {what}" for what, cidr in foreign.items() if block.overlaps(cidr)]
    assert not faults, "; ".join(faults)
