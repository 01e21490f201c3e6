"""Every cloud check, proven by changing the cloud by hand: the control is named, and what the change also breaks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from openstack.connection import Connection

from hatang.audit.results import CheckRun
from hatang.audit.runner import check
from hatang.catalogue.mutations import mutations
from hatang.catalogue.ways import CLOUD_PREFIX
from hatang.model.mutation import Mutation, Where
from hatang.model.terms import ResultState
from hatang.registry import HostRecord, Registry, SystemRecord
from hatang.sandbox.lifecycle import Sandbox
from tests.integration.provision import driver
from tests.prove.proving import function

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


@pytest.fixture(scope="module")
def place(sandbox: Sandbox, cloud: Connection) -> Iterator[Site]:
    """The system, checked once: nothing is wrong."""
    made = Site(sandbox.state, cloud)
    yield made
    made.maker.destroy_system(made.record)


MUTATIONS = [(c, m) for c, found in mutations().items() for m in found.mutations if m.on is Where.CLOUD]


def test_untouched_cloud_has_no_fault_and_every_control_was_judged(place: Site) -> None:
    run = place.check()
    assert {r.control: r.detail for r in run.not_met()} == {}
    looked = [r for r in run.results if any(c.startswith(CLOUD_PREFIX) for c in r.checks)]
    met = {r.control for r in looked if r.state in (ResultState.MET, ResultState.PARTLY)}
    assert met >= {control for control, _ in MUTATIONS}


@pytest.mark.parametrize(("control", "mutation"), MUTATIONS, ids=lambda x: getattr(x, "name", x))
def test_change_by_hand_is_named(place: Site, control: str, mutation: Mutation) -> None:
    undo = function(mutation)(place)
    try:
        bad = place.bad()
    finally:
        undo()
    assert set(bad) == {control, *mutation.also}, bad
    assert all(text.startswith("not-met: ") for text in bad.values()), bad


def test_all_is_well_again(place: Site) -> None:
    assert place.bad() == {}


def test_host_that_cannot_be_reached_is_never_met(place: Site) -> None:
    server = place.ids["servers"]["app"]
    host = HostRecord(f"{NAME}-app", NAME, "H99.79", "application", "192.0.2.9", "debian", server, 3)
    place.cloud.compute.stop_server(server)
    place.cloud.compute.wait_for_server(place.cloud.compute.get_server(server), status="SHUTOFF", interval=0.2)
    try:
        run = place.check((host,))
    finally:
        place.cloud.compute.start_server(server)
    states = {r.state for r in run.results if r.scope == host.name}
    assert states <= {ResultState.NOT_CHECKED, ResultState.NOT_AUTOMATED, ResultState.NOT_APPLICABLE}
    assert [r for r in run.not_met() if r.detail.startswith("not reached")]


def test_system_is_the_one_that_was_asked_for(place: Site) -> None:
    record: SystemRecord = place.record
    assert {r.system for r in place.check().results} == {record.spec.name}
