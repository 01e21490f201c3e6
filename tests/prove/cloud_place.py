"""A system on the cloud whose checks are all in force, to be changed by hand."""

from __future__ import annotations

from typing import Any

from openstack.connection import Connection

from hatang.audit.results import CheckRun
from hatang.audit.runner import check
from hatang.registry import HostRecord, Registry
from tests.integration.provision import driver

NAME = "bi-pha"


# At this level and with these documents every control that the cloud can show is demanded.
EVERYTHING: dict[str, Any] = {"level": 5, "document_storage": True}


class Site:
    """A system on the cloud, and what is done to it.

    Args:
        code: of its agency.
        asked: level of the system, and further fields.
    """

    def __init__(
        self, state: Any, cloud: Connection, name: str = NAME, code: str = "H99.79", asked: dict[str, Any] = EVERYTHING
    ) -> None:
        self.name = name
        self.cloud: Any = cloud
        self.maker = driver.provisioner(state)
        self.site = self.maker.site
        self.maker.apply_site()
        self.record = driver.record(self.maker, name, code, **asked)
        self.maker.apply_system(self.record, self.maker.plan_system(self.record))
        self.ids = self.maker.outputs("system", name)
        self.agency = self.maker.outputs("agency", self.record.agency.slug)
        registry = Registry.open(self.maker.settings.registry)
        registry.record_remote_ids("system", name, {"project_id": self.ids["project_id"]})
        registry.record_remote_ids("agency", code, {k: v for k, v in self.agency.items() if isinstance(v, str)})

    def check(self, hosts: tuple[HostRecord, ...] = ()) -> CheckRun:
        """Run all checks of the system."""
        return check(self.maker.settings, self.maker.site, [self.record], hosts)

    def bad(self) -> dict[str, str]:
        """Controls that do not pass, with the reason."""
        return {r.control: f"{r.state.value}: {r.detail}" for r in self.check().not_met()}
