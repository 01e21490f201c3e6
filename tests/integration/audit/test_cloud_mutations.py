"""Every cloud check, proven by changing the cloud by hand: the control is named, and what the change also breaks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from openstack.connection import Connection

from hatang.catalogue.ways import CLOUD_PREFIX
from hatang.model.mutation import Mutation, Where
from hatang.model.terms import ResultState
from hatang.registry import HostRecord, SystemRecord
from hatang.sandbox.lifecycle import Sandbox
from tests.prove.choice import at, sample, seed_of_run
from tests.prove.cloud_place import NAME, Site
from tests.prove.proving import function
from tests.servers import take_away

SAMPLE = 4  # on every run; `make prove` does all


@pytest.fixture(scope="module")
def place(sandbox: Sandbox, cloud: Connection) -> Iterator[Site]:
    """The system, checked once: nothing is wrong."""
    made = Site(sandbox.state, cloud)
    yield made
    take_away(cloud, NAME)


MUTATIONS = at(Where.CLOUD)
CHOSEN = sample(SAMPLE, seed_of_run(), MUTATIONS)


def test_untouched_cloud_has_no_fault_and_every_control_was_judged(place: Site) -> None:
    run = place.check()
    assert {r.control: r.detail for r in run.not_met()} == {}
    looked = [r for r in run.results if any(c.startswith(CLOUD_PREFIX) for c in r.checks)]
    met = {r.control for r in looked if r.state in (ResultState.MET, ResultState.PARTLY)}
    assert met >= {control for control, _ in MUTATIONS}


@pytest.mark.parametrize(("control", "mutation"), CHOSEN, ids=lambda x: getattr(x, "name", x))
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
