"""Which language the user asked for; known before any command is loaded, because help texts are made at import."""

from __future__ import annotations

import os  # (settings.py would import pydantic, too slow for --help)


def asked_language(arguments: list[str]) -> str:
    """Value of `--lang`, else of HATANG_LANG, else empty (the locale decides)."""
    for i, word in enumerate(arguments):
        if word == "--lang" and i + 1 < len(arguments):
            return arguments[i + 1]
        if word.startswith("--lang="):
            return word.partition("=")[2]
    return os.environ.get("HATANG_LANG", "")  # noqa: TID251
