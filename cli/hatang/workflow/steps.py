"""The steps of a tenant's way (design.md, section 4), each idempotent, each returning plain data that is recorded.

A step may run twice when a process dies between its work and the record of it; so each finds what is there already.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hatang import digests
from hatang.errors import HatangError, InputError, RefusedError, StepError
from hatang.registry.removals import Removals
from hatang.workflow.approval import require_decision, require_plan, target, zones_of
from hatang.workflow.context import Context
from hatang.workflow.hardening import harden_hosts
from hatang.workflow.ways import close_elsewhere

if TYPE_CHECKING:
    from hatang.registry import SystemRecord

Result = dict[str, Any]


class ChecksNotMet(HatangError):
    """Checks ran to the end and some controls are not met; the system is not set active."""

    code = "E500"
    exit_code = 1


def validate(context: Context, name: str) -> Result:
    """Is the request approved at all, still right for this site, and within its agency's ceiling?

    Raises:
        RefusedError, InputError, QuotaError: it is not.
    """
    record = target(context, name)
    request = require_decision(context, record)
    return {**validate_record(context, record), "request": request.id}


def validate_record(context: Context, record: SystemRecord) -> Result:
    """Is what is asked for right for this site, and within its agency's ceiling? Raises InputError, QuotaError."""
    name = record.spec.name
    zones = zones_of(record.spec)
    # A host stays where it is when its level goes down, and its zone with it.
    there = {h.zone for h in record.allocation.hosts} if record.allocation else set()
    where = f"system {name} (request {record.request_id})"
    if strange := sorted({h.zone.value for h in record.spec.hosts} - {z.value for z in {*zones, *there}}):
        raise InputError(
            f"level {int(record.spec.level)} has no zone {', '.join(strange)}",
            where=where,
            do=f"put the hosts into one of: {', '.join(z.value for z in zones)}, and submit a corrected request",
        )
    known = {f.name for f in context.site.flavors}
    if unknown := sorted({h.flavor for h in record.spec.hosts} - known):
        raise InputError(
            f"the site has no flavor {', '.join(unknown)}", where=where, do=f"use one of: {', '.join(sorted(known))}"
        )
    try:
        context.site.pool(record.agency.branch)
        context.site.volume_type(record.spec.level)
    except KeyError as exc:
        raise InputError(
            f"the site has no addresses or volume type for {exc}",
            where=where,
            do="add them to the site file and apply the site",
        ) from exc
    if not record.held:  # a ceiling that was lowered since is no reason to leave a system open
        context.registry.check_ceiling(name, context.site, record.request_id)
    return {"level": int(record.spec.level), "zones": [z.value for z in zones]}


def plan(context: Context, name: str) -> Result:
    """Allocate addresses, plan the stacks, check the plan against the policy pack. Raises PolicyError."""
    allocated(context, name)
    made = context.provisioner.plan_system(target(context, name))
    return {"digest": made.digest, "file": str(made.file), "changes": made.changes}


def approve(context: Context, name: str, digest: str) -> Result:
    """Is exactly this plan approved? Raises RefusedError when not, and says what moved."""
    request = require_plan(context, target(context, name), digest)
    return {"request": request.id, "state": str(request.state), "plan": digest}


def allocated(context: Context, name: str) -> SystemRecord:
    """The system with its addresses; allocates them when it has none.

    Raises:
        RefusedError: the branch has none left, or the system was adopted and needs those that it uses.
    """
    record = context.registry.system(name)
    if record.allocation is None:
        _refuse_new_addresses(context, name)
        context.registry.allocate(name, context.site, zones_of(record.spec))
        record = context.registry.system(name)
    return record


def _refuse_new_addresses(context: Context, name: str) -> None:
    """Other addresses would make an adopted system anew: its request was returned, and came again."""
    if project := context.provisioner.outputs("system", name).get("project_id"):
        raise RefusedError(
            f"system {name} was adopted, and its request was submitted again: its addresses must be taken in again",
            where=f"registry, system {name}",
            do=f"hatang system adopt {name} --project {project}; or give it up: hatang system adopt {name} --forget",
        )  # fmt: skip


def apply(context: Context, name: str, digest: str) -> Result:
    """Apply exactly the plan with this digest. Raises RefusedError when the cloud has moved since, EngineError."""
    from hatang.provision.plan import load_plan

    context.registry.begin(target(context, name).request_id, context.site, zones_of)
    context.write_journal()
    record = context.registry.system(name)
    started = datetime.now(UTC)
    made = load_plan(context.settings, name, digest)
    outcome = context.provisioner.apply_system(record, made)
    context.registry.record_deployment(
        name, "apply", digest, {"changes": outcome.changes, "log": str(outcome.log)}, started, datetime.now(UTC), True
    )
    outputs = outcome.outputs
    context.registry.record_remote_ids("system", name, outputs)
    agency = context.provisioner.outputs("agency", record.agency.slug)
    context.registry.record_remote_ids("agency", record.agency.code, agency)
    context.registry.record_hosts(name, context.provisioner.host_records(record, outputs))
    return {"changes": outcome.changes, "seconds": outcome.seconds, "log": str(outcome.log)}


def wait_for_hosts(context: Context, name: str) -> Result:
    """Every host answers on SSH and has finished booting.

    Raises:
        HostError: one does not.
        RefusedError: a host shows another key than is known of it.
    """
    from hatang.hosts import wait_for_hosts as wait
    from hatang.workflow.ssh_config import introduce

    hosts = context.registry.hosts(name)
    wait(context.settings, hosts, introduce(context, name))
    return {"hosts": [h.name for h in hosts]}


def harden(context: Context, name: str) -> Result:
    """Apply the roles with the values of the system's level. Raises HostError."""
    hosts = context.registry.hosts(name)
    log = context.settings.log_dir / name / f"harden-{time.strftime('%Y%m%dT%H%M%S')}.log"
    done = harden_hosts(context, hosts, log=log)
    return {"changed": done.changed, "seconds": done.seconds, "log": str(log)}


def check(context: Context, name: str) -> Result:
    """Run the checks of hosts and cloud. Raises ChecksNotMet; the report is kept either way."""
    from hatang.audit.runner import check as run

    record = context.registry.system(name)
    done = run(context.settings, context.site, [record], context.registry.hosts(name), progress=context.progress)
    folder = done.write(context.settings.state_dir / "checks")
    controls = done.of_system(name)
    summary = {"counts": done.counts(), "controls": controls, "report": str(folder)}
    context.registry.record_check_run(name, summary)
    # What the registry lacks is in the report: to stop here brings about no review, and changes nothing of the past.
    if bad := [b for b in done.not_met() if not b.rests_on_registry]:
        raise ChecksNotMet(
            f"{len(bad)} controls are not met: {', '.join(sorted({b.control for b in bad}))}",
            where=str(folder / "report.json"),
            do=f"hatang host harden --system {name}, then run the same command again",
        )
    return {**summary, "digest": digests.of_file(folder / "report.json")}


def activate(context: Context, name: str) -> Result:
    """The system is in use from now on; its request is fulfilled."""
    context.registry.set_system_state(name, "active")
    return {"state": "active"}


def closed(context: Context, name: str) -> Result:
    """Is nothing of a suspended system reachable now, and nothing in its agency's hands? Raises StepError."""
    if ways := context.provisioner.open_ways(context.registry.system(name)):
        raise StepError(
            f"system {name} is not closed: {'; '.join(ways)}", where=f"project of system {name}",
            do="stop or remove what the agency made itself, then run the same command again",
        )  # fmt: skip
    return {"open": []}


def settle(context: Context, name: str) -> Result:
    """The system is suspended from now on, and its request fulfilled; or its grace period runs, when it is to go."""
    if context.registry.system(name).state == "removing":
        removal = Removals(context.registry).closed(name, context.site.removal.grace_days)
        return {"state": "removing", "until": removal.until.isoformat()}
    context.registry.set_system_state(name, "suspended")
    return {"state": "suspended"}


def destroy(context: Context, name: str) -> Result:
    """Remove every resource of the system from the cloud. Raises EngineError."""
    record = context.registry.system(name)
    started = datetime.now(UTC)
    outcome = context.provisioner.destroy_system(record)
    context.registry.record_deployment(
        name, "destroy", "", {"changes": outcome.changes}, started, datetime.now(UTC), True
    )
    return {"changes": outcome.changes}


def release(context: Context, name: str) -> Result:
    """Hosts are forgotten; the record of the system stays, as removed."""
    context.registry.record_hosts(name, [])
    ways = context.registry.system(name).ways
    context.registry.set_system_state(name, "removed")
    close_elsewhere(context, name, ways)
    return {"state": "removed"}


def count(context: Context, name: str) -> Result:
    """What the system's project holds, in each service, before anything is deleted; from now on it cannot be kept.

    Raises:
        RefusedError: no removal is under way, or its grace period is not over.
    """
    Removals(context.registry).begin_purge(name)
    project = context.registry.remote_ids("system", name)["project_id"]
    found = context.provisioner.holdings_of(context.registry.system(name), project)
    return {"project_id": project, "held": {service: len(rows) for service, rows in found.items()}}


def purge(context: Context, name: str, project_id: str) -> Result:
    """Delete everything of the system in every service, whoever made it. Raises StepError, CloudError, EngineError."""
    started = datetime.now(UTC)
    outcome = context.provisioner.purge_system(context.registry.system(name), project_id)
    context.registry.record_deployment(
        name, "purge", "", {"changes": outcome.changes}, started, datetime.now(UTC), True
    )
    return {"changes": outcome.changes}


def empty(context: Context, name: str, project_id: str) -> Result:
    """No service holds anything of the system any more. Raises StepError: it names what is left."""
    left = context.provisioner.until_empty(context.registry.system(name), project_id)
    return {"left": {service: len(rows) for service, rows in left.items()}}


def rest(context: Context, name: str, project_id: str) -> Result:
    """Hosts are forgotten; addresses and names rest before somebody else gets them. The request is fulfilled."""
    context.registry.record_hosts(name, [])
    ways = context.registry.system(name).ways
    until = Removals(context.registry).finish(name, project_id, context.site.removal.quarantine_days)
    close_elsewhere(context, name, ways)
    return {"state": "removed", "until": until.isoformat()}
