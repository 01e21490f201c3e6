"""An OpenID Connect provider of a test, on this machine alone: discovery, keys, tokens for people and programs.

Each realm is an issuer of its own, as with the products that agencies have. Tokens are made here by hand, so that a
test can also make those that no honest provider would.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

AUDIENCE = "keystone"
GOOD_FOR_S = 300
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def b64(raw: bytes) -> str:
    """Base64 as in JSON Web Tokens."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def part(content: dict[str, Any]) -> str:
    """Header or claims of a token."""
    return b64(json.dumps(content, ensure_ascii=False).encode())


def sign(key: Key, header: dict[str, Any], claims: dict[str, Any]) -> str:
    """A token: RS256 or ES256, by the kind of key."""
    head = {"typ": "JWT", "alg": "RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256", **header}
    text = f"{part(head)}.{part(claims)}"
    if isinstance(key, rsa.RSAPrivateKey):
        raw = key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    else:
        pair = decode_dss_signature(key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        raw = b"".join(n.to_bytes(32, "big") for n in pair)
    return f"{text}.{b64(raw)}"


def public(kid: str, key: Key) -> dict[str, str]:
    """A JSON Web Key."""
    common = {"kid": kid, "use": "sig"}
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.public_key().public_numbers()
        pair = {n: b64(v.to_bytes((v.bit_length() + 7) // 8, "big")) for n, v in (("n", numbers.n), ("e", numbers.e))}
        return common | {"kty": "RSA", "alg": "RS256"} | pair
    point = key.public_key().public_numbers()
    pair = {n: b64(v.to_bytes(32, "big")) for n, v in (("x", point.x), ("y", point.y))}
    return common | {"kty": "EC", "crv": "P-256", "alg": "ES256"} | pair


@dataclass
class Realm:
    """One issuer: its keys, its people by login, its programs by client id."""

    issuer: str
    keys: dict[str, Key] = field(default_factory=dict)  # the first one signs
    people: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)  # password, claims
    clients: dict[str, tuple[str, dict[str, Any] | None]] = field(default_factory=dict)  # secret, claims of a program

    def claims(self, **more: Any) -> dict[str, Any]:
        """Claims of a token that is good now."""
        now = int(time.time())
        return {"iss": self.issuer, "aud": AUDIENCE, "iat": now, "exp": now + GOOD_FOR_S, **more}

    def token(self, **more: Any) -> str:
        """A token of this issuer."""
        kid, key = next(iter(self.keys.items()))
        return sign(key, {"kid": kid}, self.claims(**more))

    def granted(self, form: dict[str, str], client: str, secret: str) -> str | None:
        """The token that the endpoint answers with; None: refused."""
        known, program = self.clients.get(client, ("", None))
        if not known or known != secret:
            return None
        if form.get("grant_type") == "client_credentials":
            return self.token(**program) if program else None
        password, claims = self.people.get(form.get("username", ""), ("", {}))
        if form.get("grant_type") != "password" or not password or form.get("password") != password:
            return None
        return self.token(**claims)


class IdentityProvider:
    """Realms behind one address."""

    def __init__(self) -> None:
        self.realms: dict[str, Realm] = {}
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider._get(self)

            def do_POST(self) -> None:
                provider._post(self)

            def log_message(self, *words: Any) -> None:
                """Nothing is said: passwords stand in what comes."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def realm(self, name: str, *, curve: bool = False) -> Realm:
        """A new issuer, with a key of its own: RSA, or one of the curve P-256."""
        key: Key = ec.generate_private_key(ec.SECP256R1()) if curve else rsa.generate_private_key(65537, 2048)
        issuer = f"http://127.0.0.1:{self.port}/{name}"
        self.realms[name] = Realm(issuer, {f"{name}-1": key})
        return self.realms[name]

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.server_port

    def close(self) -> None:
        """Listen no longer."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def _get(self, asked: BaseHTTPRequestHandler) -> None:
        name, _, rest = asked.path.removeprefix("/").partition("/")
        realm = self.realms.get(name)
        if realm and rest == ".well-known/openid-configuration":
            return _answer(asked, 200, {
                "issuer": realm.issuer, "token_endpoint": f"{realm.issuer}/token", "jwks_uri": f"{realm.issuer}/certs",
                "grant_types_supported": ["password", "client_credentials"], "response_types_supported": ["token"],
                "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256", "ES256"],
            })  # fmt: skip
        if realm and rest == "certs":
            return _answer(asked, 200, {"keys": [public(kid, key) for kid, key in realm.keys.items()]})
        return _answer(asked, 404, {"error": "not_found"})

    def _post(self, asked: BaseHTTPRequestHandler) -> None:
        name, _, rest = asked.path.removeprefix("/").partition("/")
        realm = self.realms.get(name)
        body = asked.rfile.read(int(asked.headers.get("Content-Length", 0))).decode()
        form = {k: v[0] for k, v in parse_qs(body).items()}
        given = base64.b64decode(asked.headers.get("Authorization", "").removeprefix("Basic ")).decode()
        client, _, secret = given.partition(":")
        token = realm.granted(form, client, secret) if realm and rest == "token" else None
        if token is None:
            return _answer(asked, 401, {"error": "invalid_grant"})
        return _answer(asked, 200, {"access_token": token, "token_type": "Bearer", "expires_in": GOOD_FOR_S})


def _answer(asked: BaseHTTPRequestHandler, status: int, content: dict[str, Any]) -> None:
    body = json.dumps(content).encode()
    asked.send_response(status)
    asked.send_header("Content-Type", "application/json")
    asked.send_header("Content-Length", str(len(body)))
    asked.end_headers()
    asked.wfile.write(body)
