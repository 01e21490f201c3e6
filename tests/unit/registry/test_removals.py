"""Removals in the registry: two persons, data accounted for, a grace period, rest before anything is given again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hatang.errors import InputError, RefusedError
from hatang.model.case import Event
from hatang.model.lifecycle import Act, RequestState, Role
from hatang.model.standing_request import StandingRequest
from hatang.registry import Registry
from hatang.registry.removals import Removals
from tests.unit.registry.decided import approve, plan
from tests.unit.registry.test_registry import REQUEST, SITE, ZONES
from tests.unit.registry.test_requests import asks
from tests.unit.registry.test_standing import CODE, NAME, in_use, suspend

__all__ = ["in_use"]  # the fixture
S = RequestState
NO_BACKUP = {"by": "Chủ quản ví dụ", "reason": "dữ liệu đã công bố"}
PROOF = {"document_sha256": "a" * 64, "day": "2026-01-05", "place": "kho lưu trữ ví dụ"}
GRACE, REST = 30, 90


def removal(**more: Any) -> StandingRequest:
    """A request for the removal of the example system."""
    facts = more or {"no_backup": NO_BACKUP}
    return StandingRequest.model_validate(
        {
            "kind": "remove", "requested_by": "nguoi-de-nghi", "agency": CODE, "system": NAME, "reason": "thôi dùng",
            **facts,
        }
    )  # fmt: skip


def closing(registry: Registry, file: StandingRequest | None = None) -> str:
    """An approved removal whose closing has begun; returns the request."""
    record = registry.submit(file or removal(), "", SITE)
    approve(registry, record.id)
    registry.begin(record.id)
    return record.id


def test_what_becomes_of_the_data_is_said_one_way_or_the_other(in_use: Registry) -> None:
    for wrong in ({"backup": PROOF, "no_backup": NO_BACKUP}, {"backup": None}):
        with pytest.raises(ValueError, match="either backup or no_backup"):
            removal(**wrong)
    with pytest.raises(ValueError, match="belongs to requests of kind remove"):
        StandingRequest.model_validate({**removal().model_dump(), "kind": "suspend"})
    with pytest.raises(ValueError, match="document_sha256"):
        removal(backup={**PROOF, "document_sha256": "bien-ban.pdf"})
    future = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    with pytest.raises(InputError, match="does not exist yet"):
        in_use.submit(removal(backup={**PROOF, "day": future}), "", SITE)
    record = in_use.submit(removal(backup=PROOF), "", SITE)
    assert in_use.as_asked(record.id).leaves


def test_two_persons_of_two_bodies_decide_at_every_level(in_use: Registry) -> None:
    record = in_use.submit(removal(), "", SITE)
    plan(in_use, record.id)
    case = in_use.request(record.id).case
    need = case.demand
    assert need.appraiser is not None
    assert need.appraiser is not need.approver
    approval = Event(Act.APPROVE, need.approver, "nguoi-phe-duyet", plan=case.planned.plan if case.planned else "")
    with pytest.raises(RefusedError, match="before an approval comes"):
        in_use.act(record.id, approval)
    one = Event(Act.APPRAISE, need.appraiser, "nguoi-phe-duyet", plan=approval.plan)
    in_use.act(record.id, one)
    with pytest.raises(RefusedError, match="acted on request"):
        in_use.act(record.id, approval)
    other = Event(Act.APPROVE, need.approver, "nguoi-khac", plan=approval.plan)
    assert in_use.act(record.id, other).state is S.APPROVED


def test_nothing_is_purged_before_it_is_closed_and_the_grace_period_is_over(in_use: Registry) -> None:
    removals = Removals(in_use)
    with pytest.raises(RefusedError, match="no removal of it is under way"):
        removals.begin_purge(NAME)
    request = closing(in_use)
    assert (in_use.system(NAME).state, in_use.system(NAME).held) == ("removing", True)
    with pytest.raises(RefusedError, match="is not closed yet"):
        removals.begin_purge(NAME)
    at = datetime(2026, 3, 1, tzinfo=UTC)
    first = removals.closed(NAME, GRACE, at)
    again = removals.closed(NAME, GRACE + 5, at + timedelta(days=1))
    assert first == again, "run a second time, the period does not begin anew"
    assert first.until == at + timedelta(days=GRACE)
    with pytest.raises(RefusedError, match="runs until 2026-03-31") as refused:
        removals.begin_purge(NAME, first.until - timedelta(seconds=1))
    assert f"hatang request keep {request}" in refused.value.do
    assert in_use.system(NAME).state == "removing"
    removals.begin_purge(NAME, first.until)
    removals.begin_purge(NAME, first.until)  # killed after it: goes on
    assert in_use.system(NAME).state == "purging"


def test_a_removal_can_be_called_off_until_the_purge_begins(in_use: Registry) -> None:
    request = closing(in_use)
    Removals(in_use).closed(NAME, 0)
    keep = Event(Act.KEEP, Role.OWNER, "nguoi-phe-duyet-2", note="còn cần")
    with pytest.raises(RefusedError, match="may not keep"):
        in_use.act(request, Event(Act.KEEP, Role.ENGINEER, ""))
    assert in_use.act(request, keep).state is S.SUSPENDED
    assert (in_use.system(NAME).state, in_use.system(NAME).held) == ("suspended", True)
    with pytest.raises(RefusedError, match="no removal"):
        Removals(in_use).begin_purge(NAME)
    second = closing(in_use, removal(backup=PROOF))
    Removals(in_use).closed(NAME, 0)
    Removals(in_use).begin_purge(NAME)
    with pytest.raises(RefusedError, match="cannot be kept any more"):
        in_use.act(second, keep)
    assert in_use.request(second).state is S.REMOVING, "refused, it leaves no trace"


def test_addresses_and_names_rest_before_anybody_gets_them(in_use: Registry) -> None:
    had = in_use.system(NAME).allocation
    assert had is not None
    suspend(in_use)
    request = closing(in_use)
    removals = Removals(in_use)
    at = datetime.now(UTC)
    removals.closed(NAME, 0)
    removals.begin_purge(NAME)
    until = removals.finish(NAME, "p" * 32, REST, at)
    assert removals.finish(NAME, "p" * 32, REST + 9, at) == until, "run a second time, it does not rest longer"
    assert in_use.request(request).state is S.REMOVED
    assert [r.state for r in in_use.requests()] == [S.REMOVED] * 3, "with all that was asked about it"
    assert removals.resting() == {NAME: until}
    with pytest.raises(RefusedError, match=f"the name {NAME} rests until"):
        in_use.submit(asks(title={"vi": "Khác", "en": "Other"}), "", SITE)
    other = asks(name="khac")
    in_use.submit(other, "", SITE)
    given = in_use.allocate("khac", SITE, ZONES)
    assert not given.block.overlaps(had.block)
    assert given.bastion_address != had.bastion_address
    assert not {z.cidr_v6 for z in given.zones} & {z.cidr_v6 for z in had.zones}


def test_after_its_rest_everything_is_given_again(in_use: Registry) -> None:
    had = in_use.system(NAME).allocation
    closing(in_use)
    Removals(in_use).closed(NAME, 0)
    Removals(in_use).begin_purge(NAME)
    Removals(in_use).finish(NAME, "", 0)
    assert Removals(in_use).resting() == {}
    in_use.submit(asks(title={"vi": "Mới", "en": "New"}), "", SITE)
    assert in_use.system(NAME).state == "requested"
    assert in_use.allocate(NAME, SITE, ZONES) == had


def test_a_server_name_that_rests_is_refused_by_name(in_use: Registry) -> None:
    host = REQUEST.system.hosts[0].name
    closing(in_use)
    Removals(in_use).closed(NAME, 0)
    Removals(in_use).begin_purge(NAME)
    Removals(in_use).finish(NAME, "", REST)
    first, _, last = NAME.rpartition("-")
    data = asks(name=first).model_dump(mode="json", exclude={"agency": {"ceiling"}})
    data["system"]["hosts"][0]["name"] = f"{last}-{host}"
    with pytest.raises(InputError, match=f"the server name {NAME}-{host} rests"):
        in_use.submit(type(REQUEST).model_validate(data), "", SITE)


def test_the_former_schema_gets_back_what_rests(in_use: Registry) -> None:
    from sqlalchemy import text

    from tests.unit.registry.test_request_migration import config_at

    closing(in_use)
    Removals(in_use).closed(NAME, 0)
    Removals(in_use).begin_purge(NAME)
    Removals(in_use).finish(NAME, "", REST)
    engine = in_use._engine
    config_at(engine, "0006", down=True)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM block")).scalar() == 0
    config_at(engine, "head")
    assert Removals(in_use).resting() == {}
