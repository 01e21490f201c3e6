"""Suspend and resume in the registry: when each can be asked for, and what the system is while and after."""

from __future__ import annotations

import pytest

from hatang.errors import InputError, RefusedError, UnknownNameError
from hatang.model.lifecycle import RequestState
from hatang.model.standing_request import StandingRequest
from hatang.registry import Registry
from tests.unit.registry.decided import approve, bring_up
from tests.unit.registry.test_registry import REQUEST, SITE, ZONES
from tests.unit.registry.test_requests import asks, change

S = RequestState
NAME, CODE = REQUEST.system.name, REQUEST.agency.code


def about(kind: str, *, system: str = NAME, agency: str = CODE, reason: str = "theo đề nghị") -> StandingRequest:
    """A request about the example system as it stands."""
    return StandingRequest.model_validate(
        {"kind": kind, "requested_by": "nguoi-de-nghi", "agency": agency, "system": system, "reason": reason}
    )


@pytest.fixture
def in_use(url: str) -> Registry:
    """The example system, active."""
    registry = Registry.open(url)
    bring_up(registry, asks(), SITE, ZONES)
    return registry


def suspend(registry: Registry) -> str:
    """Suspended by a request, as the workflow does it; returns the request."""
    record = registry.submit(about("suspend"), "", SITE)
    approve(registry, record.id)
    registry.begin(record.id)
    registry.set_system_state(NAME, "suspended")
    return record.id


def test_a_system_is_held_from_the_beginning_of_suspending_to_that_of_resuming(in_use: Registry) -> None:
    before = in_use.system(NAME)
    record = in_use.submit(about("suspend"), "", SITE)
    assert in_use.as_asked(record.id).held, "planned as it shall be"
    assert not in_use.system(NAME).held, "not before it is approved and begun"
    assert [(d.field, d.old, d.new) for d in in_use.changes(record.id)] == [("system.state", "active", "suspended")]
    approve(in_use, record.id)
    todo = in_use.change_to_do(NAME)
    assert todo is not None
    assert todo.id == record.id
    in_use.begin(record.id)
    assert (in_use.system(NAME).held, in_use.system(NAME).state) == (True, "suspending")
    in_use.set_system_state(NAME, "suspended")
    assert in_use.request(record.id).state is S.SUSPENDED
    assert in_use.changes(record.id) == []
    again = in_use.submit(about("resume"), "", SITE)
    assert not in_use.as_asked(again.id).held
    approve(in_use, again.id)
    in_use.begin(again.id)
    assert (in_use.system(NAME).held, in_use.system(NAME).state) == (False, "resuming")
    in_use.set_system_state(NAME, "active")
    assert in_use.request(again.id).state is S.ACTIVE
    assert in_use.request(record.id).state is S.SUSPENDED, "what was asked for then was done"
    after = in_use.system(NAME)
    assert (after.spec, after.allocation) == (before.spec, before.allocation), "nothing is lost"
    assert after.request_id == again.id


def test_the_same_file_suspends_a_second_time(in_use: Registry) -> None:
    first = suspend(in_use)
    with pytest.raises(RefusedError, match="is suspended; suspend is for a system that is active"):
        in_use.submit(about("suspend"), "", SITE)
    back = in_use.submit(about("resume"), "", SITE)
    assert in_use.submit(about("resume"), "", SITE).id == back.id, "not decided yet: the same request"
    approve(in_use, back.id)
    in_use.begin(back.id)
    in_use.set_system_state(NAME, "active")
    assert in_use.submit(about("suspend"), "", SITE).id != first


def test_a_run_that_failed_or_was_killed_goes_on_and_the_system_stays_held(in_use: Registry) -> None:
    record = in_use.submit(about("suspend"), "", SITE)
    approve(in_use, record.id)
    for _ in range(2):  # killed between begin and its record
        in_use.begin(record.id)
    in_use.fail(record.id, "closed", "server web is ACTIVE")
    assert (in_use.request(record.id).state, in_use.system(NAME).held) == (S.FAILED, True)
    in_use.begin(record.id)
    in_use.set_system_state(NAME, "suspended")
    assert in_use.request(record.id).state is S.SUSPENDED


def test_only_what_stands_accordingly_can_be_suspended_resumed_or_changed(in_use: Registry) -> None:
    with pytest.raises(RefusedError, match="resume is for a system that is suspended"):
        in_use.submit(about("resume"), "", SITE)
    with pytest.raises(UnknownNameError):
        in_use.submit(about("suspend", system="khong-co"), "", SITE)
    with pytest.raises(UnknownNameError):
        in_use.submit(about("suspend", agency="H99.99"), "", SITE)
    suspend(in_use)
    with pytest.raises(RefusedError, match="only a system in use can be changed"):
        in_use.submit(change(hosts=40), "", SITE)


def test_one_request_at_a_time_is_about_a_system_in_use(in_use: Registry) -> None:
    record = in_use.submit(about("suspend"), "", SITE)
    with pytest.raises(RefusedError, match=rf"request {record.id} \(suspend\) is already about system {NAME}"):
        in_use.submit(change(hosts=40), "", SITE)
    with pytest.raises(RefusedError, match="is already about"):
        in_use.submit(about("suspend", reason="một lý do khác"), "", SITE)


def test_a_suspended_system_that_is_destroyed_takes_its_requests_with_it(in_use: Registry) -> None:
    request = suspend(in_use)
    in_use.set_system_state(NAME, "removed")
    assert in_use.request(request).state is S.REMOVED
    assert in_use.system(NAME).allocation is None


def test_a_returned_request_keeps_its_number(in_use: Registry) -> None:
    from hatang.model.case import Event
    from hatang.model.lifecycle import Act, Role

    record = in_use.submit(about("suspend"), "", SITE)
    in_use.act(record.id, Event(Act.RETURN, Role.OWNER, "nguoi-phe-duyet", note="nêu rõ lý do"))
    again = in_use.submit(about("suspend", reason="bảo trì nguồn điện"), "", SITE)
    assert (again.id, again.state) == (record.id, S.SUBMITTED)


def test_a_file_without_a_reason_or_with_a_described_system_is_refused() -> None:
    with pytest.raises(ValueError, match="reason"):
        StandingRequest.model_validate({"kind": "suspend", "requested_by": "abc", "agency": CODE, "system": NAME})
    with pytest.raises(ValueError, match="system"):
        StandingRequest.model_validate(
            {"kind": "suspend", "requested_by": "abc", "agency": CODE, "system": {"name": NAME}, "reason": "abc"}
        )


def test_what_cannot_be_taken_in_leaves_no_request_behind(in_use: Registry) -> None:
    before = [r.id for r in in_use.requests()]
    with pytest.raises((RefusedError, InputError)):
        in_use.submit(about("resume"), "", SITE)
    assert [r.id for r in in_use.requests()] == before
