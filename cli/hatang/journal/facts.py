"""What the journal says of a record: plain facts and digests, never free text, which might hold a secret."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hatang.journal.entry import Fact
from hatang.registry.journal import Record

Row = Mapping[str, Any]
Said = tuple[str, str, dict[str, Any], dict[str, str]]  # act, actor, facts, digests of artefacts


def fact(record: Record) -> Fact:
    """The fact of a record."""
    act, actor, facts, digests = SAY[record.table](record.columns)
    return Fact(record.key, act, actor, record.at, {record.key: record.digest, **digests}, facts)


def _request(row: Row) -> Said:
    digests = {f"plan of {row['request_id']}": row["plan"], f"intent of {row['request_id']}": row["intent"],
               f"document of {row['request_id']}": row["document"]}  # fmt: skip
    facts = {k: row[k] for k in ("request_id", "role", "target", "step") if row[k]}
    return f"request.{row['act']}", row["actor"], facts, {k: v for k, v in digests.items() if v}


def _deployment(row: Row) -> Said:
    facts = {"system": row["system"], "changes": row["summary"].get("changes"), "ok": row["is_ok"]}
    digests = {f"plan of {row['system']}": row["plan_digest"]} if row["plan_digest"] else {}
    return f"system.{row['kind']}", "", facts, {**digests, **_file("log", row["summary"].get("log"))}


def _hardening(row: Row) -> Said:
    facts = {"system": row["system"], "tags": row["tags"], "changed": row["summary"].get("changed"), "ok": row["is_ok"]}
    return "system.harden", "", facts, _file("log", row["summary"].get("log"))


def _check_run(row: Row) -> Said:
    folder = row["summary"].get("report")
    facts = {"system": row["system"], "counts": row["summary"].get("counts")}
    return "system.check", "", facts, _file("report", f"{folder}/report.json" if folder else None)


def _state(row: Row) -> Said:
    return "system.state", "", {"system": row["system"], "state": row["state"]}, {}


def _waiver(row: Row) -> Said:
    facts = {k: row[k] for k in ("control", "scope_kind", "scope")} | {"expires_on": str(row["expires_on"])}
    return "waiver.propose", row["proposed_by"], {"waiver": row["id"], **facts}, {}


def _waiver_approval(row: Row) -> Said:
    return "waiver.approve", row["approved_by"], {"waiver": row["waiver_id"]}, {}


def _waiver_revocation(row: Row) -> Said:
    return "waiver.revoke", row["revoked_by"], {"waiver": row["waiver_id"]}, {}


SAY: dict[str, Callable[[Row], Said]] = {
    "request": _request,
    "deployment": _deployment,
    "hardening": _hardening,
    "check-run": _check_run,
    "system-state": _state,
    "waiver": _waiver,
    "waiver-approval": _waiver_approval,
    "waiver-revocation": _waiver_revocation,
}


def _file(what: str, path: Any) -> dict[str, str]:
    """Digest of a stored artefact; nothing when it is gone."""
    if not path or not Path(path).is_file():
        return {}
    with Path(path).open("rb") as file:
        return {f"{what} {Path(path).parent.name}/{Path(path).name}": hashlib.file_digest(file, "sha256").hexdigest()}
