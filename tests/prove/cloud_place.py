"""A system on the cloud whose checks are all in force, to be changed by hand."""

from __future__ import annotations

from typing import Any

from openstack.connection import Connection

from hatang.audit.results import CheckRun
from hatang.audit.runner import check
from hatang.registry import HostRecord, Registry
from tests.integration.provision import driver

NAME = "bi-pha"


class Site:
    """A system on the cloud, and what is done to it."""

    name = NAME

    def __init__(self, state: Any, cloud: Connection) -> None:
        self.cloud: Any = cloud
        self.maker = driver.provisioner(state)
        self.site = self.maker.site
        self.maker.apply_site()
        # At this level and with these documents every control that the cloud can show is demanded.
        self.record = driver.record(self.maker, NAME, code="H99.79", level=5, document_storage=True)
        self.maker.apply_system(self.record, self.maker.plan_system(self.record))
        self.ids, self.agency = self.maker.outputs("system", NAME), self.maker.outputs("agency", "h99-79")
        registry = Registry.open(self.maker.settings.registry)
        registry.record_remote_ids("system", NAME, {"project_id": self.ids["project_id"]})
        registry.record_remote_ids("agency", "H99.79", {k: v for k, v in self.agency.items() if isinstance(v, str)})

    def check(self, hosts: tuple[HostRecord, ...] = ()) -> CheckRun:
        """Run all checks of the system."""
        return check(self.maker.settings, self.maker.site, [self.record], hosts)

    def bad(self) -> dict[str, str]:
        """Controls that do not pass, with the reason."""
        return {r.control: f"{r.state.value}: {r.detail}" for r in self.check().not_met()}
