"""`hatang request` on the local registry: who decides, what is shown, time limits, exit codes."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from hatang.commands.root import root
from hatang.errors import HatangError
from hatang.model.case import Event
from hatang.model.lifecycle import Act, Role
from hatang.registry import Registry
from tests.unit.registry.decided import plan

EXAMPLE = Path(__file__).resolve().parents[3] / "inventories" / "example"
FILE = EXAMPLE / "requests" / "one-stop.yaml"  # level 3


class Shell:
    """Commands on one state folder."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.registry = Registry.open(f"sqlite:///{state / 'registry.db'}")

    def __call__(self, *words: str, code: int = 0, lang: str = "en") -> str:
        """What the command printed, or with an exit code what its error says."""
        common = ["--state", str(self.state), "--site", str(EXAMPLE / "site.yaml"), "--lang", lang, "request"]
        done = CliRunner().invoke(root, [*common, *words])
        if code:
            assert isinstance(done.exception, HatangError), done.output
            assert done.exception.exit_code == code
            return str(done.exception)
        assert done.exit_code == 0, (done.output, done.exception)
        return done.stdout

    def json(self, *words: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self(*words, "--output", "json"))
        return found


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.fixture
def planned(shell: Shell) -> str:
    """The id of a request of level 3 with a plan."""
    request: str = shell.json("submit", str(FILE))["request"]["id"]
    plan(shell.registry, request)
    return request


def test_level_3_from_plan_to_approval(shell: Shell, planned: str) -> None:
    assert shell.json("show", planned)["steps"] is None, "that plan was made elsewhere"
    shown = shell.json("show", planned)["request"]
    assert shown["demand"] == {
        "approver": "owner", "appraiser": "specialised-unit", "opinion": False, "clause": "331/2026/NĐ-CP Đ18",
    }  # fmt: skip
    early = shell("approve", planned, "--by", "nguoi-phe-duyet", code=3)
    assert "appraisal by specialised-unit" in early
    shell("appraise", planned, "--by", "nguoi-tham-dinh", "--note", "BC 5/2026")
    own = shell("approve", planned, "--by", "nguoi-de-nghi.ubnd.vi-du", code=3)
    assert "may not approve it" in own
    shell("approve", planned, "--by", "nguoi-tham-dinh", code=3)
    shell("approve", planned, "--by", "nguoi-phe-duyet", "--plan", "0123456789ab", code=3)
    done = shell("approve", planned, "--by", "nguoi-phe-duyet", "--plan", shown["plan"][:12])
    assert f"plan {shown['plan'][:12]} is approved by nguoi-phe-duyet" in done
    shown = shell.json("show", planned)["request"]
    assert (shown["state"], shown["approved_plan"]) == ("approved", shown["plan"])
    assert [e["act"] for e in shown["history"]] == ["submit", "plan", "appraise", "approve"]


def test_without_a_plan_there_is_nothing_to_approve(shell: Shell) -> None:
    request = shell.json("submit", str(FILE))["request"]["id"]
    refused = shell("approve", request, "--by", "nguoi-phe-duyet", code=3)
    assert f"hatang request plan {request}" in refused


def test_a_return_needs_a_reason_and_shows_it(shell: Shell, planned: str) -> None:
    shell("return", planned, "--by", "nguoi-phe-duyet", code=2)
    shell("return", planned, "--by", "nguoi-phe-duyet", "--note", "thiếu sơ đồ")
    assert "thiếu sơ đồ" in shell("show", planned, lang="vi")
    shell("reject", planned, "--by", "nguoi-phe-duyet", "--note", "x", code=3)


def test_an_opinion_is_kept_as_the_digest_of_its_document(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "level4.yaml"
    file.write_text(FILE.read_text().replace("level: 3", "level: 4"))
    request = shell.json("submit", str(file))["request"]["id"]
    plan(shell.registry, request)
    document = tmp_path / "y-kien.pdf"
    shell("opinion", request, "--by", "nguoi-ghi-nhan", "--document", str(document), code=2)
    document.write_bytes(b"y kien")
    shell("approve", request, "--by", "nguoi-phe-duyet", code=3)
    shell("opinion", request, "--by", "nguoi-ghi-nhan", "--document", str(document))
    shell("approve", request, "--by", "nguoi-phe-duyet")
    opinion = next(e for e in shell.json("show", request)["request"]["history"] if e["act"] == "opinion")
    assert opinion["document"] == hashlib.sha256(b"y kien").hexdigest()


def test_overdue_lists_what_is_late_and_what_cannot_be_told(
    shell: Shell, planned: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = shell.registry.request(planned)
    case = record.case.after(Event(Act.RETURN, Role.OWNER, "nguoi-phe-duyet"))

    def told(year: int) -> list[dict[str, Any]]:
        when = datetime(year, 3, 2, tzinfo=UTC)
        late = case.after(Event(Act.SUBMIT, Role.REQUESTER, record.requested_by, at=when))
        changed = type(record)(**{**record.__dict__, "case": late})
        monkeypatch.setattr(Registry, "requests", lambda self, state=None: [changed])
        found: list[dict[str, Any]] = shell.json("list", "--overdue")["requests"]
        return found

    (late,) = told(2026)
    assert (late["deadline"]["until"], late["deadline"]["overdue"]) == ("2026-03-09", True)
    (unknown,) = told(2031)
    assert (unknown["deadline"]["unknown_year"], unknown["deadline"]["overdue"]) == (2031, None)
    assert "holidays of 2031 are not known" in " ".join(shell("list").split())


def test_an_agency_comes_with_its_first_system_and_only_once(shell: Shell, tmp_path: Path) -> None:
    file, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    file.write_text(FILE.read_text().replace("kind: new-system", "kind: new-agency"))
    assert "System mot-cua, agency H99.05: new-agency" in shell("validate", str(file))
    request = shell.json("submit", str(file))["request"]
    assert (request["kind"], request["demand"]["approver"]) == ("new-agency", "owner")
    assert "vcpus 64" in shell("show", request["id"])
    second.write_text(file.read_text().replace("name: mot-cua", "name: van-thu"))
    refused = shell("submit", str(second), code=2)
    assert f"agency H99.05 is there already, by request {request['id']} (new-agency)" in refused
    assert f"{second}:6 (agency.code)" in refused
    assert "kind: new-system" in refused
    assert len(shell.json("list")["requests"]) == 1
