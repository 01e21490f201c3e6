"""Texts in Vietnamese and English. Source texts are English; `vi.po` beside this file holds the translations.

The language is chosen once, before any command is loaded, so that `_` may be used at import time.
"""

from __future__ import annotations

import gettext
import locale as system_locale
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

LANGUAGES = ("vi", "en")
_here = Path(__file__).parent
_current: gettext.NullTranslations = gettext.NullTranslations()
_language = "en"


def choose(asked: str = "") -> str:
    """Use the language `asked` (vi or en), else that of the locale, else English. Returns it."""
    global _current, _language
    code = asked or (system_locale.setlocale(system_locale.LC_MESSAGES, "") or "")[:2]
    _language = code if code in LANGUAGES else "en"
    mo = _here / f"{_language}.mo"
    if _language != "en" and mo.is_file():
        with mo.open("rb") as file:
            _current = gettext.GNUTranslations(file)
    else:
        _current = gettext.NullTranslations()
    return _language


def language() -> str:
    """The language in use: vi or en."""
    return _language


def day(value: date) -> str:
    """A day as the reader writes it: 31/03/2027 in Vietnamese, 2027-03-31 in English."""
    return value.strftime("%d/%m/%Y") if _language == "vi" else value.isoformat()


def _(text: str) -> str:
    """The text in the language in use."""
    return _current.gettext(text)
