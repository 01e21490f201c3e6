"""The sandbox's Keystone takes the word of an identity provider from a verified token alone, and on one path alone."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from hatang.sandbox.cloud import providers

from .federation import Federation
from .identity_provider import Realm, b64, part, sign

PERSON = {"sub": "sub-an", "preferred_username": "an", "groups": ["h99-05-quan-tri"]}
CLAIMED = {
    "OIDC_CLAIM_iss": "",
    "OIDC_CLAIM_sub": "sub-an",
    "OIDC_CLAIM_preferred_username": "an",
    "OIDC_CLAIM_groups": "h99-05-quan-tri",
}


def status(federation: Federation, token: str, name: str = "tinh", path: str = "", **headers: str) -> int:
    """What Keystone answers to a bearer token; 201: a token of its own."""
    root = federation.persons.url.removesuffix("/v3")
    where = path or f"/v3/OS-FEDERATION/identity_providers/{name}/protocols/openid/auth"
    sent = {"Authorization": f"Bearer {token}"} if token else {}
    return requests.post(root + where, headers=sent | headers, timeout=30, allow_redirects=False).status_code


@pytest.fixture
def realm(federation: Federation) -> Realm:
    return federation.provider.realms["tinh"]


def test_a_good_token_of_either_kind_of_key_is_taken(federation: Federation, realm: Realm) -> None:
    assert status(federation, realm.token(**PERSON)) == 201
    curve = federation.way("duong-cong", "dinh-danh", curve=True)
    assert status(federation, curve.token(**PERSON | {"sub": "sub-curve"}), "duong-cong") == 201


def unsigned(realm: Realm) -> str:
    return f"{part({'alg': 'none', 'kid': 'tinh-1'})}.{part(realm.claims(**PERSON))}."


def shared_secret(realm: Realm) -> str:
    """HMAC with the public key as the secret: who takes the algorithm from the token takes this."""
    key = (
        realm.keys["tinh-1"]
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    signed = f"{part({'alg': 'HS256', 'kid': 'tinh-1'})}.{part(realm.claims(**PERSON))}"
    return f"{signed}.{b64(hmac.digest(key, signed.encode(), hashlib.sha256))}"


def altered(realm: Realm) -> str:
    head, claims, signature = realm.token(**PERSON).split(".")
    content = json.loads(base64.urlsafe_b64decode(claims + "=="))
    return f"{head}.{part(content | {'groups': ['nen-tang-ky-su']})}.{signature}"


def other_key(realm: Realm) -> str:
    return sign(rsa.generate_private_key(65537, 2048), {"kid": "tinh-1"}, realm.claims(**PERSON))


def own_key(realm: Realm) -> str:
    """A key that the token itself brings."""
    key = ec.generate_private_key(ec.SECP256R1())
    return sign(key, {"kid": "mine", "jku": "http://127.0.0.1:1/certs"}, realm.claims(**PERSON))


def without(claim: str) -> Callable[[Realm], str]:
    def made(realm: Realm) -> str:
        claims = {k: v for k, v in realm.claims(**PERSON).items() if k != claim}
        return sign(realm.keys["tinh-1"], {"kid": "tinh-1"}, claims)

    return made


FORGED: dict[str, Callable[[Realm], str]] = {
    "none": lambda realm: "", "garbage": lambda realm: "a.b.c", "unsigned": unsigned, "shared-secret": shared_secret,
    "altered": altered, "other-key": other_key, "own-key": own_key,
    "expired": lambda realm: realm.token(**PERSON, exp=int(time.time()) - 1),
    "for-others": lambda realm: realm.token(**PERSON, aud="another-service"),
    "of-another": lambda realm: realm.token(**PERSON, iss="https://khac.vi-du"),
    "parted": lambda realm: realm.token(**PERSON | {"preferred_username": "an;nen-tang-ky-su"}),
    **{f"without-{claim}": without(claim) for claim in ("exp", "iat", "aud", "iss", "sub")},
}  # fmt: skip


@pytest.mark.parametrize("kind", FORGED)
def test_what_is_forged_expired_or_for_others_is_refused(federation: Federation, realm: Realm, kind: str) -> None:
    assert status(federation, FORGED[kind](realm)) == 401
    assert status(federation, FORGED[kind](realm), **CLAIMED | {"OIDC_CLAIM_iss": realm.issuer}) == 401


def test_a_provider_that_is_not_believed_here_is_refused(federation: Federation) -> None:
    realm = federation.way("chua-tin", "dinh-danh")
    providers.forget(federation.sandbox, "chua-tin")
    assert status(federation, realm.token(**PERSON), "chua-tin") == 401
    assert status(federation, "", "chua-tin", **CLAIMED | {"OIDC_CLAIM_iss": realm.issuer}) == 401
    for name in ("khong-co", "..", "%2e%2e", "tinh.json"):
        assert status(federation, realm.token(**PERSON), name) in (401, 404)


def test_a_token_of_one_provider_opens_no_other(federation: Federation, realm: Realm) -> None:
    federation.way("ben-kia", "dinh-danh")
    assert status(federation, realm.token(**PERSON), "ben-kia") == 401


def test_headers_of_a_client_are_no_claims(federation: Federation, realm: Realm) -> None:
    """On no path: not beside a good token, not where Keystone would take them from the request for a login."""
    claimed = CLAIMED | {"OIDC_CLAIM_iss": realm.issuer}
    as_sent = claimed | {f"HTTP_{k}": v for k, v in claimed.items()}
    as_sent |= {k.replace("_", "-"): v for k, v in as_sent.items()}
    root = federation.persons.url
    for name in ("openid", "mapped"):
        identity: dict[str, Any] = {"methods": [name], name: {"identity_provider": "tinh", "protocol": "openid"}}
        done = requests.post(f"{root}/auth/tokens", json={"auth": {"identity": identity}}, headers=as_sent, timeout=30)
        assert done.status_code == 401
    way = "/v3/OS-FEDERATION/identity_providers/tinh/protocols/openid/auth"
    good = realm.token(**PERSON | {"groups": ["khong-co-nhom-nay"]})  # no rule takes it: only the headers say more
    others = (f"{way}/", f"/{way}", f"{way}%2f", way.replace("openid", "saml2"), way.replace("/auth", "/websso"))
    websso = f"/v3/auth/OS-FEDERATION/identity_providers/tinh/protocols/openid/websso?origin={root}"
    for path in (way, *others, websso):
        for token in (good, ""):
            assert status(federation, token, path=path, **as_sent) in (308, 401, 403, 404), path
