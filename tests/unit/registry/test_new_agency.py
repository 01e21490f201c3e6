"""An agency that comes with its first system: one request, and only for one that is not there yet."""

from __future__ import annotations

from typing import Any

import pytest

from hatang.errors import InputError, QuotaError
from hatang.model.agency import QuotaCeiling
from hatang.model.case import Event
from hatang.model.lifecycle import Act, RequestState, Role
from hatang.model.request import RequestFile
from hatang.registry import Registry
from tests.unit.registry.decided import approve, plan
from tests.unit.registry.test_registry import REQUEST, SITE, ZONES

S = RequestState
NAME, CODE = REQUEST.system.name, REQUEST.agency.code


def asks(kind: str = "new-agency", *, system: str = NAME, **agency: Any) -> RequestFile:
    """The example request as one of this kind, with other facts of the agency."""
    data = REQUEST.model_dump(mode="json", exclude={"agency": {"ceiling"}})
    data["kind"] = kind
    data["system"]["name"] = system
    data["agency"] |= agency
    return RequestFile.model_validate(data)


@pytest.fixture
def registry(url: str) -> Registry:
    return Registry.open(url)


def test_agency_and_first_system_come_with_one_request(registry: Registry) -> None:
    record = registry.submit(asks(ceiling={"hosts": 5}), "", SITE)
    assert (record.kind, record.state, record.agency_code) == ("new-agency", S.SUBMITTED, CODE)
    assert record.case.level == REQUEST.system.level, "decided as Art. 18 says of the system's level"
    assert registry.agency(CODE).ceiling == QuotaCeiling(), "nobody has approved the ceiling yet"
    told = {d.field: (d.old, d.new) for d in registry.changes(record.id)}
    assert told["agency.code"] == ("", CODE)
    assert told["agency.ceiling"] == ("", "vcpus 64, ram_gib 128, disk_gib 2000, hosts 5")
    approve(registry, record.id)
    assert registry.agency(CODE).ceiling.hosts == 5
    registry.allocate(NAME, SITE, ZONES)
    registry.begin(record.id)
    assert registry.request(record.id).state is S.PROVISIONING
    assert registry.changes(record.id) == []
    registry.set_system_state(NAME, "active")
    assert registry.request(record.id).state is S.ACTIVE


def test_the_first_system_stays_within_the_ceiling_that_comes_with_it(registry: Registry) -> None:
    with pytest.raises(QuotaError, match="hosts"):
        registry.submit(asks(ceiling={"hosts": len(REQUEST.system.hosts) - 1}), "", SITE)
    assert (registry.requests(), registry.systems(), registry.agencies()) == ([], [], [])


def test_an_agency_that_is_there_is_refused_with_the_remedy(registry: Registry) -> None:
    first = registry.submit(asks("new-system"), "", SITE)
    before = registry.requests()
    for file in (asks(system="khac"), asks()):
        with pytest.raises(InputError, match=rf"agency {CODE} is there already, by request {first.id}") as refused:
            registry.submit(file, "", SITE)
        assert (refused.value.exit_code, refused.value.where) == (2, "agency.code")
        assert "kind: new-system" in refused.value.do
    assert registry.requests() == before
    registry.submit(asks("new-system", system="khac"), "", SITE)


def test_of_two_requests_for_one_new_agency_the_second_is_refused(registry: Registry) -> None:
    first = registry.submit(asks(), "", SITE)
    with pytest.raises(InputError, match=f"by request {first.id}"):
        registry.submit(asks(system="khac"), "", SITE)
    assert registry.submit(asks(), "", SITE).id == first.id, "the same file again is the same request"


def test_what_was_handed_back_or_never_handed_in_has_brought_nothing(registry: Registry) -> None:
    registry.submit(asks(system="nhap", contact="nhap@vi-du.example"), "", SITE, draft=True)
    no = registry.submit(asks("new-system", system="khong", contact="cu@vi-du.example"), "", SITE)
    registry.act(no.id, Event(Act.REJECT, Role.OWNER, "nguoi-phe-duyet", note="không cần"))
    record = registry.submit(asks(), "", SITE)
    assert record.state is S.SUBMITTED
    assert registry.agency(CODE).contact == REQUEST.agency.contact, "it is what this request says"


def test_a_branch_that_was_only_tried_binds_nobody_but_one_that_is_there_does(registry: Registry) -> None:
    other = {"branch": "party", "code": "D99.05"}
    no = registry.submit(asks("new-system", system="khong", **other), "", SITE)
    registry.act(no.id, Event(Act.REJECT, Role.OWNER, "nguoi-phe-duyet", note="sai khối"))
    with pytest.raises(InputError, match="known with branch party"):
        registry.submit(asks("new-system", code="D99.05"), "", SITE)
    registry.submit(asks(code="D99.05"), "", SITE)
    assert registry.agency("D99.05").branch.value == "committee"
    with pytest.raises(InputError, match="is there already"):
        registry.submit(asks(system="khac", **other), "", SITE)
    assert registry.agency("D99.05").branch.value == "committee"


def test_returned_it_comes_again_and_is_the_same_request(registry: Registry) -> None:
    record = registry.submit(asks(), "", SITE)
    registry.act(record.id, Event(Act.RETURN, Role.OWNER, "nguoi-phe-duyet", note="thiếu"))
    again = registry.submit(asks(contact="moi@vi-du.example"), "", SITE)
    assert (again.id, again.state) == (record.id, S.SUBMITTED)
    assert registry.agency(CODE).contact == "moi@vi-du.example"


def test_returned_it_does_not_come_again_once_another_request_has_brought_the_agency(registry: Registry) -> None:
    record = registry.submit(asks(), "", SITE)
    registry.act(record.id, Event(Act.RETURN, Role.OWNER, "nguoi-phe-duyet", note="thiếu"))
    registry.submit(asks("new-system", system="khac"), "", SITE)
    with pytest.raises(InputError, match="is there already"):
        registry.submit(asks(contact="moi@vi-du.example"), "", SITE)
    assert registry.request(record.id).state is S.RETURNED


def test_what_is_approved_anew_after_a_return_is_the_ceiling_stated_then(registry: Registry) -> None:
    record = registry.submit(asks(ceiling={"hosts": 5}), "", SITE)
    approve(registry, record.id)
    plan(registry, record.id, "the cloud has moved")
    registry.act(record.id, Event(Act.RETURN, Role.OWNER, "nguoi-phe-duyet", note="mức trần khác"))
    registry.submit(asks(ceiling={"hosts": 7}), "", SITE)
    registry.check_ceiling(NAME, SITE)
    assert registry.agency(CODE).ceiling == QuotaCeiling(), "nobody has approved this one yet"
    approve(registry, record.id)
    assert registry.agency(CODE).ceiling.hosts == 7
