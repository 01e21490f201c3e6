"""Adopts one system: into a scratch back-end first, where the whole plan is tried; then the state is moved in place.

The scratch holds copies of the site's and the agency's state and lies below the state folder. Until the last rename
nothing that other commands read has changed, so a run that is killed is simply run again.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hatang.errors import InputError, StepError
from hatang.locale import _
from hatang.model.adoption import AdoptionMap
from hatang.model.allocation import Allocation
from hatang.model.terms import ZoneKind
from hatang.provision.adoption import matching, seeding
from hatang.provision.adoption.addressing import addresses
from hatang.provision.adoption.declared import declare
from hatang.provision.adoption.discovery import WHERE, Found, discover
from hatang.provision.adoption.tenant import Tenant, read
from hatang.provision.effects import ANEW
from hatang.provision.engine import Program, Stack
from hatang.provision.plan import Plan
from hatang.provision.provisioner import Provisioner
from hatang.provision.state import StateFile
from hatang.registry import SystemRecord

REPLACING = (*ANEW, "delete")
# A rule is made anew within a moment and holds no data; everything else would lose some, or stand still.
MAY_BE_REPLACED = ("SecGroupRule",)


@dataclass(frozen=True)
class Adoption:
    """What an adoption takes in, and what the next plan would do then.

    Attributes:
        taken: type, name in the program, name or id on the cloud of each resource.
        unknown: what the project holds besides, and hatang leaves alone.
    """

    project_id: str
    allocation: Allocation
    taken: list[dict[str, str]]
    unknown: list[str]
    plan: Plan

    @property
    def differences(self) -> list[dict[str, Any]]:
        """What the next apply would change."""
        return self.plan.differences()


class Adopter:
    """Adopts systems of one site."""

    def __init__(self, maker: Provisioner, say: Callable[[str], None] = lambda text: None) -> None:
        self.maker = maker
        self.say = say

    def tenant(self, record: SystemRecord, project_id: str, given: AdoptionMap) -> Tenant:
        """The tenant as it stands on the cloud. Raises InputError: no such project, or it is another agency's."""
        found = read(self.maker.cloud.connection, project_id, self._bastion_network(record))
        managed = self.maker.outputs("agency", record.agency.slug).get("domain_id")
        _right_domain(found, record, str(managed or ""), given)
        return found

    def _bastion_network(self, record: SystemRecord) -> str:
        return str(self.maker.landing()["branches"][record.agency.branch.value]["bastion_network"])

    def discover(self, tenant: Tenant, record: SystemRecord, zones: Sequence[ZoneKind], given: AdoptionMap) -> Found:
        """Which object is which. Raises InputError."""
        return discover(tenant, record.spec, zones, given, self.maker.site)

    def addresses(
        self, tenant: Tenant, found: Found, record: SystemRecord, free: Allocation, *, narrow: bool
    ) -> Allocation:
        """The addresses in use, and from `free` what the tenant lacks. Raises InputError."""
        bastion = self._bastion_network(record)
        return addresses(tenant, found, record.spec, self.maker.site, free, bastion, narrow=narrow)

    def prepare(self, tenant: Tenant, found: Found, record: SystemRecord) -> Adoption:
        """Everything but the last step. `record` has the addresses in use. Changes nothing but the scratch.

        Raises:
            InputError: something of the tenant cannot be taken as it is.
            PolicyError, QuotaError: as `Provisioner.plan_system`.
        """
        scratch = self._scratch(record)
        slug, name = record.agency.slug, record.spec.name
        agency, system = Stack("hatang-agency", slug), Stack("hatang-system", name)
        taken: list[dict[str, str]] = []
        if not self._state(self.maker, agency).resources():
            program, _config = scratch.agency_program(record.agency)
            taken += self._seed(scratch, agency, program, tenant, found)[0]
        program, _config = scratch.system_program(record)
        rows, matches = self._seed(scratch, system, program, tenant, found)
        self.say(_("{system}: plan of what would differ").format(system=name))
        plan = scratch.plan_system(record)
        _refuse_replacement(tenant, plan)
        project = tenant.project.id
        return Adoption(
            project, _allocation(record), [*taken, *rows], matching.unknown(tenant, found, matches), plan
        )  # fmt: skip

    def commit(self, record: SystemRecord) -> None:
        """Put the prepared state in place: the agency's where it has none, then the system's."""
        scratch = self._scratch_of(record)
        for stack in (Stack("hatang-agency", record.agency.slug), Stack("hatang-system", record.spec.name)):
            with self.maker.engine.alone(stack):
                target = self._state(self.maker, stack)
                if not target.resources():
                    target.take_over(self._state(scratch, stack))
        shutil.rmtree(self._folder(record), ignore_errors=True)

    def forget(self, record: SystemRecord) -> bool:
        """The engine knows nothing of a system any more; its objects stay on the cloud. False: it knew nothing."""
        stack = Stack("hatang-system", record.spec.name)
        with self.maker.engine.alone(stack):
            state = self._state(self.maker, stack)
            known = bool(state.resources())
            state.forget()
        shutil.rmtree(self._folder(record), ignore_errors=True)
        return known

    def is_managed(self, record: SystemRecord) -> str:
        """Id of the project that hatang manages for a system already; empty: none."""
        state = self._state(self.maker, Stack("hatang-system", record.spec.name))
        return next((r.id for r in state.resources() if r.name == "project"), "")

    # -- the scratch --------------------------------------------------------------------------------------------------

    def _folder(self, record: SystemRecord) -> Path:
        return self.maker.settings.state_dir / "adopt" / record.spec.name

    def _scratch_of(self, record: SystemRecord) -> Provisioner:
        settings = self.maker.settings.model_copy(update={"engine_backend": f"file://{self._folder(record)}"})
        scratch = Provisioner(settings, self.maker.site, self.say)
        scratch.cloud = self.maker.cloud  # one connection for both
        return scratch

    def _scratch(self, record: SystemRecord) -> Provisioner:
        shutil.rmtree(self._folder(record), ignore_errors=True)
        scratch = self._scratch_of(record)
        for stack in (Stack("hatang-site", self.maker.site.name), Stack("hatang-agency", record.agency.slug)):
            if (there := self._state(self.maker, stack)).exists():
                self._state(scratch, stack).take_over(there)
        return scratch

    def _state(self, maker: Provisioner, stack: Stack) -> StateFile:
        return maker.engine.state(stack)

    def _seed(
        self, scratch: Provisioner, stack: Stack, program: Program, tenant: Tenant, found: Found
    ) -> tuple[list[dict[str, str]], matching.Matches]:
        """The state of a stack as the cloud has it; what was taken, and all matches."""
        declaration = declare(stack, program)
        matches = matching.match(declaration, tenant, found, str(scratch.cloud.connection.config.get_region_name()))
        state = self._state(scratch, stack)
        state.create(stack.full_name, seeding.resources(declaration, matches, stack.name, stack.project))
        self.say(_("{stack}: reading {n} resources from the cloud").format(stack=stack.name, n=len(matches.taken)))
        log = scratch.settings.log_dir / stack.name / "adopt.log"
        with scratch.engine.alone(stack):
            scratch.engine.refresh(stack, log=log)
        there = {r.urn: r for r in state.resources()}
        if gone := [d.name for d in matches.taken if d.urn not in there]:
            raise StepError(f"the engine did not find {', '.join(gone)} on the cloud", where=str(log),
                do="somebody may be working in the project; run the same command again")  # fmt: skip
        rows = [
            {"type": d.type.rsplit(":", 1)[1], "name": d.name, "id": matches.id_of(d),
             "on_cloud": str(there[d.urn].outputs.get("name") or "")}
            for d in matches.taken
        ]  # fmt: skip
        return rows, matches


def _allocation(record: SystemRecord) -> Allocation:
    assert record.allocation is not None, "the addresses in use come first"
    return record.allocation


def _right_domain(tenant: Tenant, record: SystemRecord, managed: str, given: AdoptionMap) -> None:
    """Raises InputError: the project is in the domain of somebody else."""
    domain, code = tenant.domain, record.agency.code
    expected = {managed} if managed else {given.domain} if given.domain else {record.agency.slug}
    if not expected & {domain.id, domain.name}:
        raise InputError(
            f"project {tenant.project.name} is in domain {domain.name} ({domain.id}), not in that of agency {code}",
            where=WHERE.format(tenant.project),
            do=f"agency {code} has domain {managed}: state a project of it; a project cannot move between domains"
            if managed else f"state a project of domain {record.agency.slug}, or name the domain that is the agency's "
            "in the mapping file (domain)",
        )  # fmt: skip


def _refuse_replacement(tenant: Tenant, plan: Plan) -> None:
    found = [r for r in plan.rows if r["operation"] in REPLACING and r["type"] not in MAY_BE_REPLACED]
    if found:
        told = "; ".join(
            sorted({f"{r['type']} {r['name']} ({', '.join(r['changed']) or r['operation']})" for r in found})
        )
        raise InputError(
            f"some of it cannot be changed in place and would be made anew: {told}",
            where=WHERE.format(tenant.project),
            do="bring these to what the request says on the cloud first, or ask for a new system and move the data",
        )
