"""An interconnect on the real cloud: refused before, exactly its port while it is open, refused after it expired, and
after a person ended it before its day."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from hatang.model.waiver import civil_day
from hatang.registry import Registry
from hatang.registry import tables as t
from tests.integration.isolation.conftest import SYSTEMS, Pair
from tests.integration.isolation.running import on_host

PORT, OTHER = 8443, 8444
FOLLOWS_S = 20.0  # the data plane is what Neutron says within two seconds, on a machine that is not busy
TODAY = civil_day(datetime.now(UTC))
# Greets whoever comes, on both ports and IP versions, until somebody says that it may end.
SERVE = f"""
import select, socket, time
doors = [socket.create_server(("::", p), family=socket.AF_INET6, dualstack_ipv6=True) for p in ({PORT}, {OTHER})]
end = time.monotonic() + 300
while time.monotonic() < end:
    for door in select.select(doors, [], [], 5)[0]:
        guest, _ = door.accept()
        guest.sendall(b"hello")
        guest.close()
"""
KNOCK = f"""
import json, socket, sys
heard = []
for address in sys.argv[1:]:
    for port in ({PORT}, {OTHER}):
        try:
            with socket.create_connection((address, port), 1) as c:
                heard.append([address, port, c.recv(5).decode()])
        except OSError:
            pass
print(json.dumps(heard))
"""


def _file(folder: Path) -> Path:
    file = folder / "interconnect.yaml"
    file.write_text(yaml.safe_dump({
        "kind": "interconnect", "requested_by": "nguoi-de-nghi.vi-du", "agency": SYSTEMS["lap-mot"],
        "from": {"system": "lap-mot", "zone": "dmz", "hosts": ["web"]},
        "to": {"system": "lap-hai", "zone": "application", "hosts": ["app"]},
        "protocol": "tcp", "ports": [PORT], "reason": "Hệ thống này hỏi hệ thống kia (ví dụ)",
        "legal_ground": "QĐ 1/2026 (ví dụ)", "until": TODAY + timedelta(days=30),
    }, allow_unicode=True))  # fmt: skip
    return file


def _heard(pair: Pair, addresses: list[str]) -> list[list[Any]]:
    """What the host web of the one system hears from the host app of the other."""
    out, err = on_host(pair, "lap-mot-web", KNOCK, *addresses).communicate(timeout=60)
    assert out, err
    found: list[list[Any]] = json.loads(out)
    return found


def _settles(look: Callable[[], Any], wanted: Any) -> Any:
    """What is seen in the end: what is wanted, or what there is after `FOLLOWS_S`."""
    end = time.monotonic() + FOLLOWS_S
    while (seen := look()) != wanted and time.monotonic() < end:
        time.sleep(0.5)
    return seen


def _expire(pair: Pair, request: str) -> None:
    registry = Registry.open(f"sqlite:///{pair.hatang.state}/registry.db")
    with registry._writing() as session:
        row = session.get_one(t.RequestRow, request)
        yesterday = (TODAY - timedelta(days=1)).isoformat()
        row.spec = {**row.spec, "interconnect": {**row.spec["interconnect"], "until": yesterday}}


def _left(pair: Pair) -> list[str]:
    """What an interconnect made, and is still in the cloud."""
    net: Any = pair.cloud.network
    found = [f"port {p.name}" for p in net.ports() if (p.name or "").startswith("ways-")]
    found += [f"route of {s}: {r}" for s in SYSTEMS for r in net.find_router(s).routes or ()]
    return found + [
        f"rule {r.description}" for r in net.security_group_rules() if (r.description or "").startswith("Interconnect")
    ]


@pytest.mark.turn("flows", "last-day")
def test_only_what_was_approved_passes_and_only_until_its_last_day(hardened: Pair, tmp_path: Path) -> None:
    _apart_afterwards(hardened, lambda: _live(hardened, tmp_path))


@pytest.mark.turn("flows", "early-end")
def test_an_owner_ends_it_before_its_day_and_nothing_passes_any_more(hardened: Pair, tmp_path: Path) -> None:
    _apart_afterwards(hardened, lambda: _ended_early(hardened, tmp_path))


def _apart_afterwards(pair: Pair, life: Callable[[], None]) -> None:
    server = on_host(pair, "lap-hai-app", SERVE)
    try:
        life()
    except BaseException:  # the tests after this one expect systems that are apart
        for row in pair.hatang("interconnect", "list", "--output", "json").json()["interconnects"]:
            pair.hatang("interconnect", "end", row["id"], "--by", "nguoi-thu.vi-du", "--reason", "x", code=None)
        raise
    finally:
        server.kill()
        server.wait()
    assert _left(pair) == []


def _approved(pair: Pair, folder: Path) -> dict[str, Any]:
    """The request, as both owners and the approver decided."""
    hatang = pair.hatang
    row: dict[str, Any] = hatang("request", "submit", str(_file(folder)), "--output", "json").json()["request"]
    planned = hatang("request", "plan", row["id"], "--output", "json").json()
    assert {(s["operation"], s["type"]) for s in planned["steps"]} == {
        ("create", kind) for kind in ("Port", "RouterInterface", "RouterRoute", "SecGroupRule")
    }
    row["owners"] = planned["request"]["owners"]
    assert len(row["owners"]) == 2
    hatang("request", "appraise", row["id"], "--by", "nguoi-tham-dinh.vi-du")
    for i, owner in enumerate(row["owners"]):
        hatang("request", "consent", row["id"], "--by", f"dai-dien-{i}.vi-du", "--for", owner)
    hatang("request", "approve", row["id"], "--by", "nguoi-phe-duyet.vi-du")
    return row


def _ended_early(pair: Pair, folder: Path) -> None:
    hatang = pair.hatang
    addresses = sorted(f["ip_address"] for f in pair.port("lap-hai-app").fixed_ips)
    row = _approved(pair, folder)
    hatang("interconnect", "open", row["id"])
    wanted = [[a, PORT, "hello"] for a in addresses]
    assert _settles(lambda: _heard(pair, addresses), wanted) == wanted
    nothing = hatang("interconnect", "end", "--expired", "--output", "json").json()
    assert (nothing["interconnects"], nothing["failed"]) == ([], []), "its day is not over"
    own = ("--by", "dai-dien-0.vi-du", "--for", row["owners"][0])
    hatang("interconnect", "end", row["id"], *own, code=2)  # no reason
    for by, owner, code in (("nguoi-khac.vi-du", "Ai khác", 2), ("nguoi-de-nghi.vi-du", row["owners"][0], 3)):
        hatang("interconnect", "end", row["id"], "--by", by, "--for", owner, "--reason", "x", code=code)
    assert _heard(pair, addresses) == wanted, "nothing was changed"
    why = (*own, "--reason", "Không cần nữa (ví dụ)")
    assert hatang.kill_at("close lap-hai …", "interconnect", "end", row["id"], *why), "killed between the two systems"
    ended = hatang("interconnect", "end", "--expired", "--output", "json").json()  # what was begun is gone on with
    assert [(w["id"], w["state"], w["in_cloud"]) for w in ended["interconnects"]] == [(row["id"], "ended", [])]
    assert _settles(lambda: _heard(pair, addresses), []) == []
    pair.prove(code=0)
    last = hatang("request", "show", row["id"], "--output", "json").json()["request"]["history"][-1]
    assert (last["act"], last["role"], last["by"]) == ("end", "owner", "dai-dien-0.vi-du")


def _live(pair: Pair, folder: Path) -> None:
    hatang = pair.hatang
    port = pair.port("lap-hai-app")
    addresses = sorted(f["ip_address"] for f in port.fixed_ips)
    assert len(addresses) == 2, "IPv4 and IPv6"
    assert _heard(pair, addresses) == [], "systems are apart"

    row = _approved(pair, folder)
    assert hatang.kill_at("open lap-hai …", "interconnect", "open", row["id"]), "killed between the two systems"
    opened = hatang("interconnect", "open", row["id"], "--output", "json").json()["interconnect"]
    assert (opened["state"], opened["in_cloud"]) == ("open", ["lap-mot", "lap-hai"])
    wanted = [[a, PORT, "hello"] for a in addresses]
    assert _settles(lambda: _heard(pair, addresses), wanted) == wanted, "that port, by both IP versions"
    found = pair.prove(code=0)
    across = {(r["from"], r["to"], r["protocol"], r["port"], r["version"]) for r in found["arrived"]
              if {r["from"][:7], r["to"][:7]} == set(SYSTEMS)}  # fmt: skip
    assert across == {("lap-mot-web", "lap-hai-app", "tcp", PORT, v) for v in (4, 6)}, "and nothing else"

    controls = [w for c in ("HST-01", "HST-02", "DEV-04", "TSL-01", "SAC-11") for w in ("--control", c)]
    hatang("check", "--system", "lap-hai", *controls)  # it is what was approved: systems are apart otherwise

    _expire(pair, row["id"])
    over = pair.prove(code=1)
    assert {(d["from"], d["to"], d["port"], d["difference"]) for d in over["differences"]} == {
        ("lap-mot-web", "lap-hai-app", PORT, "open")
    }
    causes = [c["what"] for c in over["causes"] if c["kind"] == "rule-added"]
    assert {f"expired on {TODAY - timedelta(days=1)}" in what for what in causes} == {True}
    checked = hatang("check", "--system", "lap-hai", "--control", "HST-02", "--output", "json", code=1).json()
    (unmet,) = [r for r in checked["results"] if r["control"] == "HST-02"]
    assert f"interconnect {row['id']}, expired on {TODAY - timedelta(days=1)}" in unmet["detail"]
    steps = hatang("system", "plan", "lap-hai", "--output", "json").json()["steps"]
    assert {s["operation"] for s in steps if s["name"].startswith("ways-")} == {"delete"}
    # what a timer runs each day; killed between the two systems, the next one goes on
    assert hatang.kill_at("close lap-hai …", "interconnect", "end", "--expired")
    ended = hatang("interconnect", "end", "--expired", "--output", "json").json()
    assert [(w["id"], w["state"], w["in_cloud"]) for w in ended["interconnects"]] == [(row["id"], "ended", [])]
    assert ended["failed"] == []
    assert _settles(lambda: _heard(pair, addresses), []) == []
    again = hatang("interconnect", "end", "--expired", "--output", "json").json()
    assert (again["interconnects"], again["failed"]) == ([], [])
    hatang("check", "--system", "lap-hai", "--control", "HST-02")
