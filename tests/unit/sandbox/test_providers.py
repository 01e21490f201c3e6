"""Whom the sandbox's Keystone believes, and what reaches it. Signatures: tests/integration/serve/test_bearer.py."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from hatang.sandbox.cloud import Settings, providers
from hatang.sandbox.cloud.service import bearer

KEY = {"kid": "k", "kty": "RSA", "n": "x", "e": "AQAB"}
WAY = "/v3/OS-FEDERATION/identity_providers/tinh/protocols/openid/auth"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(tmp_path / "cloud", tmp_path / "venv")
    (made.etc / "keystone").mkdir(parents=True)
    return made


def test_who_is_believed_is_read_back_and_forgotten(settings: Settings) -> None:
    folder = providers.folder(settings)
    assert providers.read(folder, "tinh") is None
    providers.believe(settings, "tinh", "https://x.vi-du", "keystone", [KEY])
    assert providers.read(folder, "tinh") == providers.Provider("https://x.vi-du", "keystone", (KEY,))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [f.name for f in folder.iterdir()] == ["tinh.json"]
    providers.forget(settings, "tinh")
    providers.forget(settings, "tinh")
    assert providers.read(folder, "tinh") is None


@pytest.mark.parametrize("name", ["", "..", "../keystone", ".tinh", "a/b", "x" * 65])
def test_a_name_leads_nowhere_else(settings: Settings, name: str) -> None:
    with pytest.raises(ValueError, match="no name"):
        providers.believe(settings, name, "i", "a", [KEY])
    assert providers.read(providers.folder(settings), name) is None


@pytest.mark.parametrize(
    ("issuer", "audience", "keys"),
    [
        ("", "a", [KEY]), ("i", "", [KEY]), ("i", "a", []), ("i", "a", [{**KEY, "kty": "oct"}]),
        ("i", "a", [{**KEY, "kid": ""}]), ("i", "a", [{**KEY, "d": "private"}]),
    ],
)  # fmt: skip
def test_what_says_too_little_or_holds_a_secret_is_not_taken(
    settings: Settings, issuer: str, audience: str, keys: list[dict[str, str]]
) -> None:
    with pytest.raises(ValueError, match=r"needs|public"):
        providers.believe(settings, "tinh", issuer, audience, keys)
    assert not providers.folder(settings).exists()


def test_a_broken_file_believes_nobody(settings: Settings) -> None:
    folder = providers.folder(settings)
    folder.mkdir()
    for content in ("", "{}", "[]", '{"issuer": "i", "audience": "a", "keys": 3}', '{"issuer": "i", "audience": "a"}'):
        (folder / "tinh.json").write_text(content)
        assert providers.read(folder, "tinh") is None


def test_only_verified_claims_are_variables(settings: Settings) -> None:
    seen: list[dict[str, Any]] = []

    def keystone(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.append(dict(environ))
        return [b"of keystone"]

    app, answers = bearer.wrap(keystone, providers.folder(settings)), list[str]()

    def ask(path: str, **more: str) -> list[bytes]:
        told: list[bytes] = list(app({"PATH_INFO": path, **more}, lambda status, _headers: answers.append(status)))
        return told

    forged = {"OIDC_CLAIM_sub": "x", "HTTP_OIDC_SUB": "x"}
    for path in ("/v3/auth/tokens", WAY + "/", WAY.replace("openid", "saml2"), "/v3"):
        assert ask(path, **forged) == [b"of keystone"]
        assert "OIDC_CLAIM_sub" not in seen.pop() and answers == []
    ask(WAY, HTTP_AUTHORIZATION="Bearer a.b.c", **forged)
    assert seen == [] and answers == ["401 Unauthorized"], "nobody is believed"
    providers.believe(settings, "tinh", "https://x.vi-du", "keystone", [KEY])
    for header in ("", "Basic eDp5", "Bearer", "Bearer  "):
        assert b"no bearer token" in ask(WAY, HTTP_AUTHORIZATION=header, **forged)[0]
    assert seen == [] and set(answers) == {"401 Unauthorized"}


def test_claims_become_what_mappings_read() -> None:
    claims: dict[str, object] = {
        "sub": "u-1", "groups": ["a", "b"], "iat": 5, "name": "Nguyễn", "nested": {"x": 1}, "odd name": "x",
        "mixed": ["a", {"x": 1}], "empty": [],
    }  # fmt: skip
    found = bearer.variables(claims)
    assert found.pop("OIDC_CLAIM_name").encode("latin-1").decode() == "Nguyễn", "as WSGI has text"
    assert found == {"OIDC_CLAIM_sub": "u-1", "OIDC_CLAIM_groups": "a;b", "OIDC_CLAIM_iat": "5", "OIDC_CLAIM_empty": ""}
    partings: list[dict[str, object]] = [{"sub": "a;b"}, {"groups": ["a", "b;c"]}]
    for parted in partings:
        with pytest.raises(bearer.NotGood, match="has a ; in it"):
            bearer.variables(parted)
