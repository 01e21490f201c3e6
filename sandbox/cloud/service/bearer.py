"""Before Keystone: bearer tokens of identity providers, verified on the one path where Keystone takes their word.

On a real site Apache's mod_auth_openidc stands here. As there, the claims of a token that is good reach Keystone as
variables of the request (`OIDC_CLAIM_sub`), which no header of a client can become; Keystone's option
`assertion_prefix` lets it see nothing else. Whom to believe stands in files (`..providers`); without one for the
provider that the path names, the path is refused. They are read at each request, so nothing must be started anew.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from ..configfiles import ASSERTED as PREFIX
from ..providers import Provider, read

PATH = re.compile(r"/v3/OS-FEDERATION/identity_providers/([^/]+)/protocols/openid/auth")
ALGORITHMS = {"RSA": "RS256", "EC": "ES256"}  # by kind of key; never "none", never a shared secret
NEEDED = ["aud", "exp", "iat", "iss", "sub"]
CLAIM = re.compile(r"[A-Za-z0-9_.-]{1,64}")
SEVERAL = ";"  # Keystone takes what stands between for several values


class NotGood(Exception):
    """The token is not believed."""


def wrap(app: Callable, folder: Path) -> Callable:
    """WSGI middleware.

    Args:
        folder: with a file for each identity provider that is believed.
    """

    def with_claims(environ: dict, start_response: Callable) -> Iterable[bytes]:
        for name in [n for n in environ if n.startswith(PREFIX)]:
            del environ[name]
        found = PATH.fullmatch(environ.get("PATH_INFO", ""))
        if found is None:
            return app(environ, start_response)
        try:
            provider = read(folder, found[1])
            if provider is None:
                raise NotGood("no such identity provider is believed here")
            environ.update(variables(verified(environ.get("HTTP_AUTHORIZATION", ""), provider)))
        except NotGood as exc:
            return _refuse(start_response, str(exc))
        return app(environ, start_response)

    return with_claims


def verified(header: str, provider: Provider) -> dict[str, object]:
    """The claims of a bearer token. Raises NotGood."""
    kind, _, token = header.partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise NotGood("no bearer token came with the request")
    import jwt  # of Keystone's environment

    try:
        wanted = jwt.get_unverified_header(token.strip()).get("kid")
        keys = [jwt.PyJWK(k, ALGORITHMS[k["kty"]]) for k in provider.keys if k["kid"] == wanted]
        if not keys:
            raise NotGood("the token names no key of the identity provider")
        return jwt.decode(
            token.strip(), keys[0].key, algorithms=[ALGORITHMS[keys[0].key_type]], issuer=provider.issuer,
            audience=provider.audience, options={"require": NEEDED},
        )  # fmt: skip
    except jwt.PyJWTError as exc:  # an odd key too
        raise NotGood(f"the token is not good: {exc}") from None


def variables(claims: Mapping[str, object]) -> dict[str, str]:
    """Claims as Keystone's mappings name them. Raises NotGood: one has the sign that parts several values."""
    found = {}
    for name, value in claims.items():
        values = value if isinstance(value, list) else [value]
        if not CLAIM.fullmatch(name) or not all(isinstance(v, str | int) for v in values):
            continue  # nothing that a rule of a mapping could use
        texts = [str(v) for v in values]
        if any(SEVERAL in t for t in texts):
            raise NotGood(f"the claim {name} has a {SEVERAL} in it")
        found[PREFIX + name] = SEVERAL.join(texts).encode().decode("latin-1")  # as WSGI has text
    return found


def _refuse(start_response: Callable, why: str) -> Iterable[bytes]:
    body = json.dumps({"error": {"code": 401, "title": "Unauthorized", "message": why}}).encode()
    start_response("401 Unauthorized", [
        ("Content-Type", "application/json"), ("Content-Length", str(len(body))),
        ("WWW-Authenticate", 'Bearer error="invalid_token"'),
    ])  # fmt: skip
    return [body]
