"""What the server does not take: too much, too deep, too often, guessed tokens; and what it never tells."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hatang.errors import CloudError
from hatang.registry.overview import Overview
from hatang.serve import access
from hatang.serve.keystone import BELIEVED_S, Believed
from hatang.serve.limits import MOST_BYTES, Rate, too_deep
from hatang.serve.personas import Token

from .place import Issuer, Place, Seeded, make, text

BODIES = [
    (b"a" * (MOST_BYTES + 1), 413),
    (b"[" * 5_000, 422),
    (b"- " * 30_000, 422),
    (b'{"kind":' * 500, 422),
    (b"", 422),
    (b"\xff\xfe\x00", 422),
    (b"kind: {}", 422),
    (b"kind: &a [*a]", 422),
    (b"kind: !!python/object:os.system {}", 422),
]


def test_bodies_that_are_no_requests(place: Place) -> None:
    before = len(place.registry.requests())
    for body, code in BODIES:
        place("admin", "POST", "/v1/requests", code, content=body, headers={"Content-Type": "application/yaml"})
    assert len(place.registry.requests()) == before


def test_other_media_types_are_refused(place: Place) -> None:
    place("admin", "POST", "/v1/requests", 415, content=b"x", headers={"Content-Type": "text/html"})


def test_faults_of_a_request_are_named_with_line_and_field(place: Place) -> None:
    told = place.submit("admin", text("moi").replace("zone: dmz", "zone: nowhere"), 422)
    assert "system.hosts.0.zone" in told["where"]
    assert "request:" in told["where"]


def test_too_many_requests_of_one_person_do_not_slow_another(seeded: Seeded, tmp_path: Path) -> None:
    place = make(seeded, tmp_path, per_s=1)
    place.client.app.state.office.rate._clock = lambda: 0.0  # type: ignore[attr-defined]
    codes = [place.client.get("/v1/me", headers={"X-Auth-Token": "token-of-admin"}).status_code for _ in range(8)]
    assert codes == [200] * 4 + [429] * 4
    place("other-admin", "GET", "/v1/me")


def test_guessing_tokens_is_slowed_down_before_keystone(place: Place) -> None:
    office = place.client.app.state.office  # type: ignore[attr-defined]
    office.strangers._clock = lambda: 0.0  # however slow the machine is
    codes = [place.client.get("/v1/me", headers={"X-Auth-Token": f"guess-{i}"}).status_code for i in range(50)]
    assert codes == [401] * 40 + [429] * 10
    assert place.issuer.asked == 40


def test_a_bucket_fills_again() -> None:
    now = [0.0]
    rate = Rate(2, 3, lambda: now[0])
    assert [rate.wait("a") for _ in range(4)] == [0, 0, 0, 1]
    assert rate.wait("b") == 0
    now[0] = 0.5
    assert [rate.wait("a") for _ in range(2)] == [0, 1]


def test_depth_is_counted() -> None:
    assert too_deep(b"[" * 33)
    assert not too_deep(b"[]" * 1_000 + b"{" * 32)


def test_a_token_is_believed_for_a_short_time_only() -> None:
    now, issuer = [0.0], Issuer()
    callers = Believed(issuer, lambda token: None, lambda: now[0])
    assert callers("token-of-admin") is not None
    assert callers.known("token-of-admin")[0]
    issuer.gone.add("admin")  # revoked
    now[0] = BELIEVED_S + 1
    assert callers.known("token-of-admin") == (False, None)
    assert callers("token-of-admin") is None
    assert callers("bad\ntoken") is None
    assert issuer.asked == 2, "what cannot be a token is not shown to Keystone"


def test_an_expired_token_is_not_believed() -> None:
    def ask(token: str) -> Token:
        return Token("u", "u", "d", "x", "x", "", frozenset({"manager"}), 100.0)

    assert Believed(ask, lambda token: None, lambda: 101.0)("t") is None
    callers = Believed(ask, lambda token: None, lambda: 99.0)
    assert callers("t") is not None
    callers._clock = lambda: 100.5
    assert callers.known("t") == (False, None), "not kept beyond its own end"


def test_without_keystone_or_registry_it_says_so_and_tells_nothing_else(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(token: str) -> Token:
        raise CloudError("connection refused by 10.1.2.3", where="http://10.1.2.3:5000", do="x")

    place.client.app.state.office.callers._ask = away  # type: ignore[attr-defined]
    told = place("admin", "GET", "/v1/me", 503)
    assert "10.1.2.3" not in json.dumps(told)


def test_an_error_that_nobody_expected_shows_no_trace(
    place: Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> Any:
        raise ZeroDivisionError("secret-path /root/x")

    monkeypatch.setattr(Overview, "request", broken)
    with caplog.at_level(logging.ERROR):
        told = place("admin", "GET", f"/v1/requests/{place.mine.id}", 500)
    assert "secret-path" not in json.dumps(told) and "Traceback" not in json.dumps(told)
    assert "ZeroDivisionError" in caplog.text, "but the log of the server has it"


def test_unknown_places_and_methods_are_problems_too(place: Place) -> None:
    place("admin", "GET", "/v1/nothing", 404)
    place("admin", "DELETE", "/v1/requests", 405)
    place("admin", "GET", "/v1/requests?limit=0", 422)
    place("admin", "GET", "/v1/controls?level=9", 422)


def test_the_access_log_has_the_person_and_no_token(tmp_path: Path, place: Place) -> None:
    file = tmp_path / "log" / "access.log"
    access.to_file(file)
    try:
        place("admin", "GET", "/v1/systems?x=1")
        place("", "GET", "/v1/systems", 401)
    finally:
        for handler in list(access.access.handlers):
            access.access.removeHandler(handler)
            handler.close()
    first, second = (json.loads(line) for line in file.read_text().splitlines())
    assert (first["person"], first["status"], first["path"]) == ("admin@h99-05", 200, "/v1/systems")
    assert (second["person"], second["status"]) == ("", 401)
    assert "token-of" not in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600


def test_pages_of_requests_lead_through_all(place: Place) -> None:
    client: TestClient = place.client
    seen, after = [], ""
    while True:
        query = f"?limit=1{f'&after={after}' if after else ''}"
        found = client.get(f"/v1/requests{query}", headers={"X-Auth-Token": "token-of-auditor"}).json()
        seen += [r["system"] for r in found["requests"]]
        if not (after := found["next"]):
            break
    assert sorted(seen) == ["bi-mat", "mot-cua", "van-thu"]
    assert len(place("admin", "GET", "/v1/requests?state=submitted")["requests"]) == 2
    assert place("admin", "GET", "/v1/requests?state=active")["requests"] == []
    assert place("admin", "GET", "/v1/requests?overdue=true")["requests"] == []
