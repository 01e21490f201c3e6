"""Makes text from hosts harmless to look at. Pure.

What a check says may hold whatever a broken or hostile host answered: terminal escapes, characters that XML forbids, or
direction marks that make a line read as something else. They are shown as escapes such as \\x1b; nothing is left out.
"""

from __future__ import annotations

import re
from dataclasses import fields, replace
from typing import Any

from hatang.audit.results import Result

# C0 without tab and newline, DEL and C1, soft hyphen, invisible and direction marks, line separators, lone
# surrogates, BOM, variation selectors that hide data, non-characters, tags.
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufdd0-\ufdef\ufe00-\ufe0f"
    "\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e0fff]"
)


def printable(text: str) -> str:
    """The text with every character that is unseen or unsafe written as its escape."""
    return UNSEEN.sub(lambda m: _escape(ord(m.group())), text)


def printable_result(result: Result) -> Result:
    """The result with all its texts printable."""
    return replace(result, **{f.name: _value(getattr(result, f.name)) for f in fields(result) if f.name != "state"})


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {k: _value(v) for k, v in value.items()}
    return tuple(_value(v) for v in value) if isinstance(value, list | tuple) else value


def _escape(code: int) -> str:
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
