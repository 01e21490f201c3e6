"""Ways between systems in the registry: what is refused, who consents, when one is in force, what ends it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hatang.errors import InputError, InputErrors, RefusedError
from hatang.model.case import Event
from hatang.model.interconnect import InterconnectFile
from hatang.model.lifecycle import Act, RequestState, Role
from hatang.registry import Registry, RequestRecord
from hatang.registry import tables as t
from hatang.registry.interconnects import Interconnects
from tests.unit.days import today
from tests.unit.registry.decided import appraise, approve, bring_up
from tests.unit.registry.test_registry import SITE, ZONES
from tests.unit.registry.test_reorganisations import asks, carry_out, decide, in_use, move, reorganisation

S = RequestState


def asks_way(agency: str, source: str, target: str, **more: Any) -> InterconnectFile:
    """A request for TCP 8443 from the DMZ of one system to the host web of another's, for 30 days."""
    return InterconnectFile.model_validate({
        "kind": "interconnect", "requested_by": "nguoi-de-nghi", "agency": agency,
        "from": {"system": source, "zone": "dmz"}, "to": {"system": target, "zone": "dmz", "hosts": ["web"]},
        "protocol": "tcp", "ports": [8443], "reason": "one asks the other", "legal_ground": "QĐ 1/2026 (ví dụ)",
        "until": today(30),
    } | more)  # fmt: skip


def decide_way(registry: Registry, request_id: str) -> RequestRecord:
    """Planned, agreed to by both owners, appraised where the level demands it, approved."""
    record = appraise(registry, request_id)
    assert record.case.planned is not None
    digest = record.case.planned.plan
    for i, owner in enumerate(record.case.owners):
        registry.act(request_id, Event(Act.CONSENT, Role.OWNER, f"dai-dien-{i}", plan=digest, body=owner))
    return approve(registry, request_id)


@pytest.fixture
def two(url: str) -> Registry:
    """Two bodies with a system each, both of the committees' branch, level 3."""
    registry = Registry.open(url)
    for n in (1, 2):
        in_use(registry, f"H99.0{n}", f"mot-{n}")
    return registry


def asked(registry: Registry, agency: str = "H99.01", **more: Any) -> RequestRecord:
    return registry.submit(asks_way(agency, "mot-1", "mot-2", **more), "", SITE)


def opened(registry: Registry, **more: Any) -> str:
    """Open, as a run leaves it; each part twice, as a killed run does."""
    request = asked(registry, **more).id
    decide_way(registry, request)
    for _ in range(2):
        registry.begin(request)
    for _ in range(2):
        Interconnects(registry).finish(request)
    return request


def in_force(registry: Registry, system: str) -> list[str]:
    return [w.id for w in registry.system(system).ways if not w.lapsed]


def lapsed(registry: Registry, request: str) -> str:
    way = Interconnects(registry).one(request).interconnect
    assert way is not None
    return way.lapsed


def expire(registry: Registry, request: str) -> None:
    """Its last day was yesterday."""
    with registry._writing() as session:
        row = session.get_one(t.RequestRow, request)
        yesterday = today(-1).isoformat()
        row.spec = {**row.spec, "interconnect": {**row.spec["interconnect"], "until": yesterday}}


def test_it_is_resolved_to_addresses_owners_and_the_higher_level(two: Registry) -> None:
    with two._writing() as session:
        session.get_one(t.SystemRow, "mot-2").level = 3
    record = asked(two)
    assert record.case.owners == ("Chủ quản H99.01", "Chủ quản H99.02")
    assert (record.case.level, record.case.demand.approver) == (3, Role.OWNER)
    way = Interconnects(two).one(record.id).interconnect
    assert way is not None
    here, there = (two.system(f"mot-{n}").allocation for n in (1, 2))
    assert here is not None and there is not None
    dmz = next(z for z in here.zones if z.kind.value == "dmz")
    assert way.source.networks == (dmz.cidr, dmz.cidr_v6), "the whole zone"
    assert str(way.destination.networks[0]) == f"{there.hosts[0].address}/32", "that host alone"
    assert way.destination.networks[1].prefixlen == 128
    place = int(here.bastion_address) - int(SITE.branches[2].bastion.network_address)
    assert str(way.source.router) == f"10.75.254.{place}"
    assert way.source.router_v6 in SITE.branches[2].interconnect_v6
    told = {d.field: d.new for d in two.changes(record.id)}
    assert told["interconnect"] == "mot-1/dmz → mot-2/dmz tcp 8443"
    assert in_force(two, "mot-1") == [], "nothing before it is begun"


def test_nothing_is_open_before_both_owners_and_the_approver_agree(two: Registry) -> None:
    record = appraise(two, asked(two).id)
    assert record.case.missing() == ["consent of Chủ quản H99.01", "consent of Chủ quản H99.02"]
    with pytest.raises(RefusedError, match=r"before an approval comes: consent of Chủ quản H99\.01; consent of"):
        approve(two, record.id)
    with pytest.raises(RefusedError, match="may not consent"):
        two.act(record.id, Event(Act.CONSENT, Role.OWNER, "Nguoi-De-Nghi", plan="x", body="Chủ quản H99.01"))
    with pytest.raises(RefusedError):
        two.begin(record.id)
    decide_way(two, record.id)
    assert in_force(two, "mot-1") == [], "approved is not begun"
    two.begin(record.id)
    assert in_force(two, "mot-1") == in_force(two, "mot-2") == [record.id]


def end(field: str, **more: Any) -> dict[str, Any]:
    """That end of the request, otherwise."""
    system = "mot-1" if field == "from" else "mot-2"
    return {field: {"system": system, "zone": "dmz"} | more}


WRONG: list[tuple[dict[str, Any], str, str]] = [
    (end("to", system="mot-3"), "to.system", "no system is called mot-3"),
    (end("from", zone="database"), "from.zone", "system mot-1 has no hosts in zone database"),
    (end("to", hosts=["wbe"]), "to.hosts.0", "mot-2 has no host wbe in zone dmz"),
    ({"agency": "H99.03"}, "agency", "neither system is one of body H99.03"),
    ({"until": today}, "until", "is not after today"),
    ({"until": lambda: today(366)}, "until", "is more than 365 days ahead"),
]  # fmt: skip


@pytest.mark.parametrize(("more", "where", "what"), WRONG, ids=[w[1] + w[2][:12] for w in WRONG])
def test_what_does_not_fit_is_refused_with_its_field(
    two: Registry, more: dict[str, Any], where: str, what: str
) -> None:
    in_use(two, "H99.03", "mot-ba")
    with pytest.raises(InputErrors) as caught:
        asked(two, **{field: value() if callable(value) else value for field, value in more.items()})
    assert [e.where for e in caught.value.errors] == [where]
    assert what in caught.value.errors[0].what
    assert Interconnects(two).all() == [], "nothing is recorded"


def _foreign(registry: Registry) -> None:
    """Another branch, with addresses of its own."""
    data = asks("K99.01", "hoi-dong").model_dump(mode="json")
    data["agency"]["branch"] = "council"
    bring_up(registry, type(asks("H99.01", "x")).model_validate(data), SITE, ZONES)


def _test_system(registry: Registry) -> None:
    data = asks("H99.02", "hoi-dong").model_dump(mode="json")
    data["system"]["environment"] = "test"
    bring_up(registry, type(asks("H99.01", "x")).model_validate(data), SITE, ZONES)


@pytest.mark.parametrize(
    ("make", "what"),
    [(_foreign, "branches never route to each other"), (_test_system, "environments have no way to each other")],
)
def test_systems_that_never_meet_are_refused_with_the_reason(
    two: Registry, make: Callable[[Registry], None], what: str
) -> None:
    make(two)
    with pytest.raises(InputErrors) as caught:
        two.submit(asks_way("H99.01", "mot-1", "hoi-dong"), "", SITE)
    assert [e.where for e in caught.value.errors] == ["to.system"]
    assert what in caught.value.errors[0].what


def test_a_site_without_the_network_refuses_it(two: Registry) -> None:
    branches = tuple(b.model_copy(update={"interconnect": None}) for b in SITE.branches)
    bare = SITE.model_copy(update={"branches": branches})
    with pytest.raises(InputErrors, match="no interconnect network for branch committee"):
        two.submit(asks_way("H99.01", "mot-1", "mot-2"), "", bare)


def test_both_systems_must_be_in_use(two: Registry) -> None:
    two.set_system_state("mot-2", "suspended")
    with pytest.raises(InputErrors, match="system mot-2 is suspended; both must be in use"):
        asked(two)


def test_the_same_file_is_one_request_until_it_has_ended(two: Registry) -> None:
    request = opened(two)
    assert asked(two).id == request
    two.act(request, Event(Act.END, Role.SPECIALISED, "nguoi-ket-thuc", note="x"))
    again = asked(two)
    assert (again.id != request, again.state) == (True, S.SUBMITTED)


def test_an_owner_ends_it_for_itself_alone(two: Registry) -> None:
    request = opened(two)
    for by, owner, why in (("dai-dien-0", "Ai khác", "owns none"), ("nguoi-de-nghi", "Chủ quản H99.01", "asked for"),
                           ("nguoi-tham-dinh", "Chủ quản H99.01", "may not act as")):  # fmt: skip
        with pytest.raises((InputError, RefusedError), match=why):
            two.act(request, Event(Act.END, Role.OWNER, by, note="x", body=owner))
    done = two.act(request, Event(Act.END, Role.OWNER, "dai-dien-1", note="không cần nữa", body="Chủ quản H99.02"))
    assert done.state is S.REMOVED
    assert in_force(two, "mot-1") == in_force(two, "mot-2") == []
    assert lapsed(two, request) == f"ended on {today()}"
    assert Interconnects(two).one(request).state == "ended"
    with pytest.raises(RefusedError):
        two.begin(request)


def test_after_its_last_day_it_is_wanted_no_more(two: Registry) -> None:
    request = opened(two)
    assert Interconnects(two).one(request).state == "open"
    expire(two, request)
    assert in_force(two, "mot-1") == []
    assert Interconnects(two).one(request).state == "expired"
    for _ in range(2):
        Interconnects(two).end_expired(request)
    events = two.request(request).case.events
    assert [(e.act, e.role) for e in events][-1] == (Act.END, Role.HATANG)
    assert [e.act for e in events].count(Act.END) == 1


def test_one_in_force_is_not_ended_as_if_it_were_over(two: Registry) -> None:
    request = opened(two)
    Interconnects(two).end_expired(request)
    assert in_force(two, "mot-1") == [request]


def test_a_removed_system_ends_its_ways(two: Registry) -> None:
    request = opened(two)
    two.set_system_state("mot-2", "removed")
    assert two.request(request).state is S.REMOVED
    assert two.request(request).case.events[-1].note == "system mot-2 is removed"
    assert in_force(two, "mot-1") == []


def test_a_suspended_system_keeps_its_ways_which_are_dark_meanwhile(two: Registry) -> None:
    request = opened(two)
    two.set_system_state("mot-2", "suspended")
    assert in_force(two, "mot-2") == [request]
    assert two.system("mot-2").held, "its router and ports are closed"


def test_another_level_ends_it_and_its_plan_says_so(two: Registry) -> None:
    request = opened(two)
    data = asks("H99.02", "mot-2").model_dump(mode="json")
    data["kind"] = "change"
    data["system"] |= {"level": 4}
    change = two.submit(type(asks("H99.01", "x")).model_validate(data), "", SITE)
    asked_for = two.as_asked(change.id, SITE, lambda _system: ZONES)
    assert [w.lapsed for w in asked_for.ways] == ["level of mot-2 is 4, was 3"]
    assert in_force(two, "mot-2") == [request], "as long as the change is not begun"
    two.act(change.id, Event(Act.PLAN, Role.ENGINEER, plan="a" * 64, intent="b" * 64))
    two.act(change.id, Event(Act.OPINION, Role.SPECIALISED, "nguoi-ghi-nhan", document="d" * 64))
    approve(two, change.id)
    two.begin(change.id, SITE, lambda _system: ZONES)
    assert in_force(two, "mot-1") == in_force(two, "mot-2") == []
    assert two.request(request).state is S.REMOVED


def test_reorganised_bodies_keep_their_ways(two: Registry) -> None:
    request = opened(two)
    new = {"code": "H99.21", "name": {"vi": "Mới (ví dụ)", "en": "New (example)"}}
    record = two.submit(reorganisation(move("merge", ["H99.01", "H99.02"], new)), "", SITE)
    decide(two, record.id)
    carry_out(two, record.id)
    assert {two.system(f"mot-{n}").agency.code for n in (1, 2)} == {"H99.21"}
    assert in_force(two, "mot-1") == in_force(two, "mot-2") == [request]


def test_it_and_a_reorganisation_wait_for_each_other(two: Registry) -> None:
    recode = reorganisation(move("recode", ["H99.02"], {"code": "H99.22"}), agency="H99.02")
    request = asked(two).id
    with pytest.raises(InputErrors, match=rf"request {request} \(interconnect\) of H99.02 is under way"):
        two.submit(recode, "", SITE)
    two.act(request, Event(Act.REJECT, Role.OWNER, "nguoi-tu-choi", note="x"))
    two.submit(recode, "", SITE)
    with pytest.raises(RefusedError, match=r"body H99\.02 is being reorganised"):
        asked(two, ports=[9443])


def test_a_returned_one_comes_again_and_is_not_another(two: Registry) -> None:
    request, other = asked(two).id, two.submit(asks_way("H99.02", "mot-2", "mot-1"), "", SITE).id
    for one in (request, other):
        two.act(one, Event(Act.RETURN, Role.OWNER, "nguoi-tra", note="x"))
    assert asked(two, ports=[9443]).id == request
    assert two.request(other).state is S.RETURNED


def test_a_draft_resolves_nothing(two: Registry) -> None:
    record = two.submit(asks_way("H99.01", "mot-1", "khong-co"), "", SITE, draft=True)
    assert record.state is S.DRAFT
    assert Interconnects(two).one(record.id).interconnect is None
    assert two.changes(record.id) == []


def test_no_system_gets_addresses_of_the_interconnect_network(url: str) -> None:
    plan = {"interconnect": "10.72.0.0/24"}
    branches = [b.model_dump() | (plan if b.branch.value == "committee" else {}) for b in SITE.branches]
    site = type(SITE).model_validate(SITE.model_dump() | {"branches": branches})
    registry = Registry.open(url)
    registry.submit(asks("H99.01", "mot-1"), "", site)
    made = registry.allocate("mot-1", site, ZONES)
    assert str(made.block) == "10.72.4.0/22", "the block after the one that it lies in"
    assert not any(z.cidr_v6.overlaps(site.branches[2].interconnect_v6) for z in made.zones)
