"""Two bodies become one while their systems work: no packet between hosts is lost, no connection breaks."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from hatang.model.waiver import civil_day
from tests.integration.isolation.conftest import SYSTEMS, Pair
from tests.integration.isolation.running import on_host

PORT = 8080  # the zone matrix lets the published service ask the application there
ECHO = f"""
import socket
s = socket.create_server(("0.0.0.0", {PORT}))
c, _ = s.accept()
while b := c.recv(64):
    c.sendall(b)
"""
# One connection, a number every 20 ms, each awaited; at the end what the kernel counted: a lost packet is sent again.
ASK = f"""
import json, socket, struct, sys, time
c = socket.create_connection((sys.argv[1], {PORT}), 10)
c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
sent, worst, end = 0, 0.0, time.monotonic() + float(sys.argv[2])
while time.monotonic() < end:
    begun = time.monotonic()
    c.sendall(b"%08d" % sent)
    got = b""
    while len(got) < 8:
        part = c.recv(8 - len(got))
        assert part, "the connection broke"
        got += part
    assert int(got) == sent
    sent += 1
    worst = max(worst, time.monotonic() - begun)
    time.sleep(0.02)
again = struct.unpack_from("I", c.getsockopt(socket.IPPROTO_TCP, 11, 192), 100)[0]  # TCP_INFO: tcpi_total_retrans
print(json.dumps({{"sent": sent, "sent_again": again, "worst_s": round(worst, 3)}}))
"""
LONGEST_S = 900


def _file(folder: Path) -> Path:
    file = folder / "reorganise.yaml"
    name = {"vi": "Cơ quan sau sáp nhập (ví dụ)", "en": "Body after the merge (example)"}
    file.write_text(yaml.safe_dump({
        "kind": "reorganise", "requested_by": "nguoi-de-nghi.vi-du", "agency": SYSTEMS["lap-mot"],
        "effective": civil_day(datetime.now(UTC)),
        "basis": {"document": "NQ 1/2026 (ví dụ)", "document_sha256": "c" * 64},
        "moves": [{"kind": "merge", "predecessors": sorted(SYSTEMS.values()),
                   "successors": [{"code": "H99.14", "name": name}]}],
    }, allow_unicode=True))  # fmt: skip
    return file


@pytest.mark.long
def test_no_packet_is_lost_between_hosts_while_their_bodies_merge(hardened: Pair, tmp_path: Path) -> None:
    hatang = hardened.hatang
    row = hatang("request", "submit", str(_file(tmp_path)), "--output", "json").json()["request"]
    shown = hatang("request", "plan", row["id"], "--output", "json").json()["request"]
    for i, owner in enumerate(shown["owners"]):
        hatang("request", "consent", row["id"], "--by", f"dai-dien-{i}", "--for", owner)
    hatang("request", "approve", row["id"], "--by", "nguoi-phe-duyet")
    hosts: dict[str, Any] = {h["name"]: h for h in hatang("host", "list", "--output", "json").json()["hosts"]}
    servers = [on_host(hardened, f"{s}-app", ECHO) for s in SYSTEMS]
    time.sleep(3)
    begun = time.monotonic()
    # Longer than the last reorganisation took; its time is not known before, so the clients are stopped by their clock.
    clients = [on_host(hardened, f"{s}-web", ASK, hosts[f"{s}-app"]["address"], "120") for s in SYSTEMS]
    done = hatang("agency", "reorganise", row["id"], "--output", "json", timeout=LONGEST_S).json()
    took = time.monotonic() - begun
    results = [c.communicate(timeout=LONGEST_S) for c in clients]
    for server in servers:
        server.communicate(timeout=60)
    found = [json.loads(out) for out, _err in results]
    print(f"reorganised in {took:.0f} s beside {found}")
    assert took < 120, "the clients had ended before it had"
    assert all(f["sent_again"] == 0 for f in found), found
    assert all(f["sent"] > 1_000 for f in found), found
    assert set(done["steps"]) >= {f"hand over {s}" for s in SYSTEMS}
    for system in SYSTEMS:
        plan = hatang("system", "plan", system, "--output", "json").json()
        assert set(plan["changes"]) == {"same"}
