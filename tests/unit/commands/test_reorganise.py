"""A reorganisation at the command line: from the file with its faults to the history of the codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from hatang.commands.root import root
from hatang.errors import HatangError
from hatang.registry import Registry
from tests.unit.commands.test_request import EXAMPLE
from tests.unit.days import today
from tests.unit.registry.decided import plan
from tests.unit.registry.test_reorganisations import carry_out, in_use

TEXT = """kind: reorganise
requested_by: nguoi-de-nghi
agency: H99.01
effective: TODAY
basis: {document: NQ 1/2026, document_sha256: SHA256}
moves:
  - kind: merge
    predecessors: [H99.01, H99.02]
    successors: [{code: H99.21, name: {vi: Phường A (ví dụ), en: Ward A (example)}}]
"""


class Shell:
    """Commands on one state folder with two bodies."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.registry = Registry.open(f"sqlite:///{state / 'registry.db'}")
        for n in (1, 2):
            in_use(self.registry, f"H99.0{n}", f"mot-{n}")

    def __call__(self, *words: str, code: int = 0) -> str:
        """What the command printed, or with an exit code what its error says."""
        common = ["--state", str(self.state), "--site", str(EXAMPLE / "site.yaml"), "--lang", "en"]
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

    def file(self, text: str = TEXT) -> str:
        path = self.state / "r.yaml"
        path.write_text(text.replace("TODAY", str(today())).replace("SHA256", "a" * 64))
        return str(path)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def test_what_the_registry_finds_in_a_file_is_told_with_its_line(shell: Shell) -> None:
    refused = shell("request", "submit", shell.file(TEXT.replace("H99.02]", "H99.09]")), code=2)
    assert f"no body is called H99.09\n  where: {shell.state}/r.yaml:8 (moves.0.predecessors.1)" in refused
    assert [r["kind"] for r in shell.json("request", "list")["requests"]] == ["new-system"] * 2


def test_from_the_file_to_the_history(shell: Shell) -> None:
    assert "Reorganisation, asked by agency H99.01" in shell("request", "validate", shell.file())
    request = shell.json("request", "submit", shell.file())["request"]["id"]
    plan(shell.registry, request)
    shown = shell.json("request", "show", request)["request"]
    assert shown["owners"] == ["Chủ quản H99.01", "Chủ quản H99.02"]
    assert {"field": "system.mot-2.agency", "old": "H99.02", "new": "H99.21", "carried_out": True} in shown["changes"]
    assert shown["demand"]["approver"] == "specialised-unit"
    early = shell("request", "approve", request, "--by", "nguoi-phe-duyet", code=3)
    assert f"do:    hatang request consent {request}" in early
    shell("request", "consent", request, "--by", "nguoi-la", "--for", "Ai khác", code=2)
    for n in (1, 2):
        told = shell("request", "consent", request, "--by", f"dai-dien-{n}", "--for", f"Chủ quản H99.0{n}")
        assert f"Chủ quản H99.0{n} agrees, by dai-dien-{n}" in " ".join(told.split())
    assert f"hatang agency reorganise {request}" in shell("request", "approve", request, "--by", "nguoi-phe-duyet")
    carry_out(shell.registry, request)
    rows = shell.json("agency", "history", "H99.01")["changes"]
    assert [(r["old"], r["new"], r["systems"]) for r in rows] == [("H99.01", "H99.21", ["mot-1"])]
    yesterday = str(today(-1))
    assert shell.json("agency", "list", "--as-of", yesterday)["agencies"] == [], "they were recorded today"
    now = shell.json("agency", "list", "--as-of", str(today()))["agencies"]
    assert [(a["code"], a["systems"]) for a in now] == [("H99.21", ["mot-1", "mot-2"])]
    assert {a["code"]: a["ended"] for a in shell.json("agency", "list")["agencies"]} == {
        "H99.01": str(today()), "H99.02": str(today()), "H99.21": "",
    }  # fmt: skip
    assert "there was no body H99.01" in shell("agency", "show", "H99.01", "--as-of", str(today()), code=2)
    other = shell.registry.requests()[0].id
    assert "is of kind new-system" in shell("agency", "reorganise", other, code=2)
