"""Adoption of a system: its request waits for decision; what stands on the cloud becomes the system's, unchanged.

Approval comes after it, since what is approved is the plan: `hatang request plan` then shows no change, or only what
was told here.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from hatang.catalogue.zones import zone_matrix
from hatang.errors import InputError, RefusedError
from hatang.model.adoption import AdoptionMap
from hatang.model.lifecycle import BIRTH, RequestState
from hatang.registry.acts import newest, note
from hatang.workflow import lock, steps
from hatang.workflow.context import Context

if TYPE_CHECKING:
    from hatang.model.allocation import Allocation
    from hatang.provision.adoption.adopter import Adopter, Adoption
    from hatang.provision.adoption.discovery import Found
    from hatang.provision.adoption.tenant import Tenant
    from hatang.registry import SystemRecord

OPEN = (RequestState.SUBMITTED, RequestState.PLANNED, RequestState.APPROVED)


def adopt(
    context: Context, name: str, project_id: str, given: AdoptionMap, *, dry_run: bool = False
) -> Adoption | None:  # fmt: skip
    """Take a project in as a system. Killed, it is run again. Never changes the cloud.

    Args:
        dry_run: only tell what would be taken and what would differ.

    Returns:
        What was taken; None: this project is adopted already.

    Raises:
        InputError: something of the project cannot be taken as it is.
        RefusedError: the system's request does not wait for decision, or hatang manages another project for it.
    """
    from hatang.provision.adoption.adopter import Adopter

    adopter = Adopter(context.provisioner, context.progress)
    with lock.exclusive(context.settings, name):
        record = _open(context, name)
        steps.validate_record(context, record)
        if managed := adopter.is_managed(record):
            _again(context, name, managed, project_id)
            return None
        tenant = adopter.tenant(record, project_id, given)
        _not_twice(context, name, tenant.project.id)
        zones = zone_matrix().zones(record.spec.level, record.spec.document_storage)
        found = adopter.discover(tenant, record, zones, given)
        used = _addresses(context, adopter, record, tenant, found)
        made = adopter.prepare(tenant, found, dataclasses.replace(record, allocation=used))
        if dry_run:
            return made
        context.registry.take_addresses(name, context.site, used)
        adopter.commit(record)
        note(context.registry, "system.adopt", {"system": name, "project": made.project_id, "taken": len(made.taken)})
    return made


def forget(context: Context, name: str) -> bool:
    """Take an adopted system out of hatang again, before anything of it was applied. The cloud stays as it is.

    Returns:
        False: it was not adopted.

    Raises:
        RefusedError: an apply of it has begun, or its request is approved.
    """
    from hatang.provision.adoption.adopter import Adopter

    with lock.exclusive(context.settings, name):
        record = _open(context, name, (*OPEN[:2], RequestState.REJECTED, RequestState.RETURNED))
        known = Adopter(context.provisioner).forget(record)
        context.registry.give_addresses_back(name)
        if known:
            note(context.registry, "system.forget", {"system": name})
    return known


def _addresses(
    context: Context, adopter: Adopter, record: SystemRecord, tenant: Tenant, found: Found
) -> Allocation:  # fmt: skip
    """The addresses in use, looked at but not kept.

    The block is as large as a new system's, unless another system stands in that.
    """
    name, site, registry = record.spec.name, context.site, context.registry
    from hatang.provision.adoption.addressing import used_v6

    zones = zone_matrix().zones(record.spec.level, record.spec.document_storage)
    # Killed after its addresses were kept, it gets the same again.
    free = record.allocation or registry.free_addresses(name, site, zones, used_v6(tenant, found))
    try:
        used = adopter.addresses(tenant, found, record, free, narrow=False)
        registry.take_addresses(name, site, used, keep=False)
    except InputError:
        used = adopter.addresses(tenant, found, record, free, narrow=True)
        registry.take_addresses(name, site, used, keep=False)
    return used


def _open(context: Context, name: str, states: tuple[RequestState, ...] = OPEN) -> SystemRecord:
    record = context.registry.system(name)
    request = context.registry.request(record.request_id)
    if request.kind in BIRTH and request.state in states and record.state == "requested":
        return record
    raise RefusedError(
        f"request {request.id} ({request.kind}) for system {name} is {request.state.value}; only a system that is "
        "asked for anew and not begun is adopted", where=f"registry, request {request.id}",
        do=f"see where it stands: hatang system status {name}",
    )  # fmt: skip


def _again(context: Context, name: str, managed: str, project_id: str) -> None:
    """Adopted already: only what a kill may have left undone is done."""
    if managed != project_id:
        raise RefusedError(
            f"hatang manages project {managed} as system {name} already", where=f"system {name}",
            do=f"look at what it would do: hatang system plan {name}",
        )  # fmt: skip
    if newest(context.registry, "system.adopt", "system", name) is None:
        note(context.registry, "system.adopt", {"system": name, "project": project_id})


def _not_twice(context: Context, name: str, project_id: str) -> None:
    other = context.registry.remote_name("system", "project_id", project_id)
    if other and other != name:
        raise InputError(f"project {project_id} is that of system {other}", where="--project",
            do="state the project of the system that is to be adopted")  # fmt: skip
