"""Requests in the registry: returned and submitted again, bound to a plan, changes of a system in use."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from hatang.errors import InputError, QuotaError, RefusedError, UnknownNameError
from hatang.model.case import Event
from hatang.model.lifecycle import Act, RequestState, Role
from hatang.model.request import RequestFile
from hatang.model.system import System
from hatang.model.terms import ZoneKind
from hatang.registry import Registry
from tests.unit.registry.decided import approve, bring_up, plan
from tests.unit.registry.test_registry import REQUEST, SITE, ZONES

S = RequestState
NAME = REQUEST.system.name
GONE = "2027-11-30"


def asks(kind: str = "new-system", *, hosts: tuple[str, ...] = (), contact: str = "", **system: Any) -> RequestFile:
    """The example request with more hosts in the application zone, another contact or other facts of the system."""
    data = REQUEST.model_dump(mode="json", exclude={"agency": {"ceiling"}})
    data["kind"] = kind
    data["system"] |= system
    data["system"]["hosts"] += [{"name": h, "zone": "application"} for h in hosts]
    data["agency"]["contact"] = contact or data["agency"]["contact"]
    return RequestFile.model_validate(data)


def change(**ceiling: int) -> RequestFile:
    """A change that states a ceiling."""
    data = asks("change").model_dump(mode="json", exclude={"agency": {"ceiling"}})
    data["agency"]["ceiling"] = ceiling
    return RequestFile.model_validate(data)


@pytest.fixture
def registry(url: str) -> Registry:
    return Registry.open(url)


@pytest.fixture
def in_use(registry: Registry) -> Registry:
    """The example system, active."""
    assert bring_up(registry, asks(), SITE, ZONES).state is S.ACTIVE
    return registry


def test_a_draft_is_handed_in_by_the_same_file(registry: Registry) -> None:
    record = registry.submit(asks(), "", SITE, draft=True)
    assert record.state is S.DRAFT
    assert registry.systems() == [], "a draft claims no name"
    again = registry.submit(asks(), "", SITE)
    assert (again.id, again.state) == (record.id, S.SUBMITTED)
    assert [s.spec.name for s in registry.systems()] == [NAME]


def test_a_returned_request_keeps_its_number_and_is_decided_anew(registry: Registry) -> None:
    record = registry.submit(asks(), "one", SITE)
    plan(registry, record.id)
    registry.act(record.id, Event(Act.RETURN, Role.OWNER, "nguoi-phe-duyet", note="thiếu máy chủ"))
    same = registry.submit(asks(), "one", SITE)
    assert same.state is S.RETURNED, "what was returned is not handed in unchanged"
    again = registry.submit(asks(hosts=("app-hai",)), "two", SITE)
    assert (again.id, again.state) == (record.id, S.SUBMITTED)
    assert again.case.planned is None
    assert len(registry.system(NAME).spec.hosts) == len(REQUEST.system.hosts) + 1


def test_an_approval_names_its_plan_and_a_moved_cloud_ends_it(registry: Registry) -> None:
    record = registry.submit(asks(), "", SITE)
    with pytest.raises(RefusedError, match="does not take: approve"):
        registry.act(record.id, Event(Act.APPROVE, Role.OWNER, "nguoi-phe-duyet"))
    done = approve(registry, record.id)
    assert done.case.approval is not None
    assert done.approvals[0].plan == done.case.approval.plan != ""
    registry.act(record.id, Event(Act.MOVE, Role.HATANG, plan="f" * 64))
    with pytest.raises(RefusedError, match="does not take: begin"):
        registry.begin(record.id, SITE)
    approve(registry, record.id)
    registry.begin(record.id, SITE)
    registry.begin(record.id, SITE)
    assert registry.request(record.id).state is S.PROVISIONING


def test_a_failure_names_step_and_cause_and_the_next_try_goes_on(registry: Registry) -> None:
    record = registry.submit(asks(), "", SITE)
    approve(registry, record.id)
    registry.begin(record.id, SITE)
    registry.fail(record.id, "harden", "host does not answer")
    last = registry.request(record.id).case.events[-1]
    assert (last.target, last.step, last.note) == (S.FAILED, "harden", "host does not answer")
    registry.begin(record.id, SITE)
    assert registry.request(record.id).state is S.PROVISIONING


def test_what_was_recorded_cannot_be_changed(registry: Registry) -> None:
    registry.submit(asks(), "", SITE)
    for statement in ("UPDATE request_event SET actor = 'x'", "DELETE FROM request_event"):
        with pytest.raises(DatabaseError, match="only added"), registry._writing() as session:
            session.execute(text(statement))


def test_a_change_is_in_the_registry_only_once_it_has_begun(in_use: Registry) -> None:
    before = in_use.system(NAME)
    record = in_use.submit(asks("change", hosts=("app-hai", "app-ba"), contact="moi@vi-du.example"), "", SITE)
    approve(in_use, record.id)
    assert in_use.system(NAME) == before
    told = {d.field: (d.old, d.new) for d in in_use.changes(record.id)}
    assert told["agency.contact"] == (REQUEST.agency.contact, "moi@vi-du.example")
    assert told["system.hosts.app-hai"] == ("", "zone application, flavor small, volume 0 GiB")
    wanted = in_use.as_asked(record.id, SITE)
    assert wanted.allocation is not None
    assert before.allocation is not None
    kept = {h.name: h for h in before.allocation.hosts}
    added = [h for h in wanted.allocation.hosts if h.name not in kept]
    assert [h.name for h in added] == ["app-ba", "app-hai"]
    assert all(kept[h.name] == h for h in wanted.allocation.hosts if h.name in kept), "no host moves"
    assert len({h.address for h in wanted.allocation.hosts}) == len(wanted.allocation.hosts)
    in_use.begin(record.id, SITE)
    after = in_use.system(NAME)
    assert (after.spec, after.allocation, after.state) == (wanted.spec, wanted.allocation, "changing")
    assert after.agency.contact == "moi@vi-du.example"
    in_use.set_system_state(NAME, "active")
    assert {r.state for r in in_use.requests()} == {S.ACTIVE}
    in_use.set_system_state(NAME, "removed")
    assert {r.state for r in in_use.requests()} == {S.REMOVED}


def of_level(system: System) -> list[ZoneKind]:
    """Zones that a level demands, in these tests: all from the third on."""
    return [z for z in ZONES if system.level >= 3 or z not in (ZoneKind.DATABASE, ZoneKind.EQUIPMENT)]


def test_another_level_brings_its_zones_and_moves_nothing(in_use: Registry) -> None:
    before = in_use.system(NAME)
    lower = min(2, before.spec.level - 1)
    assert before.allocation is not None
    asked = asks("change", level=lower, criteria=["public-information-only"])
    record = in_use.submit(asked, "", SITE)
    assert {d.field for d in in_use.changes(record.id)} == {"system.level", "system.criteria"}
    assert record.case.level == before.spec.level, "who may lower a level is asked at the level as it was"
    approve(in_use, record.id)
    wanted = in_use.as_asked(record.id, SITE, of_level)
    assert wanted.allocation is not None
    stood_in = {h.zone for h in before.allocation.hosts}
    assert {z.kind for z in wanted.allocation.zones} == {*of_level(wanted.spec), *stood_in}
    assert set(wanted.allocation.zones) <= set(before.allocation.zones), "what stays keeps its prefixes"
    in_use.begin(record.id, SITE, of_level)
    assert in_use.system(NAME).allocation == wanted.allocation
    assert in_use.system(NAME).spec.level == lower
    in_use.set_system_state(NAME, "active")

    up = asks("change")
    again = in_use.submit(up, "", SITE)
    assert again.case.level == before.spec.level
    approve(in_use, again.id)
    in_use.begin(again.id, SITE, of_level)
    assert in_use.system(NAME).allocation == before.allocation, "a zone that comes back has its prefixes again"


def test_a_new_host_names_a_zone_that_there_is(in_use: Registry) -> None:
    data = asks("change", level=2, criteria=["public-information-only"]).model_dump(mode="json")
    del data["agency"]["ceiling"]
    data["system"]["hosts"].append({"name": "xa", "zone": "equipment"})
    record = in_use.submit(RequestFile.model_validate(data), "", SITE)
    with pytest.raises(InputError, match="has no zone equipment") as refused:
        in_use.as_asked(record.id, SITE, of_level)
    assert refused.value.where == "system.hosts.xa"


def test_accounts_come_with_a_change_end_with_one_and_are_never_left_out(in_use: Registry) -> None:
    an = {
        "name": "an",
        "kind": "administration",
        "manager": "Nguyen Van An",
        "department": "Ha tang",
        "enabled": "2026-12-01",
    }
    for file, told in (
        (asks("change", accounts=[an]), {"system.accounts.an": ("", "administration, Nguyen Van An, Ha tang")}),
        (asks("change", accounts=[an | {"disabled": GONE}]), {"system.accounts.an.disabled": ("None", GONE)}),
    ):
        record = in_use.submit(file, "", SITE)
        assert {d.field: (d.old, d.new) for d in in_use.changes(record.id)} == told
        approve(in_use, record.id)
        in_use.begin(record.id, SITE)
        in_use.set_system_state(NAME, "active")
        assert in_use.system(NAME).spec.accounts == file.system.accounts
    for file in (asks("change"), asks("change", accounts=[an | {"kind": "daily-work", "disabled": GONE}])):
        with pytest.raises(InputError, match="not carried out yet") as refused:
            in_use.submit(file, "", SITE)
        assert "system.accounts.an" in refused.value.what


def test_a_higher_ceiling_makes_room_once_the_change_is_approved(in_use: Registry) -> None:
    many = tuple(f"app-{i}" for i in range(40))
    with pytest.raises((InputError, QuotaError), match="hosts"):
        in_use.submit(asks("change", hosts=many), "", SITE)
    record = in_use.submit(change(hosts=50, vcpus=400, ram_gib=900), "", SITE)
    assert in_use.agency(record.agency_code).ceiling.hosts == 32
    approve(in_use, record.id)
    assert in_use.agency(record.agency_code).ceiling.hosts == 50


@pytest.mark.parametrize(
    ("file", "field"),
    [
        (asks("change", operator="Đơn vị khác"), "system.operator"),
        (asks("change", environment="test"), "system.environment"),
        (
            asks("change").model_copy(
                update={
                    "system": REQUEST.system.model_copy(
                        update={
                            "hosts": (
                                REQUEST.system.hosts[0].model_copy(update={"zone": ZoneKind.APPLICATION}),
                                *REQUEST.system.hosts[1:],
                            )
                        }
                    )
                }
            ),
            f"system.hosts.{REQUEST.system.hosts[0].name}.zone: dmz → application",
        ),
    ],
)
def test_changes_that_are_not_carried_out_are_refused_by_name(in_use: Registry, file: RequestFile, field: str) -> None:
    before = in_use.requests()
    with pytest.raises(InputError, match="not carried out yet") as refused:
        in_use.submit(file, "", SITE)
    assert field in refused.value.what
    assert in_use.requests() == before


def test_a_change_of_nothing_of_a_stranger_or_of_a_system_not_in_use_is_refused(in_use: Registry) -> None:
    with pytest.raises(InputError, match="asks for nothing"):
        in_use.submit(asks("change"), "", SITE)
    with pytest.raises(UnknownNameError):
        in_use.submit(asks("change", name="khac", hosts=("app-hai",)), "", SITE)
    in_use.submit(asks(name="khac"), "", SITE)
    with pytest.raises(RefusedError, match="only a system in use"):
        in_use.submit(asks("change", name="khac", hosts=("app-hai",)), "", SITE)


def test_one_change_at_a_time_and_a_rejected_one_gives_its_names_back(in_use: Registry) -> None:
    first = in_use.submit(asks("change", hosts=("app-hai",)), "", SITE)
    with pytest.raises(RefusedError, match=rf"request {first.id} \(change\) is already about"):
        in_use.submit(asks("change", hosts=("app-ba",)), "", SITE)
    in_use.act(first.id, Event(Act.REJECT, Role.OWNER, "nguoi-phe-duyet", note="không cần"))
    second = in_use.submit(asks("change", hosts=("app-ba",)), "", SITE)
    assert second.state is S.SUBMITTED
    with in_use._reading() as session:
        names = set(session.execute(text("SELECT name FROM server_name")).scalars())
    assert f"{NAME}-app-hai" not in names
    assert {f"{NAME}-app-ba", *(REQUEST.system.server_name(h.name) for h in REQUEST.system.hosts)} <= names


def test_the_specialised_unit_that_operates_is_seen_at_submission(registry: Registry) -> None:
    own = asks(operator=f"  {SITE.specialised_unit.upper()} ")
    assert registry.submit(own, "", SITE).case.operates
    assert not registry.submit(asks(name="khac"), "", SITE).case.operates
