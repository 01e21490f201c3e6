"""Where the server listens, with which certificate; and where the client sends a token."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from fastapi import FastAPI

from hatang.desk.remote import RemoteDesk, checked, of_problem
from hatang.errors import (
    InputError,
    InputErrors,
    QuotaError,
    RefusedError,
    ServerError,
    SettingsError,
    UnknownNameError,
)
from hatang.serve import server
from hatang.settings import load
from tests.integration.serve.authority import Authority

from .place import Place


def test_without_tls_only_this_machine_is_served(tmp_path: Path) -> None:
    for host in ("127.0.0.1", "::1", "localhost"):
        assert server.config(FastAPI(), host, 8443, None, None).ssl is None
    for host in ("0.0.0.0", "192.0.2.1", "::", "hatang.example"):
        with pytest.raises(SettingsError, match="in clear"):
            server.config(FastAPI(), host, 8443, None, None)
    with pytest.raises(SettingsError, match="name both"):
        server.config(FastAPI(), "127.0.0.1", 8443, tmp_path / "a.pem", None)


def test_certificate_and_key_must_belong_together(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    (one, one_key), (_two, two_key) = authority.certificate("one"), authority.certificate("two")
    made = server.config(FastAPI(), "0.0.0.0", 8443, one, one_key).ssl
    assert made is not None
    assert made.minimum_version is ssl.TLSVersion.TLSv1_2
    assert not [c["name"] for c in made.get_ciphers() if "CBC" in c["name"] or c["name"].startswith("AES")]
    for certificate, key in ((one, two_key), (one, tmp_path / "none.key"), (one_key, one)):
        with pytest.raises(SettingsError, match="not usable"):
            server.config(FastAPI(), "0.0.0.0", 8443, certificate, key)


@pytest.mark.parametrize(
    "url",
    ["http://hatang.example", "ftp://127.0.0.1", "hatang.example", "https://", "https://a:b@hatang.example",
     "https://hatang.example/?x=1", "http://127.0.0.1.example"],
)  # fmt: skip
def test_a_token_is_not_sent_there(url: str) -> None:
    with pytest.raises(SettingsError):
        checked(url)


def test_a_token_is_sent_there() -> None:
    assert checked("https://hatang.example:8443/") == "https://hatang.example:8443"
    assert checked("http://127.0.0.1:8000") == "http://127.0.0.1:8000"
    assert checked("http://[::1]:8000") == "http://[::1]:8000"


def test_with_a_server_the_local_registry_is_not_opened(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="local registry"):
        _ = load(state_dir=tmp_path, url="https://hatang.example").registry


def test_problems_become_the_errors_of_the_command() -> None:
    def of(status: int, code: str = "", **more: object) -> Exception:
        return of_problem({"status": status, "type": f"urn:hatang:error:{code}", "detail": "x", **more}, "u", "f.yaml")

    for status, kind in ((401, RefusedError), (403, RefusedError), (404, UnknownNameError), (409, RefusedError),
                         (422, InputError), (413, InputError), (429, ServerError), (500, ServerError),
                         (503, ServerError)):  # fmt: skip
        assert type(of(status)) is kind
    assert type(of(422, "E203")) is QuotaError
    several = of(422, "E201", errors=[{"code": "E203", "what": "a", "where": "request:3 (system)", "do": "b"}])
    assert isinstance(several, InputErrors)
    assert (type(several.errors[0]), several.errors[0].where) == (QuotaError, "f.yaml:3 (system)")
    assert isinstance(of_problem({}, "u"), ServerError)


class Lane:
    """A session that leads to the application in this process."""

    def __init__(self, place: Place, who: str) -> None:
        self._place, self._who = place, who

    def request(self, url: str, method: str, **more: object) -> object:
        assert more.pop("redirect") is False, "a token is not sent on to elsewhere"
        kept = {k: more[k] for k in ("headers", "json") if k in more} | (
            {"content": more["data"]} if "data" in more else {}
        )
        kept["headers"] = {**more["headers"], "X-Auth-Token": f"token-of-{self._who}"}  # type: ignore[dict-item]
        return self._place.client.request(method, url.removeprefix("https://x"), **kept)  # type: ignore[arg-type]


def test_all_pages_are_fetched(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hatang.desk.remote.PAGE", 1)
    desk = RemoteDesk("https://x", None, Lane(place, "auditor"))  # type: ignore[arg-type]
    assert len(desk.requests(None, overdue=False)) == 3
    assert len(desk.requests("submitted", overdue=False)) == 3
    assert desk.requests(None, overdue=True) == []
    with pytest.raises(UnknownNameError):
        desk.request("../../v1/me")
    with pytest.raises(InputError, match="token"):
        desk.decide("x", "approve", role=None, by="somebody", note="", plan="", document="")
