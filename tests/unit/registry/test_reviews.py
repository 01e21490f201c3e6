"""Records in the registry: added, withdrawn, never changed; they end with their system."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from hatang.errors import InputError, RefusedError, UnknownNameError
from hatang.model.review import ReviewEntry, ReviewScope
from hatang.registry import HostRecord, Registry, database
from hatang.registry.history import History
from hatang.registry.reviews import Reviews
from tests.unit.registry.decided import approve
from tests.unit.registry.test_registry import REQUEST, named

NOON = datetime(2026, 11, 25, 5, 0, tzinfo=UTC)  # noon in Việt Nam
SYSTEM = REQUEST.system.name
HOST = HostRecord(f"{SYSTEM}-web", SYSTEM, REQUEST.agency.code, "dmz", "10.72.0.5", "debian", "id-1", 3)


def entry(**changes: object) -> ReviewEntry:
    """A record of today, with changes."""
    plain = {
        "control": "ACC-03", "scope_kind": ReviewScope.SYSTEM, "scope": SYSTEM, "day": date(2026, 11, 25),
        "by": "Nguyễn Văn A", "document": "biên bản.pdf", "sha256": "a" * 64,
    }  # fmt: skip
    return ReviewEntry.model_validate(plain | changes)


@pytest.fixture
def registry(url: str) -> Registry:
    """A registry with two systems of one agency."""
    made = Registry.open(url)
    made.submit(REQUEST, "")
    made.submit(named("other"), "")
    return made


@pytest.fixture
def reviews(registry: Registry) -> Reviews:
    """Its records."""
    return Reviews(registry)


def test_what_is_recorded_comes_back(reviews: Reviews) -> None:
    made = reviews.record(entry(note="BB 12", covers=("b", "a", "b"), succeeded=False), NOON)
    assert reviews.review(made.id) == made
    assert (made.covers, made.succeeded, made.note, made.recorded_at) == (("a", "b"), False, "BB 12", NOON)
    assert made.document == "biên bản.pdf"


def test_the_same_record_again_is_the_same(reviews: Reviews) -> None:
    first = reviews.record(entry(), NOON)
    assert reviews.record(entry(by=" nguyễn  VĂN a"), NOON + timedelta(days=1)) == first
    assert len(reviews.reviews()) == 1


def test_nothing_is_recorded_for_the_future(reviews: Reviews) -> None:
    with pytest.raises(InputError, match="2026-11-26 is in the future"):
        reviews.record(entry(day=date(2026, 11, 26)), NOON)
    assert reviews.reviews() == []
    late = datetime(2026, 11, 25, 17, 30, tzinfo=UTC)  # half past midnight of the 26th in Việt Nam
    assert reviews.record(entry(day=date(2026, 11, 26)), late).day == date(2026, 11, 26)


def test_a_withdrawn_record_stays_readable_and_counts_no_more(reviews: Reviews) -> None:
    made = reviews.record(entry(), NOON)
    gone = reviews.withdraw(made.id, "Trần Thị B", "the wrong file", NOON)
    assert (gone.withdrawn_by, gone.withdrawn_why, gone.withdrawn_at) == ("Trần Thị B", "the wrong file", NOON)
    assert reviews.of_system(SYSTEM) == []
    assert reviews.reviews() == [gone]
    assert reviews.withdraw(made.id, "trần thị b", "again", NOON) == gone
    with pytest.raises(RefusedError, match="withdrawn by Trần Thị B already"):
        reviews.withdraw(made.id, "Lê Văn C", "I too", NOON)
    with pytest.raises(RefusedError, match=r"the same record of \S+ is there and was withdrawn"):
        reviews.record(entry(), NOON)
    assert reviews.record(entry(note="the right file"), NOON).stands


@pytest.mark.parametrize(
    ("by", "reason", "where"), [("ab", "wrong", "--by"), ("abc", "  ", "--reason"), ("abc", "wr\x07ng", "--reason")]
)
def test_a_withdrawal_says_who_and_why(reviews: Reviews, by: str, reason: str, where: str) -> None:
    made = reviews.record(entry(), NOON)
    with pytest.raises(InputError) as caught:
        reviews.withdraw(made.id, by, reason)
    assert caught.value.where == where
    assert reviews.review(made.id).stands


def test_scopes(reviews: Reviews) -> None:
    own = reviews.record(entry(), NOON)
    agency = reviews.record(entry(scope_kind=ReviewScope.AGENCY, scope=REQUEST.agency.code), NOON)
    foreign = reviews.record(entry(scope_kind=ReviewScope.AGENCY, scope="H99.77"), NOON)
    site = reviews.record(entry(scope_kind=ReviewScope.SITE, scope="site"), NOON)
    assert {r.id for r in reviews.of_system(SYSTEM)} == {own.id, agency.id, site.id}
    assert {r.id for r in reviews.of_system("other")} == {agency.id, site.id}
    assert foreign in reviews.reviews()
    with pytest.raises(UnknownNameError):
        reviews.of_system("nobody")
    with pytest.raises(UnknownNameError, match="no record is called"):
        reviews.review("nothing")


def test_records_end_with_their_system(registry: Registry, reviews: Reviews) -> None:
    reviews.record(entry(), NOON)
    registry.set_system_state(SYSTEM, "removed")
    assert reviews.of_system(SYSTEM) == []
    assert reviews.reviews()[0].removed_at is not None
    with pytest.raises(RefusedError, match="before the system was removed"):
        reviews.record(entry(), NOON)


@pytest.mark.parametrize("verb", ["UPDATE {} SET {} = {}", "DELETE FROM {}"], ids=["update", "delete"])
@pytest.mark.parametrize(
    ("table", "column"),
    [("review", "id"), ("review_withdrawal", "review_id"), ("hardened_host", "id"), ("server", "id")],
)
def test_the_database_changes_no_row(registry: Registry, reviews: Reviews, table: str, column: str, verb: str) -> None:
    made = reviews.record(entry(), NOON)
    reviews.withdraw(made.id, "Trần Thị B", "the wrong file", NOON)
    History(registry).record_hardening([HOST], whole=True)
    registry.record_hosts(SYSTEM, [HOST])
    with pytest.raises(IntegrityError, match="only added"), registry._writing() as session:
        session.execute(text(verb.format(table, column, column)))


def test_the_way_of_a_system(registry: Registry) -> None:
    history = History(registry)
    assert history.of(SYSTEM).in_use_at is None
    request = registry.system(SYSTEM).request_id
    approve(registry, request)
    registry.record_deployment(SYSTEM, "apply", "d" * 64, {}, NOON, NOON + timedelta(minutes=1), ok=True)
    history.record_hardening([HOST], whole=True)
    history.record_hardening([HOST], whole=False)
    registry.record_check_run(SYSTEM, {"counts": {"met": 3}})
    registry.set_system_state(SYSTEM, "active")
    way = history.of(SYSTEM)
    assert way.in_use_at is not None and way.approved[0].at <= way.in_use_at
    assert [(h.host, h.server_id, h.whole) for h in way.hardened] == [(HOST.name, "id-1", w) for w in (True, False)]
    assert [d.plan_digest for d in way.deployments] == ["d" * 64]
    assert [c.counts for c in way.check_runs] == [{"met": 3}]
    assert history.of("other").deployments == ()


def test_a_system_that_comes_again_begins_anew(registry: Registry) -> None:
    history = History(registry)
    registry.record_deployment(SYSTEM, "apply", "d" * 64, {}, NOON, NOON, ok=True)
    registry.record_check_run(SYSTEM, {"counts": {}})
    registry.set_system_state(SYSTEM, "active")
    registry.set_system_state(SYSTEM, "removed")
    assert history.of(SYSTEM).in_use_at is None
    registry.set_system_state(SYSTEM, "active")
    way = history.of(SYSTEM)
    assert way.in_use_at is not None
    assert (way.deployments, way.check_runs) == ((), ())


def test_a_server_comes_into_use_with_its_system_its_change_or_its_repair(registry: Registry) -> None:
    def servers(*ids: str) -> dict[str, bool]:
        registry.record_hosts(SYSTEM, [replace(HOST, name=f"{SYSTEM}-{i}", server_id=i) for i in ids])
        return {s.server_id: s.used_at is not None for s in History(registry).of(SYSTEM).servers}

    assert servers("a") == {"a": False}
    registry.record_check_run(SYSTEM, {})  # not in use: a check tells nothing
    assert servers("a") == {"a": False}
    registry.set_system_state(SYSTEM, "active")
    assert servers("a", "b") == {"a": True, "b": False}
    registry.record_check_run(SYSTEM, {})  # the end of a repair
    assert servers("a", "b") == {"a": True, "b": True}
    registry.set_system_state(SYSTEM, "changing")
    assert History(registry).of(SYSTEM).in_use_at is not None, "it is used all the while"
    assert servers("b", "c") == {"a": True, "b": True, "c": False}
    registry.record_check_run(SYSTEM, {})
    assert servers("b", "c")["c"] is False
    registry.set_system_state(SYSTEM, "active")
    assert servers("b", "c") == {"a": True, "b": True, "c": True}
    registry.set_system_state(SYSTEM, "removed")
    assert servers() == {}


def test_approvals_of_all_requests_count_and_not_those_of_other_systems(registry: Registry) -> None:
    approve(registry, registry.system(SYSTEM).request_id)
    approve(registry, registry.system("other").request_id)
    assert [len(History(registry).of(s).approved) for s in (SYSTEM, "other", "nobody")] == [1, 1, 0]
    registry.set_system_state(SYSTEM, "removed")
    assert History(registry).of(SYSTEM).approved == ()


def test_there_is_a_way_back(url: str, registry: Registry, reviews: Reviews) -> None:
    reviews.record(entry(), NOON)
    config = Config()
    config.set_main_option("script_location", str(database.MIGRATIONS))
    with registry._engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0005")
    assert database.version(registry._engine) == "0005"
    again = Registry.open(url)
    assert Reviews(again).reviews() == []
    assert Reviews(again).record(entry(), NOON).stands
