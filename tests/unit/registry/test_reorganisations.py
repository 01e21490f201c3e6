"""Merging, splitting, renaming and re-coding in the registry: what is refused, what it becomes, what the past says."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from hatang.errors import InputError, InputErrors, RefusedError
from hatang.inputs import request_of
from hatang.model.case import Event
from hatang.model.lifecycle import Act, RequestState, Role
from hatang.model.reorganisation import Reorganisation
from hatang.model.request import RequestFile
from hatang.registry import Registry, RequestRecord
from hatang.registry.reorganisations import Reorganisations
from hatang.registry.succession import Succession
from tests.unit.days import today
from tests.unit.registry.decided import bring_up, plan
from tests.unit.registry.test_registry import REQUEST, SITE, ZONES

S = RequestState
NAME = {"vi": "UBND phường mới (ví dụ)", "en": "New ward (example)"}


def asks(code: str, system: str, owner: str = "", **ceiling: int) -> RequestFile:
    """A request of a body for a system with one small server."""
    data = REQUEST.model_dump(mode="json")
    data["agency"] |= {"code": code, "ceiling": ceiling or {"vcpus": 8, "ram_gib": 16, "disk_gib": 100, "hosts": 4}}
    data["system"] |= {"name": system, "owner": owner or f"Chủ quản {code}", "hosts": data["system"]["hosts"][:1]}
    return RequestFile.model_validate(data)


def in_use(registry: Registry, code: str, system: str, owner: str = "") -> None:
    """The system, active, as a run leaves it."""
    bring_up(registry, asks(code, system, owner), SITE, ZONES)


def move(kind: str, old: Iterable[str], *new: dict[str, Any]) -> dict[str, Any]:
    """One move."""
    return {"kind": kind, "predecessors": list(old), "successors": list(new)}


def reorganisation(*moves: dict[str, Any], agency: str = "H99.01", effective: date | None = None) -> Reorganisation:
    """A request file with these moves."""
    return Reorganisation.model_validate({
        "kind": "reorganise", "requested_by": "nguoi-de-nghi", "agency": agency, "effective": effective or today(),
        "basis": {"document": "NQ 1/2026 (ví dụ)", "document_sha256": "a" * 64}, "moves": list(moves),
    })  # fmt: skip


MERGE = move("merge", ["H99.01", "H99.02", "H99.03"], {"code": "H99.21", "name": NAME})


@pytest.fixture
def three(url: str) -> Registry:
    """Three bodies with a system each."""
    registry = Registry.open(url)
    for n in (1, 2, 3):
        in_use(registry, f"H99.0{n}", f"mot-{n}")
    return registry


def decide(registry: Registry, request_id: str) -> RequestRecord:
    """Planned, agreed to by every owner, approved."""
    record = plan(registry, request_id)
    assert record.case.planned is not None
    digest = record.case.planned.plan
    for i, owner in enumerate(record.case.owners):
        registry.act(request_id, Event(Act.CONSENT, Role.OWNER, f"dai-dien-{i}", plan=digest, body=owner))
    return registry.act(request_id, Event(Act.APPROVE, Role.SPECIALISED, "nguoi-phe-duyet", plan=digest))


def carry_out(registry: Registry, request_id: str) -> None:
    """As the workflow does, each part twice: a killed run does that."""
    known = Reorganisations(registry)
    for _ in range(2):
        registry.begin(request_id)
        known.begin_agencies(request_id)
    for system, _old, _new in known.arrangement(request_id).handovers:
        for _ in range(2):
            known.hand_over(request_id, system)
    for _ in range(2):
        known.finish(request_id)


def faults(caught: pytest.ExceptionInfo[InputErrors]) -> list[tuple[str, str]]:
    """Place and text of each fault."""
    return [(e.where, e.what) for e in caught.value.errors]


def test_three_bodies_become_one_and_their_systems_stay_as_they_are(three: Registry) -> None:
    before = {s.spec.name: s for s in three.systems()}
    record = three.submit(reorganisation(MERGE), "", SITE)
    assert record.case.owners == ("Chủ quản H99.01", "Chủ quản H99.02", "Chủ quản H99.03")
    told = {d.field: (d.old, d.new) for d in three.changes(record.id)}
    assert told["agency.H99.02.state"] == ("in being", "ended: H99.21")
    assert told["system.mot-3.agency"] == ("H99.03", "H99.21")
    assert told["agency.H99.21.ceiling"][1] == "vcpus 24, ram_gib 48, disk_gib 300, hosts 12", "the sum"
    decide(three, record.id)
    assert [s.agency.code for s in three.systems()] == ["H99.01", "H99.02", "H99.03"], "nothing before it is begun"
    carry_out(three, record.id)
    after = {s.spec.name: s for s in three.systems()}
    for name, was in before.items():
        now = after[name]
        assert (now.spec, now.allocation, now.state) == (was.spec, was.allocation, was.state)
        assert (now.agency.code, now.home) == ("H99.21", was.agency.code)
        assert was.home == was.agency.code
        three.check_ceiling(name, SITE)
    assert three.request(record.id).state is S.ACTIVE
    assert three.changes(record.id) == []
    assert set(Succession(three).ended()) == {"H99.01", "H99.02", "H99.03"}
    assert [(b.old, b.new, b.systems) for b in Succession(three).history("H99.21")] == [
        (f"H99.0{n}", "H99.21", (f"mot-{n}",)) for n in (1, 2, 3)
    ]
    assert [b.document for b in Succession(three).history("H99.02")] == ["NQ 1/2026 (ví dụ)"]


def test_nobody_decides_alone_or_on_what_he_asked_for(three: Registry) -> None:
    record = plan(three, three.submit(reorganisation(MERGE), "", SITE).id)
    assert record.case.planned is not None
    digest, owner = record.case.planned.plan, record.case.owners

    def act(what: Act, role: Role, by: str, body: str = "") -> RequestRecord:
        return three.act(record.id, Event(what, role, by, plan=digest, body=body))

    with pytest.raises(RefusedError, match=r"before an approval comes: consent of Chủ quản H99.01; consent of"):
        act(Act.APPROVE, Role.SPECIALISED, "nguoi-phe-duyet")
    with pytest.raises(RefusedError, match="asked for request"):
        act(Act.CONSENT, Role.OWNER, "nguoi-de-nghi", owner[0])
    with pytest.raises(InputError, match="owns none of the systems"):
        act(Act.CONSENT, Role.OWNER, "dai-dien", "Chủ quản khác")
    act(Act.CONSENT, Role.OWNER, "dai-dien", owner[0])
    with pytest.raises(RefusedError, match="may not agree for"):
        act(Act.CONSENT, Role.OWNER, "dai-dien", owner[1])
    act(Act.CONSENT, Role.OWNER, "dai-dien-2", owner[1])
    assert three.request(record.id).case.missing() == ["consent of Chủ quản H99.03"]
    act(Act.CONSENT, Role.OWNER, "dai-dien-3", owner[2])
    with pytest.raises(RefusedError, match="acted on request"):
        act(Act.APPROVE, Role.SPECIALISED, "dai-dien-3")
    assert act(Act.APPROVE, Role.SPECIALISED, "nguoi-phe-duyet").state is S.APPROVED
    plan(three, record.id, "b")
    assert len(three.request(record.id).case.missing()) == 3, "a new plan is agreed to anew"


def test_a_split_deals_out_every_system_and_the_whole_is_one_request(three: Registry) -> None:
    in_use(three, "H99.01", "mot-4")
    parts = [{"code": c, "name": NAME, "ceiling": {"vcpus": 4}, "systems": [s]}
             for c, s in (("H99.31", "mot-1"), ("H99.32", "mot-4"))]  # fmt: skip
    record = three.submit(reorganisation(
        move("split", ["H99.01"], *parts),
        move("rename", ["H99.02"], {"code": "H99.02", "name": NAME}),
        move("recode", ["H99.03"], {"code": "H99.33"}),
    ), "", SITE)  # fmt: skip
    decide(three, record.id)
    carry_out(three, record.id)
    assert {s.spec.name: s.agency.code for s in three.systems()} == {
        "mot-1": "H99.31", "mot-4": "H99.32", "mot-2": "H99.02", "mot-3": "H99.33",
    }  # fmt: skip
    assert three.agency("H99.02").name.vi == NAME["vi"]
    assert three.agency("H99.33").name == three.agency("H99.03").name
    assert set(Succession(three).ended()) == {"H99.01", "H99.03"}, "renamed is not ended"


@pytest.mark.parametrize(
    ("moves", "place", "text"),
    [
        ([move("merge", ["H99.01", "H99.09"], {"code": "H99.21", "name": NAME})], "moves.0.predecessors.1",
         "no body is called H99.09"),
        ([move("merge", ["H99.01", "H99.02"], {"code": "H99.03", "name": NAME})], "moves.0.successors.0.code",
         "the code H99.03 is that of another body"),
        ([move("merge", ["H99.01", "H99.02"], {"code": "K99.21", "name": NAME})], "moves.0.successors.0.code",
         "another branch"),
        ([move("split", ["H99.01"], {"code": "H99.31", "name": NAME, "ceiling": {}},
               {"code": "H99.32", "name": NAME, "ceiling": {}})], "moves.0.successors",
         "mot-1 of H99.01 goes to nobody"),
        ([move("split", ["H99.01"], {"code": "H99.31", "name": NAME, "ceiling": {}, "systems": ["mot-1", "mot-2"]},
               {"code": "H99.32", "name": NAME, "ceiling": {}})], "moves.0.successors.0.systems.1",
         "H99.01 has no system mot-2"),
        ([move("merge", ["H99.01", "H99.02"], {"code": "H99.21", "name": NAME, "ceiling": {"vcpus": 1}})],
         "moves.0.successors.0.ceiling.vcpus", "take 2 vCPU; its ceiling is 1"),
    ],
)  # fmt: skip
def test_faults_are_named_with_their_field_and_nothing_is_kept(
    three: Registry, moves: list[dict[str, Any]], place: str, text: str
) -> None:
    with pytest.raises(InputErrors) as caught:
        three.submit(reorganisation(*moves), "", SITE)
    found = faults(caught)
    assert [w for w, _t in found] == [place]
    assert text in found[0][1]
    assert [r.kind for r in three.requests()] == ["new-system"] * 3


def test_bodies_of_two_branches_do_not_become_one(three: Registry) -> None:
    data = asks("K99.01", "hop").model_dump(mode="json")
    data["agency"]["branch"] = "council"
    three.submit(RequestFile.model_validate(data), "", SITE)
    with pytest.raises(InputErrors, match="different branches"):
        three.submit(reorganisation(move("merge", ["H99.01", "K99.01"], {"code": "H99.21", "name": NAME})), "", SITE)


def test_a_request_under_way_comes_first_and_none_comes_in_between(three: Registry) -> None:
    waiting = three.submit(asks("H99.02", "moi"), "", SITE)
    with pytest.raises(InputErrors) as caught:
        three.submit(reorganisation(MERGE), "", SITE)
    assert ("moves.0.predecessors.1", f"request {waiting.id} (new-system) of H99.02 is under way") in faults(caught)
    three.act(waiting.id, Event(Act.RETURN, Role.OWNER, "nguoi-phe-duyet", note="để sau"))
    record = three.submit(reorganisation(MERGE), "", SITE)
    for code in ("H99.02", "H99.21"):
        with pytest.raises(RefusedError, match=f"body {code} is being reorganised by request {record.id}"):
            three.submit(asks(code, "khac"), "", SITE)
    decide(three, record.id)
    carry_out(three, record.id)
    with pytest.raises(InputError, match=r"body H99.02 ended on .*; its successors: H99.21"):
        three.submit(asks("H99.02", "khac"), "", SITE)
    with pytest.raises(InputErrors, match=r"body H99.01 ended on"):
        three.submit(reorganisation(move("recode", ["H99.01"], {"code": "H99.41"}), agency="H99.21"), "", SITE)
    three.submit(asks("H99.21", "khac", vcpus=24, ram_gib=48, hosts=12, disk_gib=300), "", SITE)


def test_reports_of_past_days_still_add_up(three: Registry) -> None:
    """Two reorganisations, whose days lie ahead, so that today is the past of both."""
    first, second = today(10), today(20)
    record = three.submit(reorganisation(MERGE, effective=first), "", SITE)
    decide(three, record.id)
    carry_out(three, record.id)
    again = three.submit(
        reorganisation(move("recode", ["H99.21"], {"code": "H99.51"}), agency="H99.21", effective=second), "", SITE
    )
    decide(three, again.id)
    carry_out(three, again.id)
    past = Succession(three)

    def table(day: date) -> dict[str, tuple[str, ...]]:
        return {line.agency.code: line.systems for line in past.as_of(day)}

    apart = {"H99.01": ("mot-1",), "H99.02": ("mot-2",), "H99.03": ("mot-3",)}
    all_three = ("mot-1", "mot-2", "mot-3")
    assert table(today()) == table(first - timedelta(days=1)) == apart
    assert table(first) == table(second - timedelta(days=1)) == {"H99.21": all_three}
    assert table(second) == {"H99.51": all_three}
    assert table(today(-1)) == {}
    assert [past.agency_of("mot-2", d) for d in (today(), first, second)] == ["H99.02", "H99.21", "H99.51"]
    assert three.system("mot-2").home == "H99.02", "its project never left the first domain"
    assert [(b.day, b.old, b.new) for b in past.history("H99.51")][-1] == (second, "H99.21", "H99.51")
    assert len(past.history("H99.02")) == 2


def test_ninety_four_communes_become_twenty_three_in_one_plan(url: str) -> None:
    registry = Registry.open(url)
    codes = [f"H99.{n}" for n in range(101, 195)]
    for code in codes:
        in_use(registry, code, f"mot-{code[-3:]}", owner="UBND tỉnh (ví dụ)")
    groups = [codes[i::23] for i in range(23)]
    moves = [move("merge", g, {"code": f"H99.{200 + i}", "name": NAME}) for i, g in enumerate(groups)]
    begun = time.monotonic()
    record = registry.submit(reorganisation(*moves, agency=codes[0]), "", SITE)
    submitted = time.monotonic() - begun
    decide(registry, record.id)
    begun = time.monotonic()
    carry_out(registry, record.id)
    carried_out = time.monotonic() - begun
    print(f"94 into 23: submitted in {submitted:.2f} s, carried out in the registry in {carried_out:.2f} s")
    assert len(Succession(registry).as_of(today())) == 23
    assert sum(len(line.systems) for line in Succession(registry).as_of(today())) == 94
    assert len({s.allocation.block for s in registry.systems() if s.allocation}) == 94
    assert submitted + carried_out < 60


def test_a_returned_one_is_submitted_again_corrected(three: Registry) -> None:
    record = three.submit(reorganisation(MERGE), "", SITE)
    three.act(record.id, Event(Act.RETURN, Role.SPECIALISED, "nguoi-xem", note="sửa mã"))
    new = move("merge", ["H99.01", "H99.02", "H99.03"], {"code": "H99.22", "name": NAME})
    again = three.submit(reorganisation(new), "", SITE)
    assert (again.id, again.state) == (record.id, S.SUBMITTED)
    assert Reorganisations(three).arrangement(again.id).successors[0].code == "H99.22"


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ("kind: merge\n    predecessors: [H99.01]\n    successors: [{code: H99.2, name: {vi: a, en: b}}]",
         "9 (moves.0.predecessors)", "two predecessors or more"),
        ("kind: rename\n    predecessors: [H99.01]\n    successors: [{code: H99.2, name: {vi: a, en: b}}]",
         "10 (moves.0.successors.0.code)", "keeps the code"),
        ("kind: recode\n    predecessors: [H99.01]\n    successors: [{code: H99.01}]",
         "10 (moves.0.successors.0.code)", "brings another code"),
        ("kind: merge\n    predecessors: [H99.01, H99.01]\n    successors: [{code: H99.2, name: {vi: a, en: b}}]",
         "9 (moves.0.predecessors.1)", "a predecessor twice"),
        ("kind: split\n    predecessors: [H99.01]\n    successors:\n    - {code: H99.01, ceiling: {}}\n"
         "    - {code: H99.2, name: {vi: a, en: b}, ceiling: {}}",
         "11 (moves.0.successors.0.code)", "a body that splits ends"),
        ("kind: merge\n    predecessors: [H99.01, H99.02]\n    successors: [{code: H99.2}]",
         "10 (moves.0.successors.0.name)", "name of this body is not stated"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_with_line_field_and_remedy(text: str, place: str, what: str) -> None:
    head = ("kind: reorganise\nrequested_by: nguoi-de-nghi\nagency: H99.01\neffective: 2026-07-01\nbasis:\n"
            f"  {{document: NQ 1, document_sha256: {'a' * 64}}}\nmoves:\n  - ")  # fmt: skip
    with pytest.raises(InputErrors) as caught:
        request_of((head + text + "\n").encode(), str(Path("r.yaml")))
    assert [e.where for e in caught.value.errors] == [f"r.yaml:{place}"]
    assert what in caught.value.errors[0].what
    assert caught.value.errors[0].do
