"""DEV-01: what looks like a secret in text that everybody may read: descriptions, metadata, inputs of stacks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

WORD = r"(passw(or)?d|passphrase|secret|token|api[_-]?key|mat[ _-]?khau|mật khẩu)"
# What was found is named by its kind, never by itself: no report carries the secret on.
KINDS: dict[str, re.Pattern[str]] = {
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "a password": re.compile(rf"(?i)\b[\w-]*{WORD}\b\W{{0,3}}[=:]\s*['\"]?[^\s'\"]{{6,}}"),
    "a password in an address": re.compile(r"(?i)\b[a-z][a-z0-9+.-]*://[^\s/:@]+:[^\s/:@]{3,}@"),
    "a signed token": re.compile(r"\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*|\bgAAAA[\w=-]{60,}"),
    "an access key": re.compile(r"\bAKIA[0-9A-Z]{16}\b"),
}
NAMES = re.compile(rf"(?i){WORD}$")  # keys whose value is a secret, whatever it looks like


def texts(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """(place, text) of every text in nested data; the place is the path of keys."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from texts(inner, f"{place}.{key}" if place else str(key))
    elif isinstance(value, Sequence) and not isinstance(value, bytes):
        for inner in value:
            yield from texts(inner, place)


def found(value: Any) -> list[str]:
    """Where secrets stand in nested data, and of which kind; never the secret itself."""
    places = []
    for place, text in texts(value):
        kind = next((k for k, pattern in KINDS.items() if pattern.search(text)), "")
        if not kind and len(text) >= 6 and NAMES.search(place.rsplit(".", 1)[-1]):
            kind = "a password"
        if kind:
            places.append(f"{kind} in {place or 'the text'}")
    return places
