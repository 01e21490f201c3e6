"""Changes that take something away: hosts, zones that the level does not demand, data volumes."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import text

from hatang.errors import InputError, NameTakenError
from hatang.model.case import Event
from hatang.model.lifecycle import Act, RequestState, Role
from hatang.model.request import RequestFile
from hatang.model.terms import ZoneKind
from hatang.registry import Registry, RequestRecord
from tests.unit.registry.decided import approve, bring_up
from tests.unit.registry.test_registry import REQUEST, SITE, ZONES
from tests.unit.registry.test_requests import asks

S = RequestState
NAME = REQUEST.system.name
WEB, APP, DB = (h.model_dump(mode="json") for h in REQUEST.system.hosts)
NO_COPY = {"no_backup": {"by": "chu-quan.vi-du", "reason": "dữ liệu thử"}}
COPY = {"backup": {"document_sha256": "5" * 64, "day": "2026-05-04", "place": "Kho lưu trữ ví dụ"}}


def change(
    *hosts: dict[str, Any], loss: dict[str, Any] | None = None, kept: dict[str, int] | None = None
) -> RequestFile:  # fmt: skip
    """A change to exactly these hosts, with what it says of data."""
    data = asks("change").model_dump(mode="json", exclude={"agency": {"ceiling"}})
    data["system"]["hosts"] = list(hosts)
    data["system"]["kept_volumes"] = [{"host": n, "volume_gib": gib} for n, gib in (kept or {}).items()]
    data["data_loss"] = loss
    return RequestFile.model_validate(data)


def carried(registry: Registry, file: RequestFile) -> RequestRecord:
    """Submit, approve, begin and end a change."""
    record = registry.submit(file, "", SITE)
    assert record.state is S.SUBMITTED
    approve(registry, record.id)
    registry.begin(record.id, SITE, lambda system: ZONES)
    registry.set_system_state(NAME, "active")
    return registry.request(record.id)


def addresses(registry: Registry, request: str = "") -> dict[str, str]:
    """Address of each host, as it is or as a request wants it."""
    record = registry.as_asked(request, SITE, lambda system: ZONES) if request else registry.system(NAME)
    assert record.allocation is not None
    return {h.name: str(h.address) for h in record.allocation.hosts}


@pytest.fixture
def in_use(url: str) -> Registry:
    """The example system, active: hosts web, app and, with a volume of 20 GiB, db."""
    registry = Registry.open(url)
    bring_up(registry, asks(), SITE, ZONES)
    return registry


def test_a_host_without_data_goes_and_leaves_its_address_when_it_has_gone(in_use: Registry) -> None:
    before = addresses(in_use)
    record = in_use.submit(change(APP, DB, {**WEB, "name": "web-hai"}), "", SITE)
    assert record.data_of == ()
    told = {d.field: (d.old, d.new) for d in in_use.changes(record.id)}
    assert told["system.hosts.web"] == ("zone dmz, flavor small, volume 0 GiB", "")
    wanted = addresses(in_use, record.id)
    assert wanted.keys() == {"app", "db", "web-hai"}
    assert wanted["web-hai"] != before["web"], "the old server has it until it is gone"
    assert {n: wanted[n] for n in ("app", "db")} == {n: before[n] for n in ("app", "db")}
    assert addresses(in_use) == before, "nothing has begun"
    approve(in_use, record.id)
    in_use.begin(record.id, SITE, lambda system: ZONES)
    assert addresses(in_use) == wanted
    in_use.set_system_state(NAME, "active")
    carried(in_use, change(APP, DB, {**WEB, "name": "web-hai"}, {**WEB, "name": "web-ba"}))
    assert addresses(in_use)["web-ba"] == before["web"]


def test_a_zone_that_the_level_does_not_demand_goes_with_its_last_host(in_use: Registry) -> None:
    demanded = [z for z in ZONES if z is not ZoneKind.DMZ]

    def zones(request: str) -> set[ZoneKind]:
        record = in_use.as_asked(request, SITE, lambda system: demanded)
        assert record.allocation is not None
        return {z.kind for z in record.allocation.zones}

    other = in_use.submit(asks("change", hosts=("app-hai",)), "", SITE)
    assert zones(other.id) == set(ZONES), "a host stands there"
    in_use.act(other.id, Event(Act.REJECT, Role.OWNER, "nguoi-phe-duyet", note="không cần"))
    record = in_use.submit(change(APP, DB), "", SITE)
    assert zones(record.id) == set(demanded)
    approve(in_use, record.id)
    in_use.begin(record.id, SITE, lambda system: demanded)
    after = in_use.system(NAME).allocation
    assert after is not None
    assert {z.kind for z in after.zones} == set(demanded)


@pytest.mark.parametrize(
    ("file", "said", "where"),
    [
        (change(WEB, APP), r"the data of db \(20 GiB\) would be lost, and the request does not say so", "data_loss"),
        (
            change(APP, DB, loss={"hosts": ["web"], **NO_COPY}),
            "the data of web are not lost by this request",
            "data_loss.hosts",
        ),
        (
            change(WEB, APP, kept={"db": 20}, loss={"hosts": ["db"], **NO_COPY}),
            "the data of db are not lost",
            "data_loss.hosts",
        ),
        (
            change(WEB, APP, loss={"hosts": ["db"], "backup": {**COPY["backup"], "day": "2999-01-01"}}),
            "a copy of 2999-01-01 does not exist yet",
            "data_loss.backup.day",
        ),
        (change(WEB, APP, kept={"db": 40}), r"kept_volumes\.db: none → 40 GiB", "system.kept_volumes.db"),
        (change(APP, DB, kept={"web": 1}), r"kept_volumes\.web: none → 1 GiB", "system.kept_volumes.web"),
        (change(WEB, {**APP, "volume_gib": 5}, DB), r"hosts\.app\.volume_gib: 0 → 5", "system.hosts.app.volume_gib"),
        (change(WEB, APP, {**DB, "volume_gib": 0}), r"db \(20 GiB\)|hosts\.db\.volume_gib", None),
    ],
)
def test_what_is_not_said_rightly_is_refused_and_nothing_recorded(
    in_use: Registry, file: RequestFile, said: str, where: str | None
) -> None:
    before = (in_use.requests(), in_use.systems())
    with pytest.raises(InputError, match=said) as refused:
        in_use.submit(file, "", SITE)
    assert refused.value.exit_code == 2
    assert where in (None, refused.value.where)
    assert (in_use.requests(), in_use.systems()) == before


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (COPY, "deleted; copy of 2026-05-04: Kho lưu trữ ví dụ, document 555555555555"),
        (NO_COPY, "deleted; no copy wanted, says chu-quan.vi-du: dữ liệu thử"),
    ],
)
def test_data_that_go_are_told_first_with_what_the_request_says_of_them(
    in_use: Registry, said: dict[str, Any], words: str
) -> None:
    record = in_use.submit(change(WEB, APP, loss={"hosts": ["db"], **said}), "", SITE)
    assert record.data_of == ("db",)
    first = in_use.changes(record.id)[0]
    assert (first.field, first.old, first.new) == ("data_loss.db", "20 GiB", words)
    approve(in_use, record.id)
    in_use.begin(record.id, SITE, lambda system: ZONES)
    assert in_use.changes(record.id) == []
    assert in_use.system(NAME).spec.data_volumes() == {}


def test_a_volume_is_kept_waits_and_comes_back_with_its_host(in_use: Registry) -> None:
    kept = carried(in_use, change(WEB, APP, kept={"db": 20}))
    assert kept.data_of == ()
    assert in_use.system(NAME).spec.data_volumes() == {"db": 20}
    carried(in_use, change(WEB, APP, {**WEB, "name": "web-hai"}, kept={"db": 20}))
    with pytest.raises(InputError, match=r"db \(20 GiB\) would be lost"):
        in_use.submit(change(WEB, APP), "", SITE)
    with pytest.raises(InputError, match=r"kept_volumes\.db: 20 GiB → of the host of that name"):
        in_use.submit(change(WEB, APP, {**DB, "volume_gib": 30}), "", SITE)
    back = in_use.submit(change(WEB, APP, DB), "", SITE)
    told = {d.field: (d.old, d.new) for d in in_use.changes(back.id)}
    assert told["system.kept_volumes.db"] == ("20 GiB", "of the host of that name")
    in_use.act(back.id, Event(Act.REJECT, Role.OWNER, "nguoi-phe-duyet", note="không cần"))
    gone = carried(in_use, change(WEB, APP, loss={"hosts": ["db"], **COPY}))
    assert gone.data_of == ("db",)
    assert in_use.system(NAME).spec.data_volumes() == {}


def test_a_kept_volume_counts_for_the_ceiling(in_use: Registry) -> None:
    narrow = change(WEB, APP, kept={"db": 20}).model_dump(mode="json", exclude={"agency": {"ceiling"}})
    narrow["agency"]["ceiling"] = {"disk_gib": 19}
    with pytest.raises(InputError, match="takes 20 GiB of block storage"):
        in_use.submit(RequestFile.model_validate(narrow), "", SITE)


def test_the_name_of_a_host_that_went_stays_its_systems(in_use: Registry) -> None:
    def names() -> set[str]:
        with in_use._reading() as session:
            return set(session.execute(text("SELECT name FROM server_name")).scalars())

    carried(in_use, change(APP, DB))
    refused = in_use.submit(change(APP, DB, {**WEB, "name": "web-hai"}), "", SITE)
    in_use.act(refused.id, Event(Act.REJECT, Role.OWNER, "nguoi-phe-duyet", note="không cần"))
    assert names() == {f"{NAME}-{h}" for h in ("web", "app", "db")}
    other = asks(name=NAME.split("-")[0]).model_dump(mode="json", exclude={"agency": {"ceiling"}})
    other["system"]["hosts"] = [{"name": f"{NAME.split('-')[1]}-web", "zone": "dmz"}]
    with pytest.raises(NameTakenError, match=f"the server name {NAME}-web is kept for system {NAME}"):
        in_use.submit(RequestFile.model_validate(other), "", SITE)


def test_the_same_change_is_asked_for_again_after_another_one(in_use: Registry) -> None:
    away, back = change(APP, DB), change(WEB, APP, DB)
    first = carried(in_use, away)
    assert in_use.submit(away, "", SITE).id == first.id, "nothing came between"
    carried(in_use, back)
    again = in_use.submit(away, "", SITE)
    assert (again.id == first.id, again.state) == (False, S.SUBMITTED)
    assert in_use.submit(away, "", SITE).id == again.id


def test_a_file_of_before_is_still_the_same_request(url: str) -> None:
    """As its digest was reckoned before there were data_loss and kept_volumes."""
    written = asks().model_dump_json(exclude={"data_loss": True, "system": {"kept_volumes": True}})
    assert Registry.open(url).submit(asks(), "", SITE).id == hashlib.sha256(written.encode()).hexdigest()[:12]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"data_loss": {"hosts": ["db"], **NO_COPY}}, "data_loss belongs to requests of kind change"),
        ({"kept": [{"host": "db-cu", "volume_gib": 20}]}, "a system that is new has no volumes of hosts"),
        ({"kind": "change", "data_loss": {"hosts": ["db"]}}, "take either backup or no_backup"),
        ({"kind": "change", "data_loss": {"hosts": ["db"], **NO_COPY, **COPY}}, "take either backup or no_backup"),
        ({"kind": "change", "data_loss": {"hosts": [], **NO_COPY}}, "no host is named"),
        ({"kind": "change", "kept": [{"host": "db", "volume_gib": 20}]}, "db has a volume twice"),
    ],
)
def test_forms_that_cannot_be_meant_are_refused(more: dict[str, Any], said: str) -> None:
    data = asks().model_dump(mode="json")
    data["system"]["kept_volumes"] = more.get("kept", [])
    with pytest.raises(ValidationError, match=said):
        RequestFile.model_validate(data | {k: v for k, v in more.items() if k != "kept"})
