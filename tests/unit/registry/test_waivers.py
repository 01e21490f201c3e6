"""Waivers in the registry: another person approves, dates have limits, and nothing recorded is ever changed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from hatang.errors import InputError, RefusedError, UnknownNameError
from hatang.model.control import Strength
from hatang.model.terms import Level
from hatang.model.waiver import LONGEST_DAYS, Demand, Pin, ScopeKind, Waiver, WaiverProposal, WaiverState
from hatang.registry import Registry, database
from hatang.registry import waiver_tables as w
from hatang.registry.waivers import Waivers
from tests.unit.registry.test_registry import REQUEST

NOON = datetime(2026, 11, 25, 5, 0, tzinfo=UTC)  # noon in Việt Nam
LAST = date(2027, 3, 31)
DEMAND = Demand(
    value=5, unit="failures", source="tcvn", clause="x.5.2.2 a", strength=Strength.MUST, numbers={"tcvn": "TCVN 1"}
)
SYSTEM = REQUEST.system.name


def proposal(**changes: object) -> WaiverProposal:
    """What is proposed, with changes."""
    plain = {
        "control": "AUT-13", "scope_kind": ScopeKind.SYSTEM, "scope": SYSTEM, "system": SYSTEM,
        "reason": "The old client locks itself out", "measure": "Only through the bastion",
        "proposed_by": "Nguyễn Văn A", "expires_on": LAST, "pins": (Pin(level=Level.L3, demand=DEMAND),),
    }  # fmt: skip
    return WaiverProposal.model_validate(plain | changes)


@pytest.fixture
def registry(url: str) -> Registry:
    """A registry with one system."""
    made = Registry.open(url)
    made.submit(REQUEST, "")
    return made


@pytest.fixture
def waivers(registry: Registry) -> Waivers:
    """Its waivers."""
    return Waivers(registry)


@pytest.fixture
def waiver(waivers: Waivers) -> Waiver:
    """A waiver that nobody has approved."""
    return waivers.propose(proposal(), NOON)


def test_proposed_then_approved_then_revoked(waivers: Waivers, waiver: Waiver) -> None:
    assert waiver.state(NOON) is WaiverState.PROPOSED
    approved = waivers.approve(waiver.id, "Trần Thị B", "QD 12/2026", NOON)
    assert approved.state(NOON) is WaiverState.VALID
    assert (approved.approved_by, approved.note, approved.approved_at) == ("Trần Thị B", "QD 12/2026", NOON)
    assert approved.pins == waiver.pins
    revoked = waivers.revoke(waiver.id, "Trần Thị B", "the client was replaced", NOON)
    assert revoked.state(NOON) is WaiverState.REVOKED
    assert (revoked.revoked_by, revoked.revoked_why) == ("Trần Thị B", "the client was replaced")
    assert waivers.waivers() == [revoked]


@pytest.mark.parametrize(
    "same",
    ["Nguyễn Văn A", "nguyễn  VĂN a ", "Nguye\u0302\u0303n Va\u0306n A", "Nguy\u1ec5n V\u0103n A"],
    ids=["same", "case-and-spaces", "letters-in-parts", "letters-composed"],
)
def test_nobody_approves_an_own_proposal(waivers: Waivers, waiver: Waiver, same: str) -> None:
    with pytest.raises(RefusedError, match="may not approve it") as caught:
        waivers.approve(waiver.id, same, at=NOON)
    assert caught.value.exit_code == 3
    assert waivers.waiver(waiver.id).state(NOON) is WaiverState.PROPOSED


@pytest.mark.parametrize("proposer", ["nguyễn văn a", "somebody else"], ids=["own", "proposer-made-up"])
def test_the_database_refuses_an_own_approval_too(registry: Registry, waiver: Waiver, proposer: str) -> None:
    row = w.WaiverApprovalRow(
        waiver_id=waiver.id, proposer=proposer, approved_by="Nguyễn Văn A", approver="nguyễn văn a"
    )
    with pytest.raises(IntegrityError), registry._writing() as session:
        session.add(row)


@pytest.mark.parametrize("verb", ["UPDATE {} SET waiver_id = 'x'", "DELETE FROM {}"], ids=["update", "delete"])
@pytest.mark.parametrize("table", ["waiver", "waiver_pin", "waiver_approval", "waiver_revocation"])
def test_the_database_changes_no_row(
    registry: Registry, waivers: Waivers, waiver: Waiver, table: str, verb: str
) -> None:
    waivers.approve(waiver.id, "Trần Thị B", at=NOON)
    before = waivers.revoke(waiver.id, "Trần Thị B", "no longer needed", NOON)
    statement = verb.format(table).replace("waiver_id", "id" if table == "waiver" else "waiver_id")
    with pytest.raises(IntegrityError, match="only added"), registry._writing() as session:
        session.execute(text(statement))
    assert waivers.waiver(waiver.id) == before


def test_one_approval_is_enough_and_the_first_stays(waivers: Waivers, waiver: Waiver) -> None:
    first = waivers.approve(waiver.id, "Trần Thị B", "one", NOON)
    assert waivers.approve(waiver.id, "trần thị b", "two", NOON + timedelta(days=1)) == first
    with pytest.raises(RefusedError, match="approved by Trần Thị B already"):
        waivers.approve(waiver.id, "Lê Văn C", at=NOON)


def test_one_revocation_is_enough_and_the_first_stays(waivers: Waivers, waiver: Waiver) -> None:
    first = waivers.revoke(waiver.id, "Nguyễn Văn A", "withdrawn", NOON)
    assert waivers.revoke(waiver.id, "Nguyễn Văn A", "again", NOON) == first
    with pytest.raises(RefusedError, match="revoked by Nguyễn Văn A already"):
        waivers.revoke(waiver.id, "Lê Văn C", "I too", NOON)


def test_a_revoked_proposal_cannot_be_approved(waivers: Waivers, waiver: Waiver) -> None:
    waivers.revoke(waiver.id, "Nguyễn Văn A", "withdrawn", NOON)
    with pytest.raises(RefusedError, match="is revoked"):
        waivers.approve(waiver.id, "Trần Thị B", at=NOON)


@pytest.mark.parametrize("by", ["", "  ", "ab"])
def test_nobody_is_no_person(waivers: Waivers, waiver: Waiver, by: str) -> None:
    with pytest.raises(InputError, match="names nobody"):
        waivers.approve(waiver.id, by, at=NOON)
    with pytest.raises(InputError, match="names nobody"):
        waivers.revoke(waiver.id, by, "no longer needed", NOON)


def test_an_end_needs_a_reason(waivers: Waivers, waiver: Waiver) -> None:
    with pytest.raises(InputError, match="a reason is missing"):
        waivers.revoke(waiver.id, "Trần Thị B", " ", NOON)


def test_the_same_proposal_is_the_same_waiver(waivers: Waivers, waiver: Waiver) -> None:
    assert waivers.propose(proposal(proposed_by="nguyễn văn a"), NOON + timedelta(days=1)) == waiver
    other = waivers.propose(proposal(measure="Another measure"), NOON)
    assert other.id != waiver.id
    assert len(waivers.waivers()) == 2


def test_a_revoked_one_is_not_proposed_again_with_the_same_words(waivers: Waivers, waiver: Waiver) -> None:
    waivers.revoke(waiver.id, "Trần Thị B", "the client was replaced", NOON)
    with pytest.raises(RefusedError, match="is revoked"):
        waivers.propose(proposal(), NOON)
    assert (
        waivers.propose(proposal(reason="A second client locks itself out"), NOON).state(NOON) is WaiverState.PROPOSED
    )


@pytest.mark.parametrize(
    ("day", "fault"),
    [
        (date(2026, 11, 24), "is not in the future"),
        (date(2026, 11, 25), "is not in the future"),
        (date(2026, 11, 26), ""),
        (date(2027, 11, 25), ""),
        (date(2027, 11, 26), f"more than {LONGEST_DAYS} days ahead"),
    ],
)
def test_the_last_day_lies_ahead_but_not_too_far(waivers: Waivers, day: date, fault: str) -> None:
    if not fault:
        assert waivers.propose(proposal(expires_on=day), NOON).expires_on == day
        return
    with pytest.raises(InputError, match=fault) as caught:
        waivers.propose(proposal(expires_on=day), NOON)
    assert (caught.value.where, caught.value.do) == ("--until", "give a day after 2026-11-25, up to 2027-11-25")
    assert waivers.waivers() == []


def test_today_is_the_day_in_viet_nam(waivers: Waivers) -> None:
    late = datetime(2026, 11, 25, 17, 0, tzinfo=UTC)  # midnight: the 26th begins
    with pytest.raises(InputError, match="is not in the future"):
        waivers.propose(proposal(expires_on=date(2026, 11, 26)), late)


def test_an_expired_proposal_cannot_be_approved(waivers: Waivers, waiver: Waiver) -> None:
    ends = datetime(2027, 3, 31, 17, 0, tzinfo=UTC)
    with pytest.raises(RefusedError, match="is expired"):
        waivers.approve(waiver.id, "Trần Thị B", at=ends)
    approved = waivers.approve(waiver.id, "Trần Thị B", at=ends - timedelta(microseconds=1))
    assert approved.state(ends - timedelta(microseconds=1)) is WaiverState.VALID
    assert approved.state(ends) is WaiverState.EXPIRED


def test_a_system_that_comes_again_under_the_name_is_another_one(registry: Registry, waivers: Waivers) -> None:
    made = waivers.propose(proposal())  # now: states of systems carry the time of this machine
    waivers.approve(made.id, "Trần Thị B")
    registry.set_system_state(SYSTEM, "removed")
    found = waivers.waiver(made.id)
    assert found.removed_at is not None
    assert found.state(found.removed_at) is WaiverState.LAPSED
    registry.submit(REQUEST, "")
    assert waivers.waiver(made.id).removed_at == found.removed_at


def test_unknown_ids_and_hosts_name_those_like_them(waivers: Waivers, waiver: Waiver) -> None:
    with pytest.raises(UnknownNameError) as caught:
        waivers.waiver(waiver.id[:-1] + "x")
    assert caught.value.do == f"did you mean {waiver.id}?"
    assert waivers.system_of_host(f"{SYSTEM}-web") == SYSTEM
    with pytest.raises(UnknownNameError) as caught:
        waivers.system_of_host(f"{SYSTEM}-wbe")
    assert f"{SYSTEM}-web" in caught.value.do


def test_the_pin_stands_in_the_database_in_words(registry: Registry, waiver: Waiver) -> None:
    with registry._reading() as session:
        (row,) = session.scalars(select(w.WaiverPinRow)).all()
        assert (row.waiver_id, row.level, row.applies) == (waiver.id, 3, "")
        assert (row.source, row.clause, row.digest) == ("tcvn", "x.5.2.2 a", DEMAND.digest)


def test_the_migration_goes_there_and_back(url: str) -> None:
    registry = Registry.open(url)
    registry.submit(REQUEST, "")
    made = Waivers(registry).propose(proposal(), NOON)
    config = Config()
    config.set_main_option("script_location", str(database.MIGRATIONS))
    with registry._engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0003")
    again = Registry.open(url)
    assert Waivers(again).waivers() == []
    assert Waivers(again).propose(proposal(), NOON) == made
