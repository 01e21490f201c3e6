"""Every table of acts is a source of the journal, and what an entry says of a row is what the row says."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from sqlalchemy import text

from hatang.errors import RefusedError
from hatang.journal.facts import SAY
from hatang.journal.journal import Journal
from hatang.journal.verify import Fault, Verified, compare_records, verify
from hatang.registry import Registry
from hatang.registry.pending import SOURCES, has_pending
from hatang.settings import Settings
from tests.unit.journal.everything import SYSTEM, everything
from tests.unit.registry.test_registry import REQUEST

# Rows that are only added and are no acts: the journal itself, and what a waiver's entry covers.
NO_ACTS = {"journal", "waiver_pin"}


def look(registry: Registry, own: Settings) -> Verified:
    """The journal beside the records."""
    rows, records = Journal(own, registry).rows.with_records()
    found = verify(rows)
    compare_records(found, records)
    return found


@pytest.fixture
def registry(own: Settings, tmp_path: Path) -> Registry:
    """A registry with one act of every kind, all of them written."""
    made = Registry.open(own.registry)
    everything(made, tmp_path)
    assert has_pending(made)
    Journal(own, made).catch_up()
    assert not has_pending(made)
    return made


def test_every_table_whose_rows_are_only_added_is_a_source(registry: Registry) -> None:
    query = "SELECT DISTINCT tbl_name FROM sqlite_master WHERE type = 'trigger'"
    if registry._engine.dialect.name == "postgresql":
        query = "SELECT DISTINCT event_object_table FROM information_schema.triggers"
    with registry._engine.connect() as connection:
        held = {str(name) for name in connection.execute(text(query)).scalars()}
    assert len(held) > 8
    assert held - NO_ACTS <= {table for table, _ in SOURCES.values()}, "add a line to hatang.registry.pending.SOURCES"
    assert SOURCES.keys() == SAY.keys()


def test_every_source_has_entries(registry: Registry, own: Settings) -> None:
    found = look(registry, own)
    assert found.holds, found.findings
    assert {e.key.split("/")[0] for e in found.entries} == {"key", *SOURCES}
    acts = {e.act for e in found.entries}
    assert acts > {
        "request.submit", "request.plan", "request.approve", "request.begin", "request.fail", "request.return",
        "system.apply", "system.check", "system.state", "host.harden", "host.hardened", "server.seen",
        "waiver.propose", "waiver.approve", "waiver.revoke", "review.record", "review.withdraw",
        "person.first-act", "agency.change", "system.handover", "agency.key", "agency.key-revoke",
    }  # fmt: skip
    assert all(e.written >= e.at for e in found.entries)


def test_entries_say_who_did_what_and_hold_digests_of_artefacts(
    registry: Registry, own: Settings, tmp_path: Path
) -> None:  # fmt: skip
    entries = {e.act: e for e in look(registry, own).entries}
    review, withdrawn, server = (entries[a] for a in ("review.record", "review.withdraw", "server.seen"))
    assert (review.actor, review.facts["control"], review.facts["scope"]) == ("Nguyễn Văn A", "ACC-03", SYSTEM)
    assert "a" * 64 in review.digests.values()
    assert (withdrawn.actor, withdrawn.facts["review"]) == ("Trần Thị B", review.facts["review"])
    assert server.facts == {"system": SYSTEM, "server_id": "id-1"}
    log = hashlib.sha256((tmp_path / "apply.log").read_bytes()).hexdigest()
    report = hashlib.sha256((tmp_path / "run-1" / "report.json").read_bytes()).hexdigest()
    assert log in entries["system.apply"].digests.values()
    assert log in entries["host.harden"].digests.values()
    assert entries["system.check"].digests["report run-1/report.json"] == report
    plan = next(v for k, v in entries["request.plan"].digests.items() if k.startswith("plan of"))
    assert plan in entries["request.approve"].digests.values()


ALTERED = {
    "deployment": ("is_ok = (1 = 0)", "deployment/"),
    "check_run": ("summary = '{}'", "check-run/"),
    "system_state": ("state = 'other'", "system-state/"),
    "request": ("text = text || ' '", "text of request "),
    # Of these the database refuses every change until somebody takes its triggers away.
    "waiver_pin": ("digest = 'x'", "demands of waiver "),
    "waiver": ("reason = 'x'", "waiver/"),
    "waiver_revocation": ("reason = 'x'", "waiver-revocation/"),
    "review": ("document = 'x'", "review/"),
    "review_withdrawal": ("reason = 'x'", "review-withdrawal/"),
    "server": ("server_id = 'x'", "server/"),
    "hardened_host": ("whole = (1 = 0)", "hardened-host/"),
    "act": ("facts = '{}'", "act/"),
    "agency_change": ("kind = 'x'", "agency-change/"),
    "handover": ("day = '2001-01-01'", "handover/"),
    "person": ("name = 'x'", "person/"),
    "agency_key": ("public = 'x'", "agency-key/"),
    "agency_key_revocation": ("reason = 'x'", "agency-key-revocation/"),
    "request_event": ("note = 'x'", "request/"),
}


def test_what_was_altered_in_the_registry_is_named(registry: Registry, own: Settings) -> None:
    with registry._engine.begin() as connection:
        for table, (change, _) in ALTERED.items():
            if registry._engine.dialect.name == "postgresql":
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
            else:
                connection.execute(text(f"DROP TRIGGER IF EXISTS {table}_no_update"))
            connection.execute(text(f"UPDATE {table} SET {change}"))
    findings = look(registry, own).findings
    assert {f.fault for f in findings} == {Fault.RECORD_ALTERED}
    assert all(f.number > 0 for f in findings)
    for _, name in ALTERED.values():
        assert any(f.detail.startswith(name) for f in findings), name


def test_a_request_that_is_handed_in_again_has_another_text(registry: Registry, own: Settings) -> None:
    other = next(r for r in registry.requests() if r.system == "other")
    system = REQUEST.system.model_copy(update={"name": "other", "owner": "Chủ quản khác"})
    again = registry.submit(REQUEST.model_copy(update={"system": system}), "another text")
    assert again.id == other.id, "it was returned, so it is the same request"
    Journal(own, registry).catch_up()
    assert look(registry, own).holds
    with registry._engine.begin() as connection:
        connection.execute(text("UPDATE request SET text = 'a third one' WHERE id = :id"), {"id": other.id})
    (finding,) = look(registry, own).findings
    assert finding.detail == f"text of request {other.id}"


def test_an_act_that_was_refused_is_in_no_entry(registry: Registry, own: Settings) -> None:
    before = len(look(registry, own).entries)
    with pytest.raises(RefusedError):
        registry.submit(REQUEST.model_copy(update={"requested_by": "nguoi-khac"}), "")
    assert Journal(own, registry).catch_up() == 0
    assert len(look(registry, own).entries) == before
