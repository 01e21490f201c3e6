"""Plans and applies the stacks of a site: the landing, agencies, systems."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from hatang.errors import RefusedError, StepError
from hatang.locale import _
from hatang.model.agency import Agency
from hatang.model.agency_code import slug
from hatang.model.site import Site
from hatang.policies.rules.ways import in_force
from hatang.provision import bridge, configs, deletion, held, holdings, purge, site_steps, unmanaged
from hatang.provision.cloud import Cloud, guarded
from hatang.provision.engine import Engine, Program, Stack, state_of
from hatang.provision.keys import public_key
from hatang.provision.plan import AGENCY_IDS, NOT_MADE, Plan, ending
from hatang.provision.stack_runs import Outcome, StackRuns
from hatang.registry import HostRecord, SystemRecord
from hatang.settings import Settings
from hatang.stacks.agency.config import AgencyConfig
from hatang.stacks.agency.program import build as build_agency
from hatang.stacks.site.config import SiteConfig
from hatang.stacks.site.program import build as build_site
from hatang.stacks.system.config import SystemConfig
from hatang.stacks.system.program import build as build_system


class Provisioner:
    """Drives the engine for one site. Cheap to make; connects when asked for something."""

    def __init__(self, settings: Settings, site: Site, say: Callable[[str], None] = lambda text: None) -> None:
        self.settings = settings
        self.site = site
        self.say = say
        self.cloud = Cloud(settings)
        self.runs = StackRuns(settings, site, self.cloud, say)

    @property
    def engine(self) -> Engine:
        """The engine with the cloud's credentials. Raises MissingPartError, SettingsError."""
        return self.runs.engine

    # -- the landing --------------------------------------------------------------------------------------------------

    def plan_site(self) -> Plan:
        """What `apply_site` would do. Like `plan_system`, clears up after a killed run first."""
        stack, config = self._site_stack(), self._site_config()
        return self.runs.plan(stack, lambda: build_site(config), config.model_dump(mode="json"))

    def apply_site(self) -> Outcome:
        """Make the landing as the site file says, then the steps that the engine's provider lacks."""
        stack, config = self._site_stack(), self._site_config()
        outcome = self.runs.up(stack, lambda: build_site(config), config.model_dump(mode="json"))
        for name, step in site_steps.STEPS.items():
            self.say(_("site: {step}").format(step=_(name)))
            guarded(lambda step=step: step(self.cloud.connection, self.site))
        return outcome

    def _site_config(self) -> SiteConfig:
        site_steps.require_image(self.site, self.engine.state(self._site_stack()))
        return SiteConfig(site=self.site, image_file=str(self.site.image.file), role_ids=self.cloud.role_ids)

    # -- agencies and systems -----------------------------------------------------------------------------------------

    def plan_system(self, record: SystemRecord) -> Plan:
        """What `apply_system` would do, judged by the rules of the policy pack. Changes nothing on the cloud, but
        removes what a killed run left half made there, since a plan over that would be wrong.

        Raises:
            PolicyError: the plan breaks a control.
            QuotaError, InputErrors: the project's quota has no room for it, with what is in the project already.
            StepError: the landing is not there yet.
        """
        stack = self._system_stack(record)
        agency = self.runs.plan(self._agency_stack(record.agency), *self.agency_program(record.agency))
        plan = self.runs.plan(stack, *self.system_program(record), document_storage=record.spec.document_storage)
        plan.unmanaged = unmanaged.find(self.cloud.connection, self.engine.state(stack))
        plan.rows = [*agency.rows, *plan.rows]
        plan.changes = _add(plan.changes, agency.changes)
        if plan.unmanaged:
            plan.changes["remove"] = len(plan.unmanaged)
        if record.leaves:  # who approves a removal reads all that will go, also what the agency made itself
            gone = self._leaving(record)
            plan.rows += gone
            plan.changes["purge"] = len(gone)
            plan.rows += [ending(w, stack.name) for w in in_force(record.ways)]
        plan.refresh = plan.refresh or agency.refresh
        return plan.seal().write(self.settings)

    def agency_program(self, agency: Agency, ended: bool = False) -> tuple[Program, dict[str, Any]]:
        """What makes the domain of an agency with its groups, and its inputs."""
        config = self._agency_config(agency, ended)
        return lambda: build_agency(config), config.model_dump(mode="json")

    def system_program(self, record: SystemRecord) -> tuple[Program, dict[str, Any]]:
        """What makes a system, and its inputs. Raises StepError: the landing is not there yet."""
        config = self._system_config(record)
        return lambda: build_system(config), config.model_dump(mode="json")

    def apply_system(self, record: SystemRecord, plan: Plan) -> Outcome:
        """Apply exactly this plan: agency first, then the system.

        Raises:
            RefusedError: request, site or engine state have moved since the plan was made.
            EngineError: the engine stopped; run again.
        """
        outcome = self._apply_system(record, plan)
        if record.held:
            held.lock(self.cloud.connection, str(outcome.outputs["project_id"]))
        elif deletion.is_demanded(record):
            deletion.hold(self.cloud.connection, str(outcome.outputs["project_id"]))
        return outcome

    def _apply_system(self, record: SystemRecord, plan: Plan) -> Outcome:
        begun = time.monotonic()
        stack = self._system_stack(record)
        goes_on = plan.started.exists()
        if not goes_on and self.engine.state(stack).digest() != plan.state_digest:
            raise _moved(record, "the engine's state")
        if not goes_on and set(plan.changes) <= {"same"} and not self.engine.state(stack).wants_refresh():
            log = self.runs.log(stack, "plan")  # the plan looked at the cloud and found all as it should be
            return Outcome(stack.name, plan.changes, self.outputs("system", stack.name), 0.0, log)
        plan.started.touch()
        made = self.apply_agency(record.agency, refresh=plan.refresh)
        config = self._system_config(record)
        if _without_agency(config.model_dump(mode="json")) != _without_agency(plan.config):
            raise _moved(record, "the request or the site")
        for found in plan.unmanaged:
            self.say(_("removing what was added by hand: {what}").format(what=found["what"]))
            unmanaged.remove(self.cloud.connection, found)
        self._release(record)
        stored = record.spec.document_storage
        refresh, changes = plan.refresh, made.changes
        if first := bridge.first(config, plan, self.engine.state(stack)):
            self.say(_("what goes, or moves to another volume type, does so before its quota is lowered"))
            done = self.runs.up(
                stack, partial(build_system, first), first.model_dump(mode="json"), refresh, document_storage=stored
            )
            refresh, changes = False, _add({k: n for k, n in done.changes.items() if k != "same"}, changes)
        outcome = self.runs.up(
            stack, partial(build_system, config), config.model_dump(mode="json"), refresh, document_storage=stored
        )
        changes = _add(outcome.changes, changes)
        if plan.unmanaged:
            changes["remove"] = len(plan.unmanaged)
        return Outcome(stack.name, changes, outcome.outputs, round(time.monotonic() - begun, 2), outcome.log)

    def open_ways(self, record: SystemRecord) -> list[str]:
        """What of a system could still be reached, or be opened by its agency; empty: nothing. Raises CloudError."""
        return held.open_ways(self.cloud.connection, str(self.outputs("system", record.spec.name)["project_id"]))

    def destroy_system(self, record: SystemRecord) -> Outcome:
        """Remove every resource of a system. Its agency stays."""
        self._release(record)
        return self.runs.destroy(self._system_stack(record))

    def _leaving(self, record: SystemRecord) -> list[dict[str, Any]]:
        project = str(self.outputs("system", record.spec.name).get("project_id") or "")
        listing = self.holdings_of(record, project) if project else {}
        things = [thing for service in holdings.SERVICES for thing in listing.get(service, [])]
        return [{"operation": "purge", "type": t.kind, "name": t.name or "-", "changed": []} for t in things]

    def holdings_of(self, record: SystemRecord, project_id: str) -> holdings.Listing:
        """What the project of a system holds in each service, whoever made it. Raises CloudError."""
        return holdings.of_project(self.cloud.connection, project_id, record.spec.name)

    def purge_system(self, record: SystemRecord, project_id: str) -> Outcome:
        """Delete everything of a system in every service, whoever made it, then what its stack made.

        Raises:
            CloudError, StepError, EngineError: something did not go; run again.
        """
        cloud, stack = self.cloud.connection, self._system_stack(record)
        state = self.engine.state(stack)
        if state.exists():
            for found in unmanaged.find(cloud, state):
                unmanaged.remove(cloud, found)
            state.ask_refresh()  # what goes now, the engine must not look for
        network = {r.id for r in state.resources() if r.type.startswith("openstack:networking/")}
        purge.contents(cloud, project_id, record.spec.name, network, self.say)
        outcome = self.runs.destroy(stack)
        purge.leftovers(cloud, project_id)
        return outcome

    def until_empty(self, record: SystemRecord, project_id: str) -> holdings.Listing:
        """List all services until none holds anything of a system. Raises StepError, CloudError."""
        return purge.wait_until_empty(self.cloud.connection, project_id, record.spec.name)

    def apply_agency(self, agency: Agency, *, refresh: bool = False, ended: bool = False) -> Outcome:
        """Make the domain of an agency with its groups; of one that ended, take their roles on it away.

        Part of `apply_system`; harmless again.
        """
        return self.runs.up(self._agency_stack(agency), *self.agency_program(agency, ended), refresh=refresh)

    def destroy_agency(self, agency: Agency) -> Outcome:
        """Remove the domain of an agency that has no system any more.

        Raises:
            RefusedError: there are projects in it.
        """
        domain = self.outputs("agency", agency.slug).get("domain_id")
        identity: Any = self.cloud.connection.identity
        if domain and guarded(lambda: identity.find_domain(domain)):
            if left := [p.name for p in guarded(lambda: list(identity.projects(domain_id=domain)))]:
                raise RefusedError(
                    f"agency {agency.code} still has {', '.join(sorted(left))}",
                    where=f"Keystone domain {agency.slug}",
                    do=f"hatang system destroy {left[0]}",
                )
            guarded(lambda: identity.update_domain(domain, is_enabled=False))  # Keystone deletes no enabled domain
        return self.runs.destroy(self._agency_stack(agency))

    def _release(self, record: SystemRecord) -> None:
        """Let the engine at servers that are locked because they hold data, or are suspended."""
        project = self.outputs("system", record.spec.name).get("project_id")
        if project and (deletion.is_demanded(record) or record.held or record.state in ("resuming", "changing")):
            deletion.release(self.cloud.connection, str(project))

    def outputs(self, kind: str, name: str) -> dict[str, Any]:
        """Outputs of a stack that was applied: kind is site, agency or system."""
        return state_of(self.settings, Stack(f"hatang-{kind}", name)).outputs()

    def host_records(self, record: SystemRecord, outputs: dict[str, Any]) -> list[HostRecord]:
        """Servers of a system as the registry keeps them."""
        assert record.allocation is not None
        servers = outputs.get("servers") or {}
        name = record.spec.name
        return [
            HostRecord(
                record.spec.server_name(h.name), name, record.agency.code, h.zone.value, str(h.address),
                self.site.image.login, servers[h.name], int(record.spec.level),
            )
            for h in record.allocation.hosts
            if h.name in servers
        ]  # fmt: skip

    def _agency_config(self, agency: Agency, ended: bool = False) -> AgencyConfig:
        return AgencyConfig(agency=agency, role_ids=self.cloud.role_ids, ended=ended)

    def landing(self) -> dict[str, Any]:
        """Outputs of the site's stack. Raises StepError: it is not there yet."""
        found = self.outputs("site", self.site.name)
        if not found.get("branches"):
            raise StepError(
                "the site's landing is not there yet", where=f"site {self.site.name}", do="hatang site apply"
            )
        return found

    def _system_config(self, record: SystemRecord) -> SystemConfig:
        landing = self.landing()
        if (own := self.site.volume_type(record.spec.level).name) not in self.cloud.volume_types:
            raise StepError(
                f"the cloud has no volume type {own}", where=f"site {self.site.name}", do="hatang site apply"
            )
        agency = self.outputs("agency", record.agency.slug)
        return configs.system_config(
            self.site,
            record,
            landing=landing,
            agency={k: agency.get(k) or NOT_MADE for k in AGENCY_IDS} | self._home(record),
            role_ids=self.cloud.role_ids,
            user_id=self.cloud.user_id,
            public_key=public_key(self.settings, record.spec.name),
            volume_types=self.cloud.volume_types,
        )

    def _home(self, record: SystemRecord) -> dict[str, str]:
        """The domain of a system whose project was made in that of another body; Keystone moves no project."""
        if record.home in ("", record.agency.code):
            return {}
        return {"domain_id": str(self.outputs("agency", slug(record.home)).get("domain_id") or NOT_MADE)}

    def _site_stack(self) -> Stack:
        return Stack("hatang-site", self.site.name)

    def _agency_stack(self, agency: Agency) -> Stack:
        return Stack("hatang-agency", agency.slug)

    def _system_stack(self, record: SystemRecord) -> Stack:
        return Stack("hatang-system", record.spec.name)


def _without_agency(config: dict[str, Any]) -> str:
    """A system's inputs without the agency's ids, which are not known before the agency is made."""
    return json.dumps({k: v for k, v in config.items() if k not in AGENCY_IDS}, sort_keys=True)


def _add(a: dict[str, int], b: dict[str, int]) -> dict[str, int]:
    return {k: a.get(k, 0) + b.get(k, 0) for k in [*a, *(k for k in b if k not in a)]}


def _moved(record: SystemRecord, what: str) -> RefusedError:
    name = record.spec.name
    return RefusedError(
        f"{what} of system {name} moved since the plan was made",
        where=f"system {name}",
        do=f"look at a new plan: hatang system plan {name}; then hatang system apply {name} --restart",
    )
