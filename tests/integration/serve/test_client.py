"""The command as a client of the server: as whom clouds.yaml and OS_CLOUD say, over TLS of a local authority."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.e2e.chain import HATANG
from tests.unit.registry.decided import plan
from tests.unit.serve.place import SECRETS, text

from .client import Client
from .conftest import Server


@pytest.fixture
def client(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Client:  # fmt: skip
    return Client(server, tmp_path, monkeypatch, capsys)


def test_an_agency_asks_the_platform_decides_and_all_over_the_network(
    client: Client, server: Server, tmp_path: Path
) -> None:
    file = tmp_path / "request.yaml"
    file.write_text(text("ho-so"))
    made = client.json("admin", "request", "submit", str(file))["request"]
    assert made["state"] == "submitted"
    plan(server.registry, made["id"])
    assert "ho-so" in client("admin", "request", "list")[0]
    assert "ho-so" in client("specialised", "request", "show", made["id"])[0]
    client("admin", "request", "approve", made["id"], code=3)
    client("specialised", "request", "appraise", made["id"], "--note", "BC 5/2026")
    named = client("owner", "request", "approve", made["id"], "--by", "somebody", code=2)
    assert "by your token" in named[1]
    done = client("owner", "request", "approve", made["id"], "--plan", client.json(
        "owner", "request", "show", made["id"])["request"]["plan"][:12])  # fmt: skip
    assert "is approved by owner-" in done[0]
    assert client.json("admin", "request", "show", made["id"])["request"]["state"] == "approved"


def test_lists_hold_what_the_caller_sees(client: Client) -> None:
    mine = client.json("admin", "system", "list")["systems"]
    assert {s["agency"] for s in mine} == {"H99.05"}
    assert {s["agency"] for s in client.json("auditor", "system", "list")["systems"]} == {"H99.05", "H99.07"}
    assert [a["code"] for a in client.json("admin", "agency", "list")["agencies"]] == ["H99.05"]
    assert client.json("admin", "system", "status", "mot-cua")["waits_for"] == "approval of its request"
    refused = client("admin", "system", "status", "bi-mat", code=2)[1]
    assert not [s for s in SECRETS if s != "bi-mat" and s in refused]


def test_a_fault_is_named_with_file_and_line_also_when_the_server_finds_it(client: Client, tmp_path: Path) -> None:
    file = tmp_path / "request.yaml"
    file.write_text(text("ho-so-hai").replace("zone: dmz", "flavor: huge\n    zone: dmz"))
    told = client("admin", "request", "submit", str(file), code=2)[1]  # only the site knows its flavors
    assert f"{file}:" in told and "flavor" in told
    other = tmp_path / "other.yaml"
    other.write_text(text("ho-so-ba", "H99.07"))
    assert "another agency" in client("admin", "request", "submit", str(other), code=3)[1]


def test_what_is_done_on_the_registry_is_refused_through_a_server(client: Client) -> None:
    assert "local registry" in client("engineer", "host", "list", code=2)[1]
    assert not (client.folder / "state" / "registry.db").exists()


def test_without_login_or_server_it_says_what_to_do(client: Client) -> None:
    assert "OS_CLOUD" in client("nobody-of-that-name", "system", "list", code=2)[1]
    away = client("admin", "system", "list", code=4, HATANG_URL="https://127.0.0.1:1")[1]
    assert "no answer" in away
    clear = client("admin", "system", "list", code=2, HATANG_URL="http://198.51.100.1:8443")[1]
    assert "in clear" in clear
    unknown = client("admin", "system", "list", code=4, HATANG_CA_FILE="/etc/ssl/certs/ca-certificates.crt")[1]
    assert "HATANG_CA_FILE" in unknown


def test_as_a_process_of_its_own(client: Client) -> None:
    env = {"PATH": os.environ["PATH"], "HOME": str(client.folder), **client.env, "OS_CLOUD": "admin"}
    done = subprocess.run([str(HATANG), *client.argv, "system", "list", "--output", "json"], env=env, text=True,
                          capture_output=True, timeout=120, check=True)  # fmt: skip
    assert json.loads(done.stdout)["systems"]
