"""The main path on real parts: request file → active system; and again, without a change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.e2e.chain import SYSTEM, Hatang, inventory, request_file, submit


def test_unapproved_request_is_refused_and_waits(hatang: Hatang, tmp_path: Path) -> None:
    request = submit(hatang, request_file(tmp_path, "cho-duyet"), approve=False)
    refused = hatang("system", "apply", "cho-duyet", code=3)
    assert f"request {request} for system cho-duyet is not approved" in refused.err
    status = hatang("system", "status", "cho-duyet", "--output", "json").json()
    assert status["waits_for"] == "approval of its request"
    assert inventory(hatang.cloud, "cho-duyet", "h99-07")["project"] == 0


def test_system_becomes_active(hatang: Hatang, applied: dict[str, Any]) -> None:
    status = hatang("system", "status", SYSTEM, "--output", "json").json()
    assert status["state"] == "active"
    assert {s["state"] for s in status["steps"]} == {"done"}
    assert applied["apply"]["changes"]["create"] > 40


def test_cloud_holds_one_of_everything(hatang: Hatang, applied: dict[str, Any]) -> None:
    found = inventory(hatang.cloud, SYSTEM, "h99-07")
    assert found == {  # of level 3, with the zone of those who store documents
        "domain": 1, "project": 1, "network": 8, "network names": 8, "router": 1, "security group": 8,
        "server": 1, "volume": 0, "group": 2,
    }  # fmt: skip


def test_no_automated_control_is_left_unmet(applied: dict[str, Any]) -> None:
    counts = applied["check"]["counts"]
    assert counts.get("not-met", 0) == 0
    assert counts["met"] >= 18


def test_second_apply_changes_nothing(hatang: Hatang, applied: dict[str, Any]) -> None:
    again = hatang("system", "apply", SYSTEM, "--output", "json").json()["steps"]
    assert {op for op, n in again["apply"]["changes"].items() if n} == {"same"}
    assert sum(again["harden"]["changed"].values()) == 0


def test_what_the_zone_matrix_lets_through_passes_and_nothing_else(hatang: Hatang, applied: dict[str, Any]) -> None:
    found = hatang("isolation", "prove", "--system", SYSTEM, "--output", "json").json()
    assert found["holds"]
    assert not found["troubles"]
    assert {(f"{SYSTEM}-web", 22)} <= {(r["to"], r["port"]) for r in found["arrived"]}


def test_host_is_a_booted_machine(hatang: Hatang, applied: dict[str, Any]) -> None:
    name = applied["wait-for-hosts"]["hosts"][0]
    assert hatang("host", "ssh", name, "--", "cat", "/proc/1/comm").out.strip() == "systemd"
