"""Hardening with the values of each host's level: from catalogue, site, and the flows that pass by the zone matrix."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatang.model.waiver import civil_day
from hatang.registry.tables import now
from hatang.workflow.context import Context

if TYPE_CHECKING:
    from hatang.hosts import HardenResult
    from hatang.registry import HostRecord


def harden_hosts(
    context: Context, hosts: Sequence[HostRecord], *, tags: Sequence[str] = (), check: bool = False, log: Path
) -> HardenResult:
    """Apply the roles to hosts of one or several systems, and record it. Raises HostError."""
    from hatang.hosts import harden
    from hatang.registry.acts import note
    from hatang.registry.history import History

    systems = sorted({h.system for h in hosts})
    variables = {n: v for name in systems for n, v in host_variables(context, name).items()}
    done: HardenResult | None = None
    try:
        done = harden(
            context.settings, context.site, hosts, variables, tags=tags, check=check, log=log, progress=context.progress
        )
        if not check:
            History(context.registry).record_hardening(hosts, whole=not tags)
            if not tags or any(tag.startswith("BKP-") for tag in tags):
                _keep_keys_of_copies(context, hosts)
        return done
    finally:
        if not check:  # a run that failed has changed hosts too
            facts = {"hosts": sorted(h.name for h in hosts), "systems": systems, "controls": sorted(tags)}
            told = {"changed": done.changed if done else None, "ok": done is not None and done.ok}
            note(context.registry, "host.harden", facts | told, {f"log {log.name}": log})


def _keep_keys_of_copies(context: Context, hosts: Sequence[HostRecord]) -> None:
    """Where copies go to the site's store, what opens them must outlive the host (BKP-11)."""
    from concurrent.futures import ThreadPoolExecutor
    from functools import partial

    from hatang.hosts.copies import keep_keys

    if context.site.services.backup_store:
        with ThreadPoolExecutor(max(1, min(8, len(hosts)))) as pool:
            list(pool.map(partial(keep_keys, context.settings), hosts))


def host_variables(context: Context, name: str) -> dict[str, dict[str, Any]]:
    """Role variables of each host of a system, by host name."""
    from hatang.policies.rules.ways import in_force, rules_of_ways
    from hatang.provision.configs import group_rules

    record = context.registry.system(name)
    bastion = context.site.pool(record.agency.branch).bastion
    law = context.catalogue.role_variables(record.spec.level, record.spec.sources, context.site, bastion)
    law |= record.spec.account_variables(civil_day(now()))
    rules = group_rules(context.site, record)
    for zone, more in rules_of_ways(name, in_force(record.ways)).items():
        rules[zone] = (*rules[zone], *more)
    found = {}
    for host in context.registry.hosts(name):
        flows = [r for r in rules[host.zone] if r.port is not None]
        found[host.name] = {
            **law,
            "firewall_inbound": [
                {"protocol": r.protocol, "port": r.port, "source": r.remote}
                for r in flows
                if r.direction == "ingress" and r.remote != str(bastion)
            ],
            "firewall_outbound": [
                {"protocol": r.protocol, "port": r.port, "destination": r.remote}
                for r in flows
                if r.direction == "egress"
            ],
        }
    return found
