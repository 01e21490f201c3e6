"""What the journal says of a record: plain facts and digests, never free text, which might hold a secret."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hatang.journal.entry import Fact
from hatang.registry.acts import sha256
from hatang.registry.journal import Record

Row = Mapping[str, Any]
Said = tuple[str, str, dict[str, Any], dict[str, str]]  # act, actor, facts, digests of artefacts


def fact(record: Record) -> Fact:
    """The fact of a record."""
    act, actor, facts, digests = SAY[record.source](record.columns)
    return Fact(record.key, act, actor, record.at, {record.key: record.digest, **digests, **record.parts}, facts)


def _act(row: Row) -> Said:
    return row["act"], "", row["facts"], row["digests"]


def _request(row: Row) -> Said:
    digests = {f"plan of {row['request_id']}": row["plan"], f"intent of {row['request_id']}": row["intent"],
               f"document of {row['request_id']}": row["document"]}  # fmt: skip
    facts = {k: row[k] for k in ("request_id", "role", "target", "step", "body") if row[k]}
    return f"request.{row['act']}", row["actor"], facts, {k: v for k, v in digests.items() if v}


def _deployment(row: Row) -> Said:
    facts = {"system": row["system"], "changes": row["summary"].get("changes"), "ok": row["is_ok"]}
    digests = {f"plan of {row['system']}": row["plan_digest"]} if row["plan_digest"] else {}
    return f"system.{row['kind']}", "", facts, {**digests, **_file("log", row["summary"].get("log"))}


def _check_run(row: Row) -> Said:
    folder = row["summary"].get("report")
    facts = {"system": row["system"], "counts": row["summary"].get("counts")}
    return "system.check", "", facts, _file("report", f"{folder}/report.json" if folder else None)


def _state(row: Row) -> Said:
    return "system.state", "", {"system": row["system"], "state": row["state"]}, {}


def _hardened_host(row: Row) -> Said:
    return "host.hardened", "", {k: row[k] for k in ("system", "host", "server_id", "whole")}, {}


def _server(row: Row) -> Said:
    return "server.seen", "", {k: row[k] for k in ("system", "server_id")}, {}


def _waiver(row: Row) -> Said:
    facts = {k: row[k] for k in ("control", "scope_kind", "scope")} | {"expires_on": str(row["expires_on"])}
    return "waiver.propose", row["proposed_by"], {"waiver": row["id"], **facts}, {}


def _waiver_approval(row: Row) -> Said:
    return "waiver.approve", row["approved_by"], {"waiver": row["waiver_id"]}, {}


def _waiver_revocation(row: Row) -> Said:
    return "waiver.revoke", row["revoked_by"], {"waiver": row["waiver_id"]}, {}


def _review(row: Row) -> Said:
    facts = {k: row[k] for k in ("control", "scope_kind", "scope", "succeeded")} | {"day": str(row["day"])}
    return (
        "review.record",
        row["recorded_by"],
        {"review": row["id"], **facts},
        {f"document of {row['id']}": row["sha256"]},
    )


def _review_withdrawal(row: Row) -> Said:
    return "review.withdraw", row["withdrawn_by"], {"review": row["review_id"]}, {}


def _agency_change(row: Row) -> Said:
    facts = {k: row[k] for k in ("request_id", "kind", "old_code", "new_code")} | {"day": str(row["day"])}
    return "agency.change", "", facts, {}


def _handover(row: Row) -> Said:
    facts = {k: row[k] for k in ("request_id", "system", "old_code", "new_code")} | {"day": str(row["day"])}
    return "system.handover", "", facts, {}


def _interconnect(row: Row) -> Said:
    facts = {k: row[k] for k in ("request_id", "from_system", "to_system")} | {"until": str(row["until"])}
    return "interconnect.begin", "", facts, {}


def _agency_key(row: Row) -> Said:
    return "agency.key", row["registered_by"], {"key": row["id"], "agency": row["agency_code"]}, {}


def _agency_key_revocation(row: Row) -> Said:
    return "agency.key-revoke", row["revoked_by"], {"key": row["key_id"]}, {}


def _person(row: Row) -> Said:
    return "person.first-act", row["name"], {"user_id": row["user_id"]}, {}


SAY: dict[str, Callable[[Row], Said]] = {
    "act": _act,
    "agency-change": _agency_change,
    "agency-key": _agency_key,
    "agency-key-revocation": _agency_key_revocation,
    "check-run": _check_run,
    "deployment": _deployment,
    "handover": _handover,
    "hardened-host": _hardened_host,
    "interconnect": _interconnect,
    "person": _person,
    "request": _request,
    "review": _review,
    "review-withdrawal": _review_withdrawal,
    "server": _server,
    "system-state": _state,
    "waiver": _waiver,
    "waiver-approval": _waiver_approval,
    "waiver-revocation": _waiver_revocation,
}


def _file(what: str, path: Any) -> dict[str, str]:
    """Digest of a stored artefact; nothing when it is gone."""
    found = sha256(path) if path else ""
    return {f"{what} {'/'.join(str(path).split('/')[-2:])}": found} if found else {}
