"""An interconnect at the command line: faults with their line, who decides, what is shown, what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from hatang.registry.interconnects import Interconnects
from tests.unit.commands.test_reorganise import Shell
from tests.unit.days import today
from tests.unit.registry.decided import appraise, plan
from tests.unit.registry.test_interconnects import decide_way, expire

UNTIL = today(30)
FILE = f"""kind: interconnect
requested_by: nguoi-de-nghi
agency: H99.01
from: {{system: mot-1, zone: dmz}}
to: {{system: mot-2, zone: dmz, hosts: [web]}}
protocol: tcp
ports: [8443]
reason: one asks the other
legal_ground: QĐ 1/2026 (ví dụ)
until: {UNTIL}
"""


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def asked(shell: Shell, text: str = FILE) -> str:
    """Handed in."""
    request: str = shell.json("request", "submit", shell.file(text))["request"]["id"]
    return request


def opened(shell: Shell) -> str:
    """As a run leaves it."""
    request = asked(shell)
    decide_way(shell.registry, request)
    shell.registry.begin(request)
    Interconnects(shell.registry).finish(request)
    return request


def test_what_the_registry_finds_in_a_file_is_told_with_its_line(shell: Shell) -> None:
    refused = shell("request", "submit", shell.file(FILE.replace("hosts: [web]", "hosts: [wbe]")), code=2)
    assert f"mot-2 has no host wbe in zone dmz\n  where: {shell.state}/r.yaml:5 (to.hosts.0)" in refused
    assert "did you mean web?" in refused
    assert shell.json("interconnect", "list")["interconnects"] == []


def test_both_owners_and_the_approver_decide(shell: Shell) -> None:
    assert "Interconnect, asked by agency H99.01" in shell("request", "validate", shell.file(FILE))
    request = asked(shell)
    plan(shell.registry, request)
    appraise(shell.registry, request)
    shown = shell.json("request", "show", request)["request"]
    assert (shown["kind"], shown["demand"]["approver"]) == ("interconnect", "owner")
    assert "interconnect.legal_ground" in {c["field"] for c in shown["changes"]}
    early = shell("request", "approve", request, "--by", "nguoi-phe-duyet", code=3)
    assert f"do:    hatang request consent {request}" in early
    for n in (1, 2):
        shell("request", "consent", request, "--by", f"dai-dien-{n}", "--for", f"Chủ quản H99.0{n}")
    told = shell("request", "approve", request, "--by", "nguoi-phe-duyet")
    assert f"hatang interconnect open {request}" in told


def test_what_is_not_approved_is_not_opened(shell: Shell) -> None:
    request = asked(shell)
    assert "is not approved" in shell("interconnect", "open", request, code=3)
    assert "no interconnect is called" in shell("interconnect", "open", "khong-co", code=2)
    other = shell.registry.requests()[0].id
    assert "no interconnect is called" in shell("interconnect", "show", other, code=2)
    draft = shell.json("request", "submit", shell.file(FILE.replace("8443", "9443")), "--draft")["request"]["id"]
    assert "is a draft" in shell("interconnect", "show", draft, code=2)
    assert "hatang interconnect open" in shell("agency", "reorganise", request, code=2)


def test_one_that_is_over_is_not_opened(shell: Shell) -> None:
    request = asked(shell)
    decide_way(shell.registry, request)
    expire(shell.registry, request)
    assert "holds no more: expired on" in shell("interconnect", "open", request, code=3)


def test_open_ones_are_listed_and_shown(shell: Shell) -> None:
    request = opened(shell)
    rows = shell.json("interconnect", "list", "--system", "mot-2")["interconnects"]
    assert [(r["id"], r["state"], r["ports"], r["until"]) for r in rows] == [(request, "open", [8443], str(UNTIL))]
    assert rows[0]["systems"] == ["mot-1", "mot-2"]
    assert rows[0]["to"]["networks"][0].endswith("/32")
    assert shell.json("interconnect", "list", "--system", "khong-co")["interconnects"] == []
    assert "mot-1/dmz" in shell("interconnect", "list")
    assert "QĐ 1/2026" in shell("interconnect", "show", request)
    status = shell.json("system", "status", "mot-2")["interconnects"]
    assert [(w["id"], w["what"]) for w in status] == [(request, "mot-1/dmz → mot-2/dmz tcp 8443")]


def test_it_is_ended_by_a_person_with_a_reason_unless_it_is_over(shell: Shell) -> None:
    request = opened(shell)
    assert "where: --reason" in shell("interconnect", "end", request, "--by", "dai-dien-0", code=2)
    nobody = shell("interconnect", "end", request, "--reason", "x", code=2)
    assert "nobody is named" in nobody
    foreign = ("--by", "dai-dien-0", "--for", "Ai khác", "--reason", "x")
    assert "owns none of the systems" in shell("interconnect", "end", request, *foreign, code=2)
    assert shell.json("interconnect", "show", request)["interconnect"]["state"] == "open", "nothing was changed"


def test_before_it_was_begun_ending_it_touches_no_cloud(shell: Shell) -> None:
    request = asked(shell)
    assert "does not take: end" in shell("interconnect", "end", request, "--by", "x", "--reason", "y", code=3)
    decide_way(shell.registry, request)
    done = shell.json("interconnect", "end", request, "--by", "nguoi-tham-dinh", "--reason", "không cần nữa")
    assert done["interconnect"]["state"] == "ended"
    assert "ended on" in done["interconnect"]["lapsed"]


def test_all_that_are_over_are_ended_at_once(shell: Shell) -> None:
    request = opened(shell)
    for system in ("mot-1", "mot-2"):  # so that nothing in the cloud is to be changed
        shell.registry.set_system_state(system, "provisioning")
    assert "No interconnect is over" in shell("interconnect", "end", "--expired")
    expire(shell.registry, request)
    done = shell.json("interconnect", "end", "--expired")
    assert [(w["id"], w["state"], w["in_cloud"]) for w in done["interconnects"]] == [(request, "ended", [])]
    assert done["failed"] == []
    assert "No interconnect is over" in shell("interconnect", "end", "--expired")


def test_what_is_to_end_is_named_once(shell: Shell) -> None:
    request = opened(shell)
    for words in ((), (request, "--expired"), ("--expired", "--by", "x"), ("--expired", "--reason", "x")):
        assert "--expired" in shell("interconnect", "end", *words, code=2)
    assert shell.json("interconnect", "show", request)["interconnect"]["state"] == "open"
