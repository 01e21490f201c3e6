"""Every text of commands and reports exists in Vietnamese, with the same places for values."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from babel.messages.pofile import read_po
from jinja2.ext import babel_extract

LOCALE = Path(__file__).resolve().parents[3] / "cli" / "hatang" / "locale"
COMMANDS = LOCALE.parent / "commands"
AUDIT = LOCALE.parent / "audit"


def _texts() -> set[str]:
    found = set()
    for file in [*COMMANDS.glob("*.py"), *AUDIT.rglob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_" and node.args:
                text = ast.literal_eval(node.args[0]) if isinstance(node.args[0], ast.Constant) else None
                if text:
                    found.add(text)
    for template in AUDIT.rglob("*.j2"):
        with template.open("rb") as source:
            found |= {str(text) for _line, _function, text, _comments in babel_extract(source, ["_"], [], {})}
    return found


def test_texts_of_templates_are_found() -> None:
    assert "What was read" in _texts()


def test_every_text_is_translated_with_its_places() -> None:
    with (LOCALE / "vi.po").open("rb") as file:
        messages = {str(m.id): str(m.string) for m in read_po(file) if m.id}
    texts = _texts()
    assert len(texts) > 100
    assert not (missing := sorted(t for t in texts if not messages.get(t))), f"add to vi.po: {missing}"
    places = re.compile(r"\{[^}]*\}")
    wrong = [t for t in texts if sorted(places.findall(t)) != sorted(places.findall(messages[t]))]
    assert not wrong
