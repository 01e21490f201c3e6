"""Every text of commands, runs, reports and the demo exists in Vietnamese, with the same places for values."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract

from hatang.commands import click_texts
from hatang.doctor import report
from hatang.doctor.looks import PARTS, State
from hatang.doctor.sandbox import NOT_BUNDLED
from hatang.errors import HatangError
from hatang.provision.site_steps import STEPS
from hatang.provision.toolchain import REINSTALL

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "cli" / "hatang"
LOCALE = PACKAGE / "locale"
APART = ("sandbox", "stacks", "policies", "roles")  # links to folders that have no texts of their own


def _texts() -> set[str]:
    found = set()
    own = [p for p in PACKAGE.iterdir() if p.is_dir() and p.name not in APART]
    for file in [ROOT / "scripts" / "demo.py", *(f for folder in own for f in folder.rglob("*.py"))]:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_" and node.args:
                text = ast.literal_eval(node.args[0]) if isinstance(node.args[0], ast.Constant) else None
                if text:
                    found.add(text)
    for template in (t for folder in own for t in folder.rglob("*.j2")):
        with template.open("rb") as source:
            found |= {str(text) for _line, _function, text, _comments in babel_extract(source, ["_"], [], {})}
    return found


def _messages() -> dict[str, str]:
    with (LOCALE / "vi.po").open("rb") as file:
        return {str(m.id): str(m.string) for m in read_po(file) if m.id}


def test_texts_of_templates_are_found() -> None:
    assert "What was read" in _texts()


def test_every_text_is_translated_with_its_places() -> None:
    messages, texts = _messages(), _texts()
    assert len(texts) > 100
    assert not (missing := sorted(t for t in texts if not messages.get(t))), f"add to vi.po: {missing}"
    places = re.compile(r"\{[^}]*\}")
    wrong = [t for t in texts if sorted(places.findall(t)) != sorted(places.findall(messages[t]))]
    assert not wrong


def test_what_doctor_and_the_landing_say_without_facts_of_this_machine_is_translated() -> None:
    parts = {t for p in PARTS for t in ((inspect.getdoc(p.function) or "").split("\n\n")[0], p.remedy)}
    commands = {t for t in parts if t.startswith(("apt-get ", "make setup", "hatang "))}  # what is typed
    # what it says without a clone
    bundled = {NOT_BUNDLED, REINSTALL, f"{REINSTALL}, or HATANG_ANSIBLE_STRATEGY=linear"}
    said = (parts - commands - {""}) | bundled | {s.value for s in State} | set(report.GROUPS) | set(STEPS)
    assert not sorted(said - set(_messages()))


def test_what_each_code_of_an_error_means_is_translated() -> None:
    def below(kind: type[HatangError]) -> set[str]:
        ours = [k for k in kind.__subclasses__() if k.__module__ == HatangError.__module__]
        return {kind.meaning()}.union(*(below(k) for k in ours))

    assert not sorted(below(HatangError) - set(_messages()))


ENGLISH = r"^(Usage|Options|Commands):|Show this|Error|Try|No such|Missing|Did you|Invalid|is not"


@pytest.mark.parametrize(
    ("words", "code"),
    [("system --help", 0), ("system stat", 2), ("host list --syst", 2), ("system status", 2), ("check --output x", 2)],
)
def test_click_speaks_vietnamese_too(words: str, code: int) -> None:
    argv = [sys.executable, "-m", "hatang", "--lang", "vi", *words.split()]  # help is made once in a process
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    said = done.stdout + done.stderr
    assert done.returncode == code
    assert said.startswith("Cách dùng: hatang ")
    assert not re.search(ENGLISH, said, re.MULTILINE)


def test_texts_of_click_that_are_translated_are_still_its_texts() -> None:
    written = "".join(Path(str(m.__file__)).read_text() for m in click_texts.MODULES)
    for text in ("Usage:", "Options", "Commands", "Show this message and exit.", "Error: {message}",
                 "No such option {name!r}.", "No such command {name!r}.", "Did you mean {possibility}?"):  # fmt: skip
        assert f'"{text}"' in written
        assert _messages()[text]
