"""`hatang waiver` from proposal to end, and how `hatang check --last` shows what it does, in both languages."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from hatang.audit.results import CheckRun, Result
from hatang.audit.waived import beside, told
from hatang.commands.root import root
from hatang.errors import HatangError
from hatang.model.terms import ResultState
from hatang.model.waiver import civil_day
from hatang.registry import HostRecord, Registry
from tests.unit.audit.test_waivers import result
from tests.unit.registry.test_registry import REQUEST

SYSTEM = REQUEST.system.name
HOST = f"{SYSTEM}-web"
TODAY = civil_day(datetime.now(UTC))
LAST = TODAY + timedelta(days=90)
WORDS = ["--reason", "The old client locks itself out", "--measure", "Only through the bastion", "--by", "Nguyễn Văn A"]

Run = Callable[..., Any]


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """A system with one host, checked: the account lock is not met on it."""
    registry = Registry.open(f"sqlite:///{tmp_path}/registry.db")
    registry.submit(REQUEST, "")
    host = HostRecord(HOST, SYSTEM, REQUEST.agency.code, "dmz", "192.0.2.1", "debian", "id", 3)
    registry.record_hosts(SYSTEM, [host])
    met = replace(result(ResultState.MET), control="AUT-14", detail="")
    now = datetime.now(UTC)
    run = CheckRun(now, now, (result(), met))
    registry.record_check_run(SYSTEM, {"counts": run.counts(), "report": str(run.write(tmp_path / "checks"))})
    return registry


@pytest.fixture
def run(tmp_path: Path, registry: Registry) -> Run:
    """Runs a command; JSON when it ends well. What went wrong is raised."""

    def runs(*words: str) -> Any:
        done = CliRunner().invoke(root, ["--state", str(tmp_path), *words, "--output", "json"], standalone_mode=False)
        if isinstance(done.exception, HatangError):
            raise done.exception
        assert done.exception is None, done.output
        return json.loads(done.stdout) | {"exit_code": done.return_value or 0}

    return runs


def proposed(run: Run, *words: str) -> dict[str, Any]:
    """A proposal for the host."""
    scope = words or ("--host", HOST)
    found: dict[str, Any] = run("waiver", "propose", "AUT-13", *scope, "--until", str(LAST), *WORDS)["waiver"]
    return found


def test_from_proposal_to_end(run: Run) -> None:
    made = proposed(run)
    assert (made["state"], made["scope_kind"], made["scope"], made["until"]) == ("proposed", "host", HOST, str(LAST))
    (pin,) = made["pins"]
    assert (pin["level"], pin["value"], pin["source"], pin["clause"]) == (3, 5, "tcvn14423_2026", "x.5.2.2 a")
    assert len(pin["digest"]) == 64
    assert proposed(run)["id"] == made["id"]
    key = made["id"]
    assert run("waiver", "list", "--state", "valid")["waivers"] == []
    approved = run("waiver", "approve", key, "--by", "Trần Thị B", "--note", "QD 12/2026")["waiver"]
    assert (approved["state"], approved["approved_by"], approved["note"]) == ("valid", "Trần Thị B", "QD 12/2026")
    assert run("waiver", "show", key)["waiver"] == approved
    assert run("waiver", "list", "--state", "valid", "--control", "AUT-13")["waivers"] == [approved]
    assert run("waiver", "list", "--control", "AUT-14")["waivers"] == []
    ended = run("waiver", "revoke", key, "--by", "Trần Thị B", "--reason", "the client was replaced")["waiver"]
    assert (ended["state"], ended["revoked_why"]) == ("revoked", "the client was replaced")


def test_check_counts_it_on_its_own_while_it_holds(run: Run) -> None:
    def lock(report: dict[str, Any]) -> dict[str, Any]:
        (row,) = [r for r in report["results"] if r["control"] == "AUT-13"]
        assert row["state"] != "met"
        return row  # type: ignore[no-any-return]

    before = run("check", "--last")
    assert (before["exit_code"], before["counts"]["not-met"], before["counts"]["waived"]) == (1, 1, 0)
    key = proposed(run)["id"]
    assert run("check", "--last")["exit_code"] == 1
    run("waiver", "approve", key, "--by", "Trần Thị B")
    during = run("check", "--last")
    assert (during["exit_code"], during["counts"]["not-met"], during["counts"]["waived"]) == (0, 0, 1)
    row = lock(during)
    assert (row["state"], row["true_state"]) == ("waived", "not-met")
    assert (row["waiver"]["id"], row["waiver"]["approved_by"], row["waiver"]["until"]) == (key, "Trần Thị B", str(LAST))
    run("waiver", "revoke", key, "--by", "Trần Thị B", "--reason", "the client was replaced")
    after = run("check", "--last")
    assert (after["exit_code"], after["counts"]["not-met"], after["counts"]["waived"]) == (1, 1, 0)
    assert (lock(after)["state"], lock(after)["waiver"]["state"]) == ("not-met", "revoked")


@pytest.mark.parametrize(
    ("words", "exit_code", "what"),
    [
        (("propose", "AUT-13", "--until", str(LAST), *WORDS), 2, "a waiver has one scope, not 0"),
        (
            ("propose", "AUT-13", "--host", HOST, "--system", SYSTEM, "--until", str(LAST), *WORDS),
            2,
            "a waiver has one scope, not 2",
        ),
        (("propose", "AUT-13", "--host", HOST, "--until", "31/03/2027", *WORDS), 2, "'31/03/2027' is no day"),
        (("propose", "AUT-13", "--host", HOST, "--until", str(TODAY), *WORDS), 2, f"the last day {TODAY} is not"),
        (("propose", "AUT-31", "--host", HOST, "--until", str(LAST), *WORDS), 2, "no control is called AUT-31"),
        (("approve", "nothing", "--by", "Trần Thị B"), 2, "no waiver is called nothing"),
    ],
)
def test_wrong_words_change_nothing(run: Run, words: tuple[str, ...], exit_code: int, what: str) -> None:
    with pytest.raises(HatangError) as caught:
        run("waiver", *words)
    assert caught.value.exit_code == exit_code
    assert caught.value.what.startswith(what)
    assert run("waiver", "list")["waivers"] == []


def test_nobody_approves_an_own_proposal(run: Run) -> None:
    key = proposed(run)["id"]
    with pytest.raises(HatangError, match="may not approve it") as caught:
        run("waiver", "approve", key, "--by", "nguyễn văn a")
    assert caught.value.exit_code == 3
    assert run("waiver", "show", key)["waiver"]["state"] == "proposed"


@pytest.mark.parametrize(
    ("lang", "state", "told"),
    [
        ("en", f"NOT MET — waived until {LAST}", f"waived until {LAST} by waiver"),
        ("vi", f"CHƯA ĐẠT — miễn áp dụng đến {LAST:%d/%m/%Y}", f"miễn áp dụng đến {LAST:%d/%m/%Y} theo ngoại lệ"),
    ],
)
def test_the_table_shows_it_beside_the_true_state(run: Run, tmp_path: Path, lang: str, state: str, told: str) -> None:
    key = proposed(run)["id"]
    run("waiver", "approve", key, "--by", "Trần Thị B")
    done = subprocess.run(
        [sys.executable, "-m", "hatang", "--lang", lang, "--state", str(tmp_path), "check", "--last"],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert state.split(" — ")[0] in done.stdout
    assert state.split(" — ")[1].split()[0] in done.stdout
    (said,) = [x for x in done.stdout.splitlines() if x.startswith(f"AUT-13 {HOST}: locked after 50 failures")]
    assert told in said
    assert key in said
    assert "Trần Thị B" in said


def test_words_keep_the_true_state_first() -> None:
    valid = {"state": "valid", "until": "2027-03-31", "id": "w", "scope": "host a", "approved_by": "B", "measure": "m"}
    assert beside("NOT MET", valid, True) == "NOT MET — waived until 2027-03-31"
    assert beside("met (secondary source)", valid, False) == "met (secondary source) — waiver until 2027-03-31"
    assert beside("NOT MET", None, False) == "NOT MET"
    assert told("locked after 50 failures", None) == "locked after 50 failures"
    assert told("", valid) == "waived until 2027-03-31 by waiver w (host a), approved by B; instead: m"
    for state in ("expired", "lapsed", "revoked"):
        over = {**valid, "state": state, "why": "for a reason"}
        assert beside("NOT MET", over, False) == f"NOT MET — waiver {state}"
        assert told("locked", over) == f"locked — waiver {state} (w): for a reason"


def test_reports_of_before_waivers_are_read(registry: Registry) -> None:
    row = result().as_dict()
    del row["waiver"], row["true_state"]
    assert Result.of(row) == result()
